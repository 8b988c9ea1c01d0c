package eyes_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"platter/engine"
	"platter/engine/enginetest"
	"platter/engine/eyes"
)

// answer is what a program makes of an image: the digest of the disk, or nothing.
type answer struct {
	sha  string // empty: it is refused, or not all can be read
	size int64
	why  string
}

func (a answer) String() string {
	if a.sha == "" {
		return "refused: " + a.why
	}
	return fmt.Sprintf("%d bytes, %.16s", a.size, a.sha)
}

// witnesses are the programs themselves. Each test run has its own.
type witnesses struct {
	t      testing.TB
	dir    string
	libyal *libyal
}

func newWitnesses(t testing.TB) *witnesses {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "7z")
	return &witnesses{t: t, dir: t.TempDir(), libyal: newLibyal(t)}
}

// patience is how long a program may take: some of them hang on damaged images.
const patience = 60 * time.Second

// ask asks one of the programs.
func (w *witnesses) ask(policy, format, path string) answer {
	switch policy {
	case eyes.QEMU:
		return w.qemu(format, path)
	case eyes.SevenZip:
		return w.sevenZip(format, path)
	}
	return w.libyal.ask(format, path)
}

var qemuNames = map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}

func (w *witnesses) qemu(format, path string) answer {
	out := filepath.Join(w.dir, "out.raw")
	defer os.Remove(out)
	ctx, end := context.WithTimeout(w.t.Context(), patience)
	defer end()
	text, err := exec.CommandContext(ctx, "qemu-img", "convert", "-f", qemuNames[format], "-O", "raw", path, out).CombinedOutput()
	if err != nil {
		return answer{why: strings.TrimSpace(string(text)) + " " + err.Error()}
	}
	f, err := os.Open(out)
	if err != nil {
		return answer{why: err.Error()}
	}
	defer f.Close()
	return sumOf(f)
}

func sumOf(r io.Reader) answer {
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		return answer{why: err.Error()}
	}
	return answer{sha: hex.EncodeToString(h.Sum(nil)), size: n}
}

func (w *witnesses) sevenZip(format, path string) answer {
	ctx, end := context.WithTimeout(w.t.Context(), patience)
	defer end()
	cmd := exec.CommandContext(ctx, "7z", "x", "-so", "-t"+format, path)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return answer{why: err.Error()}
	}
	if err := cmd.Start(); err != nil {
		return answer{why: err.Error()}
	}
	a := sumOf(out)
	err = cmd.Wait()
	text := complaints.String()
	for _, bad := range []string{"Data Error", "Unsupported Method", "Unavailable data", "Unexpected end of data", "Can not open", "Cannot open", "Can't open as archive", "Is not archive"} {
		if err != nil && strings.Contains(text, bad) {
			return answer{why: bad + ": " + strings.Join(strings.Fields(text), " ")}
		}
	}
	return a
}

// libyal asks libvhdi and libvmdk through their Python bindings, one process for all images.
type libyal struct {
	in  io.Writer
	out *bufio.Scanner
}

const libyalScript = `
import hashlib, os, sys
import pyvhdi, pyvmdk
sys.dont_write_bytecode = True
kept = []
def beside(path, name):
    name = name.split("\\")[-1]
    return os.path.join(os.path.dirname(path), name)
def vhd(path, depth=0):
    f = pyvhdi.file()
    f.open(path)
    kept.append(f)
    name = f.get_parent_filename()
    if f.get_disk_type() == 4 if hasattr(f, "get_disk_type") else name:
        if depth > 60: raise IOError("too deep")
        f.set_parent(vhd(beside(path, name), depth + 1))
    return f
def vmdk(path, depth=0):
    h = pyvmdk.handle()
    h.open(path)
    kept.append(h)
    h.open_extent_data_files()
    name = h.get_parent_filename()
    if name and h.get_parent_content_identifier() not in (None, 0xffffffff):
        if depth > 60: raise IOError("too deep")
        h.set_parent(vmdk(beside(path, name), depth + 1))
    return h
def answer(kind, path):
    try:
        f = vmdk(path) if kind == "vmdk" else vhd(path)
        size = f.get_media_size()
        s, at, step = hashlib.sha256(), 0, 1 << 16
        while at < size:
            f.seek_offset(at, 0)
            b = f.read_buffer(min(step, size - at))
            if not b: raise IOError("nothing read at %d" % at)
            s.update(b)
            at += len(b)
        return "ok\t%d\t%s" % (size, s.hexdigest())
    except Exception as e:
        return "no\t" + " ".join(str(e).split())
for line in sys.stdin:
    kind, path = line.rstrip("\n").split("\t")
    kept.clear()
    a = answer(kind, path)
    if "exception set" in a: # of the image before, which the bindings left
        a = answer(kind, path)
    print(a, flush=True)
`

func newLibyal(t testing.TB) *libyal {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import pyvhdi, pyvmdk").Run() != nil {
			continue
		}
		cmd := exec.Command(python, "-c", libyalScript)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		return &libyal{in, lines}
	}
	if os.Getenv("PLATTER_REQUIRE_TOOLS") == "1" {
		t.Fatal("python3-libvhdi and python3-libvmdk are not installed, and PLATTER_REQUIRE_TOOLS=1 demands them")
	}
	t.Skip("python3-libvhdi and python3-libvmdk are not installed")
	return nil
}

func (l *libyal) ask(format, path string) answer {
	fmt.Fprintf(l.in, "%s\t%s\n", format, path)
	if !l.out.Scan() {
		return answer{why: "the library's process died"}
	}
	col := strings.Split(l.out.Text(), "\t")
	if col[0] != "ok" {
		return answer{why: col[1]}
	}
	n, _ := strconv.ParseInt(col[1], 10, 64)
	return answer{sha: col[2], size: n}
}

// largest is the largest disk that is compared byte by byte.
const largest = 1 << 30

// tested are the policies that are held against the programs.
var tested = []string{eyes.QEMU, eyes.SevenZip, eyes.Libyal}

// ours is what the policies say of an image, by their names.
func ours(t testing.TB, path, format string) map[string]answer {
	t.Helper()
	all := map[string]answer{}
	e, err := engine.Eyes(t.Context(), path, engine.Options{Format: format})
	if err != nil {
		for _, p := range tested {
			all[p] = answer{why: err.Error()}
		}
		return all
	}
	defer e.Close()
	if e.Size() > largest {
		return nil
	}
	d := eyes.NewDigests(e)
	for _, err := range e.Compare(t.Context(), d, nil) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	for i, r := range e.Readers {
		a := answer{sha: d.Of(i).SHA256, size: r.Size}
		switch {
		case r.Unknown != "":
			a = answer{why: "UNKNOWN " + r.Unknown}
		case r.Refused != nil:
			a = answer{why: r.Refused.Error()}
		case d.Of(i).Lost > 0:
			a = answer{why: fmt.Sprintf("%d bytes can't be read", d.Of(i).Lost)}
		}
		all[r.Policy.Name] = a
	}
	return all
}

// tally counts what was compared.
type tally struct{ images, answers, equal, read, large int }

// hold compares what the policies say of an image with what the programs do.
func (w *witnesses) hold(t testing.TB, n *tally, path, format, what string) {
	t.Helper()
	mine := ours(t, path, format)
	if mine == nil {
		n.large++
		return
	}
	n.images++
	for _, policy := range tested {
		theirs := w.ask(policy, format, path)
		n.answers++
		if m := mine[policy]; m.sha == theirs.sha && m.size == theirs.size || m.sha == "" && theirs.sha == "" {
			n.equal++
			if m.sha != "" {
				n.read++
			}
		} else {
			t.Errorf("%s (%s): the program says %v, its policy %v", what, policy, theirs, m)
		}
	}
}
