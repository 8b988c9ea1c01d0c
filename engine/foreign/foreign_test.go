package foreign_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"unicode/utf16"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/foreign"
	"platter/engine/store"
)

// beside is an opener for the files of a folder in memory.
type beside struct{ *store.Mem }

func (b beside) List() ([]string, error) { return b.ReadDir(".") }

func (b beside) OpenFile(name string) (store.File, string, error) {
	f, err := b.Open(name)
	return f, name, err
}

func (beside) OpenParent(string, string) (disk.Image, error) { return nil, disk.ErrChain }

// look names the file of the given name among all files.
func look(t *testing.T, name string, files map[string][]byte) (foreign.Content, bool) {
	t.Helper()
	fs := store.NewMem()
	for n, b := range files {
		fs.PutFile(n, b)
	}
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return foreign.Look(t.Context(), disk.Source{Path: name, Name: name, File: f, Opener: beside{fs}})
}

func at(off int, mark string) []byte { return append(make([]byte, off), mark+"\x00\x00"...) }

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func archived(name string, b []byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	w.WriteHeader(&tar.Header{Name: "box.ovf", Size: 3, Mode: 0o644})
	w.Write([]byte("<x>"))
	w.WriteHeader(&tar.Header{Name: name, Size: int64(len(b)), Mode: 0o644})
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func wide(s string) []byte {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// unmarked is the header of a sparse VMDK without its magic.
func unmarked() []byte {
	h := vmdk.HeaderTable.Blank()
	vmdk.HeaderMagic.Put(h, "XXXX")
	vmdk.HeaderVersion.Put(h, 1)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines)
	vmdk.HeaderCapacity.Put(h, 1024)
	vmdk.HeaderGrainSize.Put(h, 128)
	vmdk.HeaderTableEntries.Put(h, vmdk.TableEntries)
	return h.Bytes()
}

// mbr is a boot sector with one partition at the given sector, under some disk.
func mbr(start byte, sectors int) []byte {
	b := make([]byte, sectors*512)
	copy(b[446:], "\x80\x00\x00\x00\x83\x00\x00\x00"+string(start)+"\x00\x00\x00\x10\x00\x00\x00")
	copy(b[510:], "\x55\xaa")
	return b
}

// TestLook names what people open by mistake, each by its content alone.
func TestLook(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want string // part of what is said; empty: nothing is
	}{
		{"a.vmdk", nil, "an empty file"},
		{"a.vmdk", zipped([]byte("KDMV and more")), "gzip data that holds a VMDK image: unpack it"},
		{"a.vmdk", zipped(archived("x.vmdk", []byte("KDMV"))), "gzip data that holds a tar archive"},
		{"a.vmdk", zipped([]byte("hello"))[:14], "gzip data: unpack"},
		{"a.ova", archived("disk 1.vmdk", []byte("KDMV")), `a tar archive (OVA) that holds "disk 1.vmdk" (a VMDK image, at byte 1536)`},
		{"a.tar", archived("disk1.vmdk\x1b[31m", []byte("KDMV")), `"disk1.vmdk\x1b[31m"`},
		{"a.ova", archived("notes.txt", []byte("nothing")), "a tar archive (OVA): take the disk image out"},
		{"a.ova", archived("x.vmdk", []byte("KDMV"))[:700], "a tar archive (OVA)"},
		{"a.vmdk", at(0, "QFI\xfb"), "qcow2"},
		{"a.vmdk", at(0x40, "\x7f\x10\xda\xbe"), "VDI"},
		{"a.vhd", at(0, "EVF\x09\x0d\x0a\xff\x00"), "EnCase"},
		{"a.vhd", at(0x8001, "CD001"), "ISO 9660"},
		{"a.vhd", append(at(0, "x"), append([]byte("koly"), make([]byte, 508)...)...), "DMG"},
		{"a.vmdk", []byte("\n<!DOCTYPE HTML><title>Sign in</title>"), "an HTML page"},
		{"a.vmdk", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "Git LFS"},
		{"a.vmdk", []byte(`<?xml version="1.0"?><Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">`), "an OVF descriptor"},
		{"a.vmdk", []byte(`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`), "error message"},
		{"a.vmdk", []byte("x Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"vmfs\"\nRW 100 VMFS \"b.vmdk\"\n"), "a VMDK descriptor whose first line is damaged: --format vmdk opens it"},
		{"a.vmdk", unmarked(), "a hosted sparse extent of a VMDK whose magic is damaged: --format vmdk"},
		{"a.vmdk", wide("# Disk DescriptorFile\r\nversion=1\r\n"), "the descriptor of a VMDK, saved as UTF-16"},
		{"a.bin", mbr(1, 64), "a partition table (MBR)"},
		{"a.bin", mbr(70, 64), ""}, // the partition lies past the end
		{"a.bin", at(512, "EFI PART"), "GPT"},
		{"a.bin", at(0x438, "\x53\xef"), "an ext file system"},
		{"a.bin", make([]byte, 4096), "nothing but zeros, 4096 bytes"},
		{"a.bin", append(make([]byte, 1<<20), 1), "zeros, at least in the first 34816 bytes"},
		{"a.bin", []byte("what is this?"), ""},
	} {
		got, ok := look(t, c.name, map[string][]byte{c.name: c.b})
		if ok != (c.want != "") || !strings.Contains(got.String(), c.want) {
			t.Errorf("%s, %.20q: %t %q, want %q", c.name, c.b, ok, got, c.want)
		}
		if strings.ContainsFunc(got.String(), func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q has control characters", got)
		}
	}
}

// TestNeighbours names files by their names and by what lies beside them.
func TestNeighbours(t *testing.T) {
	odd := []byte("\x01\x02\x03 some bytes")
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"d.vmdk.000000001", map[string][]byte{"d.vmdk.000000000": []byte("KDMV"), "d.vmdk.000000001": odd}, `a later piece of "d.vmdk.000000000"`},
		{"d.vmdk.000000002", map[string][]byte{"d.vmdk.000000000": []byte("KDMV"), "d.vmdk.000000002": odd}, ""}, // one between them is missing
		{"d.001", map[string][]byte{"d.001": odd}, ""},
		{"d-flat.vmdk", map[string][]byte{"d-flat.vmdk": mbr(1, 64), "d.vmdk": odd}, `an extent of a disk without a header, and has a partition table (MBR): open its descriptor "d.vmdk"`},
		{"d-f002.vmdk", map[string][]byte{"d-f002.vmdk": odd}, `by its name "d.vmdk", does not lie beside it`},
		{"d-ctk.vmdk", map[string][]byte{"d-ctk.vmdk": odd, "d.vmdk": odd}, "changed blocks"},
		{"d.vmdk", map[string][]byte{"d.vmdk": odd, "d-flat.vmdk": odd}, `"d-flat.vmdk" beside it needs one`},
		{"d.img", map[string][]byte{"d.img": odd, "d-flat.vmdk": odd}, ""},
	} {
		got, ok := look(t, c.name, c.files)
		want := strings.Replace(c.want, "an extent", "the extent", 1)
		if ok != (c.want != "") || !strings.Contains(got.String(), want) {
			t.Errorf("%s: %t %q, want %q", c.name, ok, got, want)
		}
	}
}

// TestPieces tells pieces from numbered backups, which are whole images.
func TestPieces(t *testing.T) {
	for _, c := range []struct {
		name   string
		second string
		first  string
		next   string
		ok     bool
	}{
		{"d.vmdk.00", "rest of it", "d.vmdk.00", "d.vmdk.01", true},
		{"d.vmdk.01", "rest of it", "d.vmdk.00", "", true},
		{"d.vmdk.00", "KDMV, a whole one", "d.vmdk.00", "", false},
	} {
		fs := store.NewMem()
		fs.PutFile("d.vmdk.00", []byte("KDMV"))
		fs.PutFile("d.vmdk.01", []byte(c.second))
		got, ok := foreign.PieceOf(disk.Source{Name: c.name, Opener: beside{fs}})
		if ok != c.ok || got.First != c.first || got.Next != c.next {
			t.Errorf("%s beside %q: %+v %t", c.name, c.second, got, ok)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add("a.vmdk", []byte("QFI\xfb"))
	f.Add("a.ova", archived("x.vmdk", []byte("KDMV")))
	f.Add("a.vmdk.001", zipped([]byte("KDMV")))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if name == "" || strings.ContainsAny(name, "/\\\x00") || name == "." || name == ".." {
			t.Skip()
		}
		got, _ := look(t, name, map[string][]byte{name: b})
		if strings.ContainsFunc(got.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q has control characters", got)
		}
	})
}
