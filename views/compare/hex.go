package compare

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/widget/hexpane"
)

// hex is the lower pane: the bytes of both disks in rows.
type hex struct {
	lines  hexpane.Pane    // has the cursor, and the rows of the larger disk
	disks  [2]hexpane.Pane // have the bytes
	text   bool            // there is room for them as text
	digits int             // of offsets
}

// show puts other disks in, or the same with other bytes. The cursor stays.
func (x *hex) show(images [2]disk.Image) {
	size := int64(0)
	for i, img := range images {
		src := hexpane.Source{Size: img.Info().VirtualSize, Data: img}
		if err := img.Info().Refused; err != nil {
			src.Data = refused{err}
		}
		x.disks[i].Renew(src)
		size = max(size, src.Size)
	}
	x.lines.Renew(hexpane.Source{Size: size})
}

// refused is a disk that can't be read.
type refused struct{ err error }

func (r refused) ReadAt([]byte, int64) (int, error) { return 0, r.err }

// fit finds a form for w columns and h rows: as many bytes as there is room
// for, first with their text.
func (x *hex) fit(w, h int) {
	x.digits = max(4, len(fmt.Sprintf("%x", max(x.lines.Size()-1, 0))))
	for _, f := range []struct {
		per  int
		text bool
	}{{32, true}, {16, true}, {8, true}, {16, false}, {8, false}, {4, false}} {
		x.text = f.text
		if x.lines.Lay(f.per, max(h, 0)); x.digits+5+2*x.width() <= w {
			break
		}
	}
}

// width is that of a disk's part of a row.
func (x *hex) width() int {
	if x.text {
		return 4*x.lines.PerRow() + 1
	}
	return 3 * x.lines.PerRow()
}

// read asks for the bytes that show, unless they are loaded or asked for.
func (x *hex) read() tea.Cmd {
	shown := x.lines.Shown()
	for i := range x.disks {
		x.disks[i].Row(shown.Start, 1)
		x.disks[i].Row(shown.End-1, 1)
	}
	return tea.Batch(x.disks[0].Read(), x.disks[1].Read())
}

// piece is bytes of both disks from one offset on.
type piece [2]side

// side is what is loaded of one of them.
type side struct {
	b    []byte
	size int64 // up to the end of the disk; 0 or less past it
	lost bool  // what follows can't be read
}

// at is n bytes of both disks, as far as they are loaded.
func (x *hex) at(off int64, n int) (p piece) {
	for i := range x.disks {
		p[i].size = x.disks[i].Size() - off
		p[i].b, p[i].lost = x.disks[i].Row(off, n)
	}
	return p
}

// has is a byte of the side, if it is loaded.
func (s *side) has(i int) (byte, bool) {
	if i < 0 || i >= len(s.b) {
		return 0, false
	}
	return s.b[i], true
}

// differs reports whether a byte differs; one that only one disk has does. Of
// one that is not loaded nobody knows.
func (p *piece) differs(i int) bool {
	a, okA := p[0].has(i)
	b, okB := p[1].has(i)
	if okA && okB {
		return a != b
	}
	return okA && int64(i) >= p[1].size || okB && int64(i) >= p[0].size
}

// words tell about the byte under the cursor.
func (x *hex) words(images [2]disk.Image) string {
	at := x.lines.Cursor()
	text := fmt.Sprintf("virtual 0x%x, LBA %d", at, at/max(images[0].Info().LogicalSectorSize, 512))
	p := x.at(at, 1)
	for i, s := range p {
		switch b, ok := s.has(0); {
		case ok:
			text += fmt.Sprintf(" | %s: %02x", decode.BaseName(images[i].Info().Path), b)
		case s.lost:
			text += fmt.Sprintf(" | %s: can't be read", decode.BaseName(images[i].Info().Path))
		default:
			text += fmt.Sprintf(" | %s: nothing", decode.BaseName(images[i].Info().Path))
		}
	}
	if p.differs(0) {
		text += " | differs"
	}
	return text
}
