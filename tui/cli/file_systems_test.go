package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/engine/enginetest"
)

// madeBy is a file system as its own tools make it, and what finds faults in it. The file at
// a path goes into it under a name.
type madeBy struct {
	name string
	make []string
	put  func(file, name, disk string) []string
	fsck []string
}

var fileSystems = []madeBy{
	{"ext4", []string{"mkfs.ext4", "-q", "-F", "-b", "1024"},
		func(file, name, disk string) []string {
			return []string{"debugfs", "-w", "-R", "write " + file + " " + name, disk}
		}, []string{"e2fsck", "-fn"}},
	{"ntfs", []string{"mkntfs", "-q", "-F", "-f"},
		func(file, name, disk string) []string { return []string{"ntfscp", "-q", "-f", disk, file, name} },
		[]string{"ntfsfix", "-n"}},
}

// TestFileSystemsSurvive takes real file systems through every format and back, and through
// a merge, a compaction and a growth of each: their own checkers find nothing, and each byte
// is the same.
func TestFileSystemsSurvive(t *testing.T) {
	for _, fs := range fileSystems {
		t.Run(fs.name, func(t *testing.T) {
			s := survivor{T: t, madeBy: fs, dir: t.TempDir()}
			s.lay()
			last := s.first
			for _, next := range []string{"a.vhd", "a.vhdx", "a.vmdk", "stream.vmdk", "f.vhd", "b.raw"} {
				next = filepath.Join(s.dir, next)
				args := []string{"convert", last, next, "--format", formatOf(last)}
				if filepath.Base(next) == "stream.vmdk" {
					args = append(args, "--type", "streamOptimized")
				}
				if filepath.Base(next) == "f.vhd" {
					args = append(args, "--type", "fixed")
				}
				s.run(args...)
				s.holds(next, s.first)
				last = next
			}
			for _, format := range []string{"vhd", "vhdx", "vmdk"} {
				s.inPlace(format)
			}
		})
	}
}

// survivor is a file system before and after its guest has written a file.
type survivor struct {
	*testing.T
	madeBy
	dir           string
	first, second string // raw disks
}

// survivorSize is how large the disks are, in bytes.
const survivorSize = 8 << 20

func (s *survivor) lay() {
	s.Helper()
	for _, tool := range []string{s.make[0], s.put("", "", "")[0], s.fsck[0]} {
		enginetest.Tool(s, tool)
	}
	s.first, s.second = filepath.Join(s.dir, "first.raw"), filepath.Join(s.dir, "second.raw")
	file := filepath.Join(s.dir, "file")
	if err := os.WriteFile(file, bytes.Repeat([]byte("what the guest has stored\n"), 40_000), 0o600); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(s.first, make([]byte, survivorSize), 0o600); err != nil {
		s.Fatal(err)
	}
	enginetest.Run(s, s.make[0], append(s.make[1:], s.first)...)
	put := s.put(file, "one", s.first)
	enginetest.Run(s, put[0], put[1:]...)
	disk, err := os.ReadFile(s.first)
	if err == nil {
		err = os.WriteFile(s.second, disk, 0o600)
	}
	if err != nil {
		s.Fatal(err)
	}
	put = s.put(file, "two", s.second)
	enginetest.Run(s, put[0], put[1:]...)
}

// inPlace has an image of the first state become one of the second by merging a child, and
// then be compacted, and grow.
func (s *survivor) inPlace(format string) {
	s.Helper()
	base, child := filepath.Join(s.dir, "base."+format), filepath.Join(s.dir, "child."+format)
	s.run("convert", s.first, base, "--format", "raw")
	s.run("convert", s.second, child, "--format", "raw", "--onto", base)
	s.holds(child, s.second)
	s.run("merge", child, "--delete")
	s.holds(base, s.second)
	s.run("compact", base)
	s.holds(base, s.second)
	s.run("resize", base, "+8M")
	s.holds(base, s.second)
}

// run executes a command line that must succeed.
func (s *survivor) run(args ...string) {
	s.Helper()
	if code, _, errs := run(s.T, append(args, "-q")...); code != 0 {
		s.Fatalf("platter %q: %d %s", args, code, errs)
	}
}

// holds demands that an image's disk begins with the bytes of another one, and that the
// file system's checker finds nothing in it; zeros may follow.
func (s *survivor) holds(image, raw string) {
	s.Helper()
	got := done(s.T, "read", image, "--format", formatOf(image))
	want, err := os.ReadFile(raw)
	if err != nil {
		s.Fatal(err)
	}
	if len(got) < len(want) || !bytes.Equal(got[:len(want)], want) || len(bytes.Trim(got[len(want):], "\x00")) > 0 {
		s.Fatalf("%s: the disk is not that of %s", image, raw)
	}
	back := filepath.Join(s.dir, "back.raw")
	if err := os.WriteFile(back, got[:len(want)], 0o600); err != nil {
		s.Fatal(err)
	}
	enginetest.Run(s, s.fsck[0], append(s.fsck[1:], back)...)
}

func formatOf(path string) string { return filepath.Ext(path)[1:] }
