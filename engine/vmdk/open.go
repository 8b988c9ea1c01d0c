package vmdk

import (
	"context"
	"fmt"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// sniffBytes is how much of a file is looked at to recognise a descriptor.
const sniffBytes = 64 << 10

// Probe tells by its content whether a file is a VMDK: a descriptor, or an
// extent of one of the sparse formats (vmdk.md 1.1). Nothing but its start is
// read.
func Probe(src disk.Source) (recognised string, ok bool) {
	b := make([]byte, sniffBytes)
	n, _ := src.File.ReadAt(b, 0) // a short or failed read leaves fewer bytes to judge
	if words, ok := recognise(b[:n]); ok {
		return words, true
	}
	if kind := kindOf(b[:n]); kind != vmdk.KindNone {
		return damagedMagic(kind), true
	}
	if f, err := newFile(src.Name, src.File); err == nil && f.lostHeader() != nil {
		return lostFirst, true
	}
	return damagedTitle, vmdk.IsDamagedDescriptor(b[:n])
}

// How a file is recognised that does not start as it should.
const (
	damagedTitle = "by the settings and extent lines of a VMDK descriptor, whose first lines are damaged"
	lostFirst    = "by the descriptor in its second sector, and the tables or the footer: the first sector is lost"
)

func damagedMagic(kind vmdk.Kind) string {
	return fmt.Sprintf("by what the header of a %s has, but for its magic, which is damaged", kind)
}

func recognise(b []byte) (string, bool) {
	switch kind := vmdk.Sniff(b); {
	case kind != vmdk.KindNone:
		return fmt.Sprintf("by the magic of a %s at its start", kind), true
	case vmdk.IsDescriptor(b):
		return "by the text of a VMDK descriptor at its start", true
	}
	return "", false
}

// kindOf is the kind of a sparse file, by its magic, or by all else that its header has.
func kindOf(b []byte) vmdk.Kind {
	if kind := vmdk.Sniff(b); kind != vmdk.KindNone || vmdk.IsDescriptor(b) {
		return kind
	}
	return vmdk.SniffDamaged(b)
}

// Open opens a VMDK by its descriptor, by a sparse extent with a descriptor
// inside, or by a sparse extent alone. It fails only if the file is none of
// these or can't be read: what is wrong with the image is in its Info.
func Open(ctx context.Context, src disk.Source) (disk.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &Image{src: src, byName: map[string]*file{}, byClaim: map[string]*file{}, absent: map[string]error{}}
	var err error
	if m.main, err = m.adopt(src.Name, src.File); err != nil {
		return nil, err
	}
	b, err := m.main.head(0, sniffBytes)
	if err != nil {
		return nil, err
	}
	kind := kindOf(b)
	recognised, ok := recognise(b)
	switch {
	case !ok && kind != vmdk.KindNone:
		recognised = damagedMagic(kind)
	case !ok && m.main.lostHeader() != nil:
		m.main.rebuilt = m.main.lostHeader()
		kind, recognised = vmdk.KindHosted, lostFirst
	case !ok && vmdk.IsDamagedDescriptor(b):
		recognised = damagedTitle
		m.untitled = true
	case !ok:
		if len(b) > vmdk.SectorSize && vmdk.IsDescriptor(b[vmdk.SectorSize:]) {
			return nil, disk.Errorf(disk.NotThisFormat, m.main.place(0, vmdk.SectorSize), "the first sector is lost, which has the place of the tables and the size of the grains, and no tables were found where they usually are; the descriptor is in the second one. The program that made the image writes the same first sector for a new disk of this type and size: try that in a copy of this file")
		}
		return nil, disk.Errorf(disk.NotThisFormat, m.main.place(0, int64(min(len(b), vmdk.SniffSize))), "no VMDK magic and no descriptor, nor a header or text whose start alone is damaged")
	}
	if kind != vmdk.KindNone {
		err = m.openExtent(kind)
	} else {
		err = m.openDescriptor()
	}
	if err != nil {
		return nil, err
	}
	if m.refused == nil {
		m.refused = m.hopeless()
	}
	if src.Redundant {
		m.turnTables()
	}
	m.openParent(ctx)
	m.opening = m.examineHeaders()
	m.describe(recognised)
	return m, nil
}

// openDescriptor opens an image by its descriptor file.
func (m *Image) openDescriptor() error {
	b, err := m.main.head(0, vmdk.MaxDescriptor+1)
	if err != nil {
		return err
	}
	m.text, m.textAt, m.separate = vmdk.ParseDescriptor(b), m.main.place(0, m.main.Size), true
	if err := m.count(); err != nil {
		return err
	}
	m.refused = m.arrange()
	return nil
}

// count adds the descriptor's lines to those of the layers above. It comes
// before the extents' files are opened.
func (m *Image) count() error {
	meter, ok := m.src.Opener.(disk.Meter)
	if !ok || m.text == nil {
		return nil
	}
	return meter.Take(len(m.text.Lines))
}

// openExtent opens a sparse extent: the whole disk if it has a descriptor
// inside, else just itself. The file name in an embedded descriptor is
// ignored: people rename files (vmdk.md 2.4).
func (m *Image) openExtent(kind vmdk.Kind) error {
	s, err := m.main.openSparse(kind)
	if err != nil {
		return err
	}
	m.text, m.textAt = s.text, s.textAt
	if err := m.count(); err != nil {
		return err
	}
	e := &extent{file: m.main, sparse: s, fault: s.unreadable()}
	n := min(s.capacity(), maxSectors)
	if m.text != nil {
		for _, l := range m.text.Extents() {
			if x := l.Extent; x.Sized && x.Sectors > 0 && x.Sectors <= maxSectors {
				e.line, n = l, x.Sectors
				break
			}
		}
	}
	e.length = int64(n) * vmdk.SectorSize
	m.extents, m.size = []*extent{e}, e.length
	return nil
}

// hopeless is the reason to refuse the disk as a whole: that no extent with
// data can be read. While one can, the others are holes.
func (m *Image) hopeless() *disk.Error {
	var first *disk.Error
	for _, e := range m.extents {
		switch {
		case e.fault == nil && !e.zero:
			return nil
		case e.fault != nil && first == nil:
			first = e.fault
		}
	}
	return first
}
