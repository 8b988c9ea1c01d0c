package cli_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/tui/cli"
)

// streamHolds holds the disk of a stream against a model, as we and qemu-img read it, and
// 7z, which opens no streams that end with a grain.
func streamHolds(t *testing.T, path string, model []byte, ended bool) {
	t.Helper()
	if got := done(t, "read", path); !bytes.Equal(got, model) {
		t.Error("the disk is not what was written")
	}
	if code, out, _ := run(t, "check", path); code == 2 {
		t.Errorf("check: %s", out)
	}
	flat := filepath.Join(t.TempDir(), "flat")
	enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", path, flat)
	if !bytes.Equal(mustRead(t, flat), model) {
		t.Error("qemu-img reads another disk")
	}
	if !ended {
		return
	}
	var out bytes.Buffer
	enginetest.RunTo(t, &out, "7z", "x", "-tvmdk", "-so", path)
	if !bytes.Equal(out.Bytes(), model) {
		t.Errorf("7z reads another disk: %d bytes", out.Len())
	}
}

// firstStored is where the first grain of a stream lies on the disk.
func firstStored(t *testing.T, path string) int64 {
	t.Helper()
	doc := document[struct {
		Extents []struct {
			Start int64
			State string
		}
	}](t, "map", path)
	for _, e := range doc.Extents {
		if e.State == "data" {
			return e.Start
		}
	}
	t.Fatal("nothing is stored")
	return 0
}

func size64(n int64) string { return strconv.FormatInt(n, 10) }

// noise can't be compressed.
func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// TestWriteStream writes into a compressed grain where it lies: the file keeps its length
// and all that it names. What does not fit is refused, and nothing has changed.
func TestWriteStream(t *testing.T) {
	path := sampleFile(t, "stream")
	model := done(t, "read", path)
	at := firstStored(t, path)
	size := len(mustRead(t, path))
	for _, data := range []string{"x", strings.Repeat("the same again ", 300)} {
		typing(t, data)
		done(t, "write", path, "--offset", size64(at+700), "--renew=false")
		copy(model[at+700:], data)
		if got := len(mustRead(t, path)); got != size {
			t.Errorf("the file has %d bytes, %d before", got, size)
		}
		streamHolds(t, path, model, true)
	}
	before := mustRead(t, path)
	for _, off := range []string{size64(at), size64(int64(len(model)) - 64<<10)} {
		typing(t, string(noise(64<<10)))
		code, out, errs := run(t, "write", path, "--offset", off, "--json")
		var doc writeDocument
		if err := json.Unmarshal(out, &doc); err != nil || code != cli.ExitFailed || doc.Refused == nil || doc.Refused.Reason != "stream" {
			t.Errorf("exit code %d, %s%s", code, out, errs)
		}
	}
	if code, _, _ := run(t, "write", path, "--offset", "0", "--length", size64(17<<20), "--fill", "01"); code != cli.ExitFailed {
		t.Errorf("a write that does not go through the journal: exit code %d", code)
	}
	if !bytes.Equal(mustRead(t, path), before) {
		t.Error("a refused write has changed the file")
	}
}

// TestWriteStreamOfQEMU writes into a stream that ends with a grain: what does not fit,
// or was not stored, goes to the end.
func TestWriteStreamOfQEMU(t *testing.T) {
	dir := t.TempDir()
	flat, path := filepath.Join(dir, "flat"), filepath.Join(dir, "q.vmdk")
	model := make([]byte, 40<<20)
	copy(model[3<<20:], bytes.Repeat([]byte("content "), 100_000))
	if err := os.WriteFile(flat, model, 0o600); err != nil {
		t.Fatal(err)
	}
	enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", flat, path)
	put := func(off int64, data []byte) {
		t.Helper()
		typing(t, string(data))
		done(t, "write", path, "--offset", size64(off), "-q")
		copy(model[off:], data)
		streamHolds(t, path, model, false)
	}
	put(3<<20+100, []byte("y"))
	put(3<<20, noise(64<<10))
	put(30<<20+17, noise(100_000))
	put(40<<20-1, []byte{9})
	put(20<<20, bytes.Repeat([]byte("past the journal "), 17<<20/17))
}
