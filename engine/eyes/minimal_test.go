package eyes_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode/vhd"
	"platter/decode/vhdx"
	"platter/decode/vmdk"
	"platter/engine"
	"platter/engine/eyes"
)

// The kinds that are no plain image: a child, whose parent may be what is changed, a sample,
// and a chain that is created empty.
const (
	childOf = "child"
	aSample = "sample"
	parents = "parent"
)

func child(format, changed string) kind {
	return kind{format, map[string]string{childOf: "yes"}, changed}
}

var (
	smallVHD    = kind{"vhd", map[string]string{"type": "dynamic", "block-size": "4K", "creator": "win "}, ""}
	dirtyVHDX   = kind{"vhdx", map[string]string{aSample: "dirty"}, ""}
	largeVHDX   = kind{"vhdx", map[string]string{"block-size": "1M", "sector": "4096"}, ""}
	fixedVHDX   = kind{"vhdx", map[string]string{"type": "fixed", "block-size": "256M", "size": "4608M", parents: "no"}, ""}
	streamVMDK  = kind{"vmdk", map[string]string{"type": "streamOptimized"}, ""}
	flatVMDK    = kind{"vmdk", map[string]string{"type": "monolithicFlat"}, ""}
	changedBase = "base"
)

// more are the deviations that take more than one field.
var more = []minimal{
	{eyes.QEMU, "no-parent", child("vhd", ""), nil, false},
	{eyes.QEMU, "small-blocks", smallVHD, halfBlocks, false},
	{eyes.VirtualBox, "small-blocks", smallVHD, halfBlocks, false},
	{eyes.QEMU, "file-end-zeros", fixedVHD, put(vhd.FooterTable, vhd.FooterCurrentSize, -vhd.FooterSize, uint64(16<<20)), false},
	{eyes.SevenZip, "front-footer", dynamicVHD, put(vhd.FooterTable, vhd.FooterCurrentSize, 0, uint64(4<<20)), true},
	{eyes.SevenZip, "parent-end", child("vhd", changedBase), shorterVHD, false},
	{eyes.Libyal, "parent-end", child("vhd", changedBase), shorterVHD, false},
	{eyes.Libyal, "header-unchecked", dynamicVHD, spoilByte(vhd.FooterSize + vhd.HeaderSize - 1), false},
	{eyes.VirtualBox, "header-unchecked", dynamicVHD, spoilByte(vhd.FooterSize + vhd.HeaderSize - 1), false},
	{eyes.Dissect, "header-unchecked", dynamicVHD, spoilByte(vhd.FooterSize + vhd.HeaderSize - 1), false},
	{eyes.Dissect, "footer-unchecked", dynamicVHD, spoilByte(-1), false},
	{eyes.Dissect, "entry-zero", kind{"vhd", map[string]string{"type": "dynamic", "block-size": "64K"}, ""}, zeroEntry, false},

	{eyes.QEMU, "dirty-refused", dirtyVHDX, nil, true},
	{eyes.SevenZip, "no-log", dirtyVHDX, nil, false},
	{eyes.Libyal, "no-log", dirtyVHDX, nil, false},
	{eyes.Dissect, "no-log", dirtyVHDX, nil, false},
	{eyes.QEMU, "empty-log", plainVHDX, emptyLog, false},
	{eyes.QEMU, "sectors-512", largeVHDX, nil, true},
	{eyes.QEMU, "no-children", child("vhdx", ""), nil, true},
	{eyes.QEMU, "draft-states", plainVHDX, entryState(vhdx.UnmappedDraft), false},
	{eyes.Libyal, "draft-states", plainVHDX, entryState(vhdx.UnmappedDraft), false},
	{eyes.SevenZip, "strict-entries", plainVHDX, reservedBits, true},
	{eyes.SevenZip, "sector-bit", plainVHDX, moreSectors(512), true},
	{eyes.SevenZip, "parent-end", child("vhdx", changedBase), moreSectors(-1 << 20), false},
	{eyes.Libyal, "parent-end", child("vhdx", changedBase), moreSectors(-1 << 20), false},
	{eyes.Libyal, "fixed-table", fixedVHDX, nil, false},
	{eyes.Libyal, "bitmap-always", child("vhdx", ""), nil, false},
	{eyes.Libyal, "partial-data", plainVHDX, entryState(vhdx.PartiallyPresent), false},
	{eyes.Dissect, "table-unchecked", plainVHDX, spoilByte(int(vhdx.RegionOffset(0)) + 64<<10 - 1), false},
	{eyes.Dissect, "unknown-item", plainVHDX, unknownItem, true},

	{eyes.QEMU, "rw-only", flatVMDK, text("\nRW ", "\nRW 64 ZERO\nRW "), false},
	{eyes.QEMU, "header-capacity", plainVMDK, put(vmdk.HeaderTable, vmdk.HeaderCapacity, 0, uint64(8<<11)), false},
	{eyes.QEMU, "first-directory", plainVMDK, zeroDirectory, false},
	{eyes.QEMU, "file-end-zeros", plainVMDK, func(b []byte) []byte { return b[:len(b)-32<<10] }, false},
	{eyes.QEMU, "footer", streamVMDK, nil, false},
	{eyes.SevenZip, "footer", streamVMDK, nil, false},
	{eyes.Libyal, "footer", streamVMDK, nil, false},
	{eyes.QEMU, "six-types", flatVMDK, text("\"monolithicFlat\"", "\"custom\""), true},
	{eyes.QEMU, "words", flatVMDK, text("# Extent", "# parentCID=12345678 parentFileNameHint=\"none.vmdk\"\n# Extent"), true},
	{eyes.SevenZip, "no-children", child("vmdk", ""), nil, true},
	{eyes.SevenZip, "strict-grains", streamVMDK, otherGrain, false},
	{eyes.SevenZip, "low-grains", plainVMDK, put(vmdk.HeaderTable, vmdk.HeaderOverHead, 0, uint64(1<<12)), true},
	{eyes.Libyal, "offset-in-bytes", flatVMDK, otherOffset, false},
	{eyes.Libyal, "strict-headings", flatVMDK, text("# Extent description", "# extents"), true},
	{eyes.Libyal, "named-file", plainVMDK, text("\"disk.vmdk\"", "\"dusk.vmdk\""), true},
	{eyes.Libyal, "whole-grains", plainVMDK, func(b []byte) []byte { return b[:len(b)-512] }, false},
	{eyes.Libyal, "no-zero-extents", flatVMDK, text("\nRW ", "\nRW 64 ZERO\nRW "), true},
}

// unshown are deviations that no image of this size shows, and why.
var unshown = map[string]string{
	"qemu vhdx file-end-zeros": "QEMU looks at each block's place when it opens the image, and refuses one that ends too early",
}

// TestMinimalImages makes for each deviation the smallest image that shows it: the reader
// names it, or does not see what the format says, or refuses the image, which it does not do
// without the change. Each deviation that is shown at all has one.
func TestMinimalImages(t *testing.T) {
	built, have := map[string]string{}, map[string]bool{}
	defer func() {
		for _, dir := range built {
			os.RemoveAll(dir)
		}
	}()
	for i, m := range append(more, minimals...) {
		have[m.policy+" "+m.kind.format+" "+m.code] = true
		t.Run(m.policy+" "+m.kind.format+" "+m.code, func(t *testing.T) {
			id := fmt.Sprint(m.kind.format, m.kind.values)
			if built[id] == "" {
				dir, err := os.MkdirTemp("", "minimal")
				if err != nil {
					t.Fatal(err)
				}
				built[id] = dir
				m.kind.make(t, dir, i)
			}
			if m.change != nil && m.seenIn(t, built[id], false) {
				t.Error("it shows without the change, too")
			}
			if !m.seenIn(t, changedIn(t, built[id], m), true) {
				t.Error("it does not show")
			}
		})
	}
	for _, p := range eyes.Policies() {
		for _, d := range p.Deviations("") {
			if id := p.Name + " " + d.Format + " " + d.Code; d.Modelled && have[id] == (unshown[id] != "") {
				t.Errorf("%s, %s: %s has no image that shows it, or is said to have none", p.Name, d.Format, d.Code)
			}
		}
	}
}

// make makes an image of the kind in a folder, as "disk" with the format's ending.
func (k kind) make(t *testing.T, dir string, number int) {
	t.Helper()
	path := filepath.Join(dir, "disk."+k.format)
	create := func(path, parent string, values map[string]string) {
		if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Parent: parent, Values: values}); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case k.values[aSample] != "":
		s, err := engine.Open(t.Context(), engine.SamplePrefix+k.values[aSample], engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f := s.Files()[0]
		b := make([]byte, f.Size)
		if n, err := f.Data.ReadAt(b, 0); n < len(b) {
			t.Fatal(err)
		}
		writeAll(t, path, b)
	case k.values[childOf] != "":
		base := kind{k.format, map[string]string{}, ""}
		from := base.build(t, dir, number)
		to := filepath.Join(dir, "base."+k.format)
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		create(path, to, nil)
	case k.values[parents] != "":
		values := map[string]string{}
		for n, v := range k.values {
			if n != parents {
				values[n] = v
			}
		}
		create(path, "", values)
	default:
		from := filepath.Dir(k.build(t, dir, number))
		list, _ := filepath.Glob(filepath.Join(from, "*"))
		for _, f := range list {
			if err := os.Rename(f, filepath.Join(dir, filepath.Base(f))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func writeAll(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// changedIn is a copy of a folder with the change made; the folder where there is none.
func changedIn(t *testing.T, from string, m minimal) string {
	t.Helper()
	if m.change == nil {
		return from
	}
	dir := t.TempDir()
	list, _ := filepath.Glob(filepath.Join(from, "*."+m.kind.format))
	for _, f := range list {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f)
		if changed := m.kind.file; name == "disk."+m.kind.format && changed == "" || changed != "" && name == changed+"."+m.kind.format {
			was := bytes.Clone(b)
			if b = m.change(b); bytes.Equal(b, was) {
				t.Fatal("the change changes nothing")
			}
		}
		writeAll(t, filepath.Join(dir, name), b)
	}
	return dir
}

// seenIn reports whether the image of a folder shows the deviation; named tells whether it is
// enough that the reader names it.
func (m minimal) seenIn(t *testing.T, dir string, named bool) bool {
	t.Helper()
	e, err := engine.Eyes(t.Context(), filepath.Join(dir, "disk."+m.kind.format), engine.Options{Format: m.kind.format})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	at := 0
	for i, r := range e.Readers {
		if r.Policy.Name == m.policy {
			at = i
		}
	}
	r := e.Readers[at]
	if d, ok := r.Policy.Deviation(m.kind.format, m.code); !ok || !d.Modelled || d.Source == "" {
		t.Errorf("%s is not declared as modelled with its source", m.code)
	}
	if m.refused || r.Refused != nil {
		t.Logf("%v %s", r.Refused, r.Unknown)
		return m.refused && (r.Refused != nil || r.Unknown != "")
	}
	if named && decided(t, r, m.code) {
		return true
	}
	for d, err := range e.Compare(t.Context(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Class[0] != d.Class[at] {
			return true
		}
	}
	return false
}

// text replaces a text, once, where the whole file keeps its length if it has other things
// after it.
func text(old, with string) func([]byte) []byte {
	return func(b []byte) []byte {
		if bytes.Contains(b[:min(len(b), 4)], []byte("KDMV")) {
			return bytes.Replace(b, []byte(old), []byte(with), 1)
		}
		return []byte(strings.Replace(string(b), old, with, 1))
	}
}

// halfBlocks halves the disk and its blocks: what each stored stays.
func halfBlocks(b []byte) []byte {
	h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
	vhd.HeaderBlockSize.Put(h, vhd.HeaderBlockSize.Get(h)/2)
	vhd.HeaderTable.Seal(b[vhd.FooterSize:][:vhd.HeaderSize])
	return shorter(b, (6<<20+64<<10)/2)
}

// otherOffset has a flat extent begin a sector later.
func otherOffset(b []byte) []byte {
	b = bytes.Replace(b, []byte("flat.vmdk\" 0"), []byte("flat.vmdk\" 1"), 1)
	return bytes.Replace(b, []byte("RW 12416 "), []byte("RW 12415 "), 1)
}

// shorterVHD makes the disk of a whole image 32 KiB shorter.
func shorterVHD(b []byte) []byte { return shorter(b, 32<<10) }

func shorter(b []byte, n uint64) []byte {
	for _, at := range []int{0, len(b) - vhd.FooterSize} {
		rec, _ := vhd.FooterTable.Of(b[at:])
		vhd.FooterCurrentSize.Put(rec, vhd.FooterCurrentSize.Get(rec)-n)
		vhd.FooterOriginalSize.Put(rec, vhd.FooterCurrentSize.Get(rec))
		vhd.FooterTable.Seal(b[at:][:vhd.FooterSize])
	}
	return b
}

// zeroEntry makes the first empty entry of the BAT 0.
func zeroEntry(b []byte) []byte {
	h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
	table := b[vhd.HeaderTableOffset.Get(h):]
	for vhd.EntryAt(table) != vhd.Unallocated {
		table = table[vhd.EntrySize:]
	}
	vhd.PutEntry(table, 0)
	return b
}

// emptyLog gives a log without entries an identity.
func emptyLog(b []byte) []byte {
	for i := range 2 {
		h := b[vhdx.HeaderOffset(i):]
		rec, _ := vhdx.HeaderTable.Of(h)
		vhdx.HeaderLogGUID.Put(rec, [16]byte{1, 2, 3})
		vhdx.HeaderTable.Seal(h[:vhdx.HeaderTable.Size()])
	}
	return b
}

// firstEntry is the first entry of the BAT that stores a block, or the first at all.
func firstEntry(b []byte) []byte {
	at := bytes.Index(b[vhdx.RegionOffset(0):], []byte{0x66, 0x77, 0xc2, 0x2d})
	table := b[vhdx.FileOffset(vhdx.EntryAt(b[int(vhdx.RegionOffset(0))+at+16:])):]
	for e := table; len(e) > len(table)-4096; e = e[vhdx.EntrySize:] {
		if vhdx.State(vhdx.EntryAt(e)) == vhdx.FullyPresent {
			return e
		}
	}
	return table
}

func entryState(state uint64) func([]byte) []byte {
	return func(b []byte) []byte {
		e := firstEntry(b)
		vhdx.PutEntry(e, vhdx.EntryAt(e)&^7|state)
		return b
	}
}

func reservedBits(b []byte) []byte {
	e := firstEntry(b)
	vhdx.PutEntry(e, vhdx.EntryAt(e)|1<<5)
	return b
}

// moreSectors makes the disk longer by so many bytes: the size is found by its value.
func moreSectors(n int64) func([]byte) []byte {
	return func(b []byte) []byte {
		size := vhdx.AppendEntry(nil, 6<<20+64<<10)
		return bytes.Replace(b, size, vhdx.AppendEntry(nil, uint64(6<<20+64<<10+n)), 1)
	}
}

// unknownItem adds an item to the metadata that no reader knows.
func unknownItem(b []byte) []byte {
	at := bytes.Index(b, []byte("metadata"))
	n := int(b[at+10])
	entry := b[at+32*n : at+32*n+32]
	next := b[at+32*n+32 : at+32*n+64]
	copy(next, entry)
	next[0] ^= 0xff
	next[24] &^= 4
	b[at+10]++
	return b
}

// zeroDirectory empties the first grain directory of the two.
func zeroDirectory(b []byte) []byte {
	h, _ := vmdk.HeaderTable.Of(b)
	at := vmdk.HeaderDirectoryOffset.Get(h)
	vmdk.PutEntry(b[at*vhd.Sector:], vmdk.EntrySize, 0)
	return b
}

// otherGrain gives the first compressed grain another address.
func otherGrain(b []byte) []byte {
	h, _ := vmdk.HeaderTable.Of(b)
	b[vmdk.HeaderOverHead.Get(h)*vhd.Sector] ^= 1
	return b
}
