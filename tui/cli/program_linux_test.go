package cli_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"platter/decode/vhdx"
)

// terminalPair opens a terminal whose other side never answers a question.
func terminalPair(t *testing.T) (near, far *os.File) {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	t.Cleanup(func() { near.Close() })
	if err := unix.IoctlSetPointerInt(int(near.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(near.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(near.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	far, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

// TestNoVerbAsksTheTerminal runs every verb on a terminal that never answers.
// A question to it (an escape code) would make the program wait for seconds.
func TestNoVerbAsksTheTerminal(t *testing.T) {
	for _, args := range [][]string{
		{"info", "sample:vhd"}, {"tree", "sample:vhd"}, {"layout", "sample:vhd"}, {"map", "sample:vhd"}, {"hash", "sample:vhd"},
		{"info", "sample:vhd", "--json"}, {"read", "sample:vhd"}, {"keys"}, {"--help"}, {"completion", "bash"}, {"info", "absent.vhd"},
	} {
		near, far := terminalPair(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, built, args...)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, far
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(near) // ends with an error when the far side closes
			said <- b
		}()
		cmd.Wait() // absent.vhd fails; what counts is what was said
		stopped := ctx.Err()
		cancel()
		far.Close()
		out := <-said
		if stopped != nil {
			t.Errorf("platter %q never ended", args)
		}
		if bytes.ContainsRune(out, 0x1b) || len(out) == 0 {
			t.Errorf("platter %q asks the terminal, or says nothing: %.80q", args, out)
		}
	}
}

// giantMemory is how much of it the largest possible image may take: 64 MiB.
const giantMemory = 64 << 20

// TestMeasure is no test: as the program that TestGiant starts it runs platter
// and prints how much memory that took at its peak, in KiB. A process is
// charged with the peak of the one that started it, so that has to be small.
func TestMeasure(t *testing.T) {
	args := os.Getenv(measureEnv)
	if args == "" {
		t.Skip("only a part of TestGiant")
	}
	cmd := exec.Command(strings.Split(args, "\n")[0], strings.Split(args, "\n")[1:]...)
	var out head
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	state := cmd.ProcessState
	fmt.Printf("%s\nmeasured %d KiB %d us %d us %v\n", out, state.SysUsage().(*syscall.Rusage).Maxrss, time.Since(start).Microseconds(), state.UserTime().Microseconds(), err)
}

// head keeps the start of what is written to it: a map may have a million lines.
type head []byte

func (h *head) Write(b []byte) (int, error) {
	const most = 1 << 20
	*h = append(*h, b[:min(len(b), most-len(*h))]...)
	return len(b), nil
}

// cost is what a run of the program took.
type cost struct {
	out        string
	resident   int64 // the peak of its memory, in bytes
	took, user time.Duration
	failure    string // "<nil>" without one
}

// costOf runs the program, which may fail.
func costOf(t *testing.T, args ...string) cost {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMeasure$", "-test.v")
	cmd.Env = append(os.Environ(), measureEnv+"="+built+"\n"+strings.Join(args, "\n"))
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	at := bytes.LastIndex(b, []byte("\nmeasured "))
	var c cost
	var took, user int64
	if _, err := fmt.Sscanf(string(b[max(at, 0):]), "\nmeasured %d KiB %d us %d us %s", &c.resident, &took, &user, &c.failure); err != nil {
		t.Fatalf("platter %q: %v\n%s", args, err, b)
	}
	c.out, c.resident = string(b[:at]), c.resident<<10
	c.took, c.user = time.Duration(took)*time.Microsecond, time.Duration(user)*time.Microsecond
	return c
}

// measured runs the program, which must not fail, and returns what it printed, and its
// peak memory in bytes.
func measured(t *testing.T, args ...string) (out string, resident int64, took time.Duration) {
	t.Helper()
	c := costOf(t, args...)
	if c.failure != "<nil>" {
		t.Fatalf("platter %q: %s\n%s", args, c.failure, c.out)
	}
	return c.out, c.resident, c.took
}

// TestGiant opens a 64 TiB VHDX whose table of 67 million entries is full, and
// measures what that costs. Holes make such a file cheap where it lies in
// memory; other file systems stop at 16 TiB.
func TestGiant(t *testing.T) {
	path := giantVHDX(t)
	for _, args := range [][]string{{"info", path}, {"info", path, "--json"}, {"tree", path}, {"map", path}, {"layout", path}, {"read", path, "--offset", "63T", "--length", "64K"}} {
		out, resident, took := measured(t, args...)
		t.Logf("platter %s: %v, %d MiB resident", args[0], took.Round(time.Millisecond), resident>>20)
		if args[0] == "info" && !strings.Contains(strings.ReplaceAll(out, " ", ""), "70368744177664") {
			t.Errorf("the size is not in\n%s", out)
		}
		if resident > giantMemory {
			t.Errorf("platter %q takes %d MiB, at most %d are allowed", args, resident>>20, giantMemory>>20)
		}
	}
}

// giantVHDX makes the image: the structures of the sample with a table of its
// own after them and every block in its place.
func giantVHDX(t *testing.T) string {
	t.Helper()
	const disk, block = int64(64) << 40, int64(1) << 20
	const tableAt, firstBlock = int64(16) << 20, int64(1) << 30
	if free(t, "/dev/shm") < 2<<30 {
		t.Skip("not enough memory in /dev/shm")
	}
	dir, err := os.MkdirTemp("/dev/shm", "platter-giant-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "giant.vhdx")
	sample, err := exec.Command(built, "read", "sample:vhdx", "--file").Output()
	if err != nil {
		t.Fatal(err)
	}
	entries := disk / block
	entries += (entries - 1) / (1 << 23 * 512 / block)
	tableLen := (entries*8 + 1<<20 - 1) >> 20 << 20
	resize(t, sample, disk, tableAt, tableLen)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(sample[:3<<20]); err != nil {
		t.Fatal(err)
	}
	writeFullTable(t, f, tableAt, entries, firstBlock)
	if err := f.Truncate(firstBlock + disk); err != nil {
		t.Skip("the file system has no room for 64 TiB of holes: ", err)
	}
	return path
}

// writeFullTable places every block; each 4097th entry belongs to a sector
// bitmap that a dynamic image does not have.
func writeFullTable(t *testing.T, f *os.File, at, entries, firstBlock int64) {
	t.Helper()
	const ratio = 4096
	buf := make([]byte, 0, 8<<20)
	next := firstBlock
	for i := range entries {
		entry := uint64(0)
		if i%(ratio+1) != ratio {
			entry = uint64(next) | 6
			next += 1 << 20
		}
		buf = binary.LittleEndian.AppendUint64(buf, entry)
		if len(buf) == cap(buf) || i == entries-1 {
			if _, err := f.WriteAt(buf, at); err != nil {
				t.Skip("no room for the table: ", err)
			}
			at += int64(len(buf))
			buf = buf[:0]
		}
	}
}

func free(t *testing.T, dir string) int64 {
	t.Helper()
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize)
}

// resize makes the sample's structures those of a disk of that size, with its
// table elsewhere.
func resize(t *testing.T, sample []byte, disk, tableAt, tableLen int64) {
	t.Helper()
	const metadata, sizeItem = 2 << 20, vhdx.MetadataTableSize + 8 // after the file parameters
	size, ok := vhdx.DiskSizeTable.Of(sample[metadata+sizeItem:])
	if !ok || vhdx.DiskSizeBytes.Get(size) != 64<<20 {
		t.Fatal("the sample's disk size is not where it was")
	}
	vhdx.DiskSizeBytes.Put(size, uint64(disk))
	for i := range 2 {
		table := sample[vhdx.RegionOffset(i):][:vhdx.RegionTableSize]
		bat, ok := vhdx.RegionEntryTable.Of(table[vhdx.RegionHeadSize:])
		if !ok || vhdx.RegionGUID.Get(bat) != vhdx.RegionBAT {
			t.Fatal("the sample's BAT is not where it was")
		}
		vhdx.RegionFileOffset.Put(bat, uint64(tableAt))
		vhdx.RegionLength.Put(bat, uint32(tableLen))
		vhdx.RegionTable.Seal(table)
	}
}
