package vhd_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

func isKind(err, kind error) bool { return errors.Is(err, kind) }

// plan says what image to build.
type plan struct {
	kind    uint32
	size    int64
	block   int64
	stored  []int64 // block numbers in the order in which they lie in the file
	creator string
	id      byte   // of which the identity is made
	parent  byte   // identity of the parent
	name    string // the parent's
	partial bool   // only every third sector is written
}

// fixture is an image in memory, taken apart so that faults can be planted.
type fixture struct {
	t      *testing.T
	plan   plan
	bytes  []byte
	tail   int64 // where the footer at the end lies
	table  int64
	blocks map[int64]int64 // where each block lies
}

const tableAt = 1536

func identity(b byte) uuid.UUID {
	id := uuid.UUID{b, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, b}
	return id
}

func build(t *testing.T, p plan) *fixture {
	t.Helper()
	if p.creator == "" {
		p.creator = "win "
	}
	f := &fixture{t: t, plan: p, table: tableAt, blocks: map[int64]int64{}}
	if p.kind == layout.Fixed {
		for at := int64(0); at < p.size; at += layout.Sector {
			f.bytes = append(f.bytes, content(p.id, at)...)
		}
	} else {
		f.bytes = make([]byte, tableAt)
		f.buildTable()
	}
	f.tail = int64(len(f.bytes))
	f.bytes = append(f.bytes, make([]byte, layout.FooterSize)...)
	f.writeFooter()
	if p.kind != layout.Fixed {
		f.writeHeader()
		f.both()
	}
	return f
}

// content is the sector at a place of the virtual disk of image id.
func content(id byte, at int64) []byte {
	s := make([]byte, layout.Sector)
	for i := range s {
		s[i] = id ^ byte(at/layout.Sector*3+int64(i)/8) | 1
	}
	return s
}

func (p plan) entries() int64 { return (p.size + p.block - 1) / p.block }

func (p plan) writes(sector int64) bool { return !p.partial || sector%3 == 0 }

func (f *fixture) buildTable() {
	p := f.plan
	table := make([]byte, (4*p.entries()+511)/512*512)
	for i := range table {
		table[i] = 0xFF
	}
	f.bytes = append(f.bytes, table...)
	if p.kind == layout.Differencing {
		path := make([]byte, 512)
		copy(path, decode.EncodeUTF16(`.\`+p.name, decode.Little))
		f.bytes = append(f.bytes, path...)
	}
	for _, b := range p.stored {
		at := int64(len(f.bytes))
		f.blocks[b] = at
		binary.BigEndian.PutUint32(f.bytes[f.table+4*b:], uint32(at/512))
		bitmap := make([]byte, layout.BitmapBytes(p.block))
		data := make([]byte, p.block)
		for s := range p.block / 512 {
			if p.writes(s) {
				bitmap[s/8] |= 0x80 >> (s % 8)
				copy(data[s*512:], content(p.id, b*p.block+s*512))
			}
		}
		f.bytes = append(append(f.bytes, bitmap...), data...)
	}
}

func (f *fixture) footer() decode.Record[layout.Footer] {
	r, ok := layout.FooterTable.Of(f.bytes[f.tail : f.tail+layout.FooterSize])
	if !ok {
		f.t.Fatal("no footer")
	}
	return r
}

func (f *fixture) front() decode.Record[layout.Footer] {
	r, _ := layout.FooterTable.Of(f.bytes[:layout.FooterSize])
	return r
}

func (f *fixture) header() decode.Record[layout.Header] {
	r, _ := layout.HeaderTable.Of(f.bytes[512:tableAt])
	return r
}

func (f *fixture) writeFooter() {
	r := f.footer()
	copy(r.Bytes(), layout.FooterTable.Blank().Bytes())
	p := f.plan
	g := layout.GeometryFor(uint64(p.size))
	layout.FooterFeatures.Put(r, 2)
	layout.FooterDataOffset.Put(r, layout.None)
	if p.kind != layout.Fixed {
		layout.FooterDataOffset.Put(r, 512)
	}
	layout.FooterTimestamp.Put(r, 500_000_000)
	layout.FooterCreator.Put(r, p.creator)
	layout.FooterCreatorVersion.Put(r, 0x000A0000)
	layout.FooterCreatorOS.Put(r, "Wi2k")
	layout.FooterOriginalSize.Put(r, uint64(p.size))
	layout.FooterCurrentSize.Put(r, uint64(p.size))
	layout.FooterCylinders.Put(r, g.Cylinders)
	layout.FooterHeads.Put(r, g.Heads)
	layout.FooterSectors.Put(r, g.Sectors)
	layout.FooterType.Put(r, p.kind)
	layout.FooterID.Put(r, identity(p.id))
	layout.FooterTable.Seal(r.Bytes())
}

func (f *fixture) writeHeader() {
	p := f.plan
	h := f.header()
	copy(h.Bytes(), layout.HeaderTable.Blank().Bytes())
	layout.HeaderTableOffset.Put(h, uint64(f.table))
	layout.HeaderEntries.Put(h, uint32(p.entries()))
	layout.HeaderBlockSize.Put(h, uint32(p.block))
	if p.kind == layout.Differencing {
		layout.HeaderParentID.Put(h, identity(p.parent))
		layout.HeaderParentTime.Put(h, 500_000_000)
		layout.HeaderParentName.Put(h, p.name)
		l := f.locator(0)
		layout.LocatorCode.Put(l, layout.RelativeWindows)
		layout.LocatorSpace.Put(l, 512)
		layout.LocatorLength.Put(l, uint32(2*len(`.\`+p.name)))
		layout.LocatorOffset.Put(l, uint64(f.table+(4*p.entries()+511)/512*512))
	}
	layout.HeaderTable.Seal(h.Bytes())
}

func (f *fixture) locator(i int) decode.Record[layout.Locator] {
	l, ok := layout.HeaderLocators.At(f.header(), i)
	if !ok {
		f.t.Fatal("no locator")
	}
	return l
}

// both seals the footer and copies it to the front.
func (f *fixture) both() {
	layout.FooterTable.Seal(f.footer().Bytes())
	if f.plan.kind != layout.Fixed {
		copy(f.bytes, f.footer().Bytes())
	}
}

func (f *fixture) sealHeader() { layout.HeaderTable.Seal(f.header().Bytes()) }

func (f *fixture) setEntry(i int64, sector uint32) {
	binary.BigEndian.PutUint32(f.bytes[f.table+4*i:], sector)
}

// insert puts bytes in front of the footer.
func (f *fixture) insert(b []byte) {
	f.bytes = slices.Insert(f.bytes, int(f.tail), b...)
	f.tail += int64(len(b))
}

// want is what the virtual disk of a chain of fixtures holds, the child first.
func want(at int64, chain ...*fixture) []byte {
	for _, f := range chain {
		p := f.plan
		if at >= p.size {
			break
		}
		if p.kind == layout.Fixed {
			return content(p.id, at)
		}
		if _, ok := f.blocks[at/p.block]; ok && p.writes(at%p.block/512) {
			return content(p.id, at)
		}
	}
	return make([]byte, layout.Sector)
}

// files puts fixtures in a folder in memory.
func files(fixtures map[string]*fixture) *store.Mem {
	m := store.NewMem()
	for name, f := range fixtures {
		m.PutFile(name, f.bytes)
	}
	return m
}

func openBytes(t *testing.T, b []byte) disk.Image {
	t.Helper()
	m := store.NewMem()
	m.PutFile("disk.vhd", b)
	return open(t, enginetest.Memory(t, m, "disk.vhd", formats))
}

// check is the complete check of an image.
func check(t *testing.T, img disk.Image) []disk.Finding {
	t.Helper()
	var list []disk.Finding
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// future is a time stamp that has not come yet.
func future() uint32 { return uint32(time.Now().Add(1000*time.Hour).Unix() - layout.Epoch().Unix()) }

var _ disk.Locator = (*vhd.Image)(nil)
