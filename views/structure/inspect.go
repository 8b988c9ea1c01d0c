package structure

import (
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/views/grid"
	"platter/views/theme"
)

// reading is an integer at the hex cursor, read in one width.
type reading struct {
	bits     int
	unsigned uint64
	signed   int64
}

// readings are the integers that the bytes at the cursor may be.
func (v *View) readings() []reading {
	b := v.hex.Bytes(v.hex.Cursor(), 8)
	var order binary.ByteOrder = binary.LittleEndian
	if v.big {
		order = binary.BigEndian
	}
	var out []reading
	if len(b) >= 1 {
		out = append(out, reading{8, uint64(b[0]), int64(int8(b[0]))})
	}
	if len(b) >= 2 {
		u := order.Uint16(b)
		out = append(out, reading{16, uint64(u), int64(int16(u))})
	}
	if len(b) >= 4 {
		u := order.Uint32(b)
		out = append(out, reading{32, uint64(u), int64(int32(u))})
	}
	if len(b) >= 8 {
		u := order.Uint64(b)
		out = append(out, reading{64, u, int64(u)})
	}
	return out
}

func (v *View) endian() string {
	if v.big {
		return "big-endian"
	}
	return "little-endian"
}

func (v *View) drawInspector(a grid.Area) {
	if v.lay.boxed {
		v.drawInspectorBox(a.Box(v.theme, "Inspector  "+v.endian(), false))
		return
	}
	x := 1
	for _, r := range v.readings() {
		if r.bits == 64 && a.W() < 100 {
			break
		}
		x = a.Text(x, 0, fmt.Sprintf("u%d ", r.bits), theme.Label)
		x = a.Text(x, 0, fmt.Sprintf("%d", r.unsigned), theme.Value)
		if r.bits == 32 {
			x = a.Text(x, 0, fmt.Sprintf(" 0x%08x", r.unsigned), theme.Value)
		}
		x += 2
	}
	if v.big {
		x = a.Text(x, 0, "BE ", theme.Label)
	}
	if n, ok := v.current(); ok {
		name := v.crumbs(2)
		if n.Place.Length > 0 {
			name += fmt.Sprintf(", %d bytes", n.Place.Length)
		}
		a.TextFit(x, 0, a.W()-x, "| "+name, theme.Status)
		text, style := remark(n)
		a.TextFit(1, 1, a.W()-1, text, style)
	}
}

// remark is the one line to say about a node: what is wrong with it, else
// what it is.
func remark(n decode.Node) (string, theme.Style) {
	if n.Words != "" && (n.Mark >= decode.Note || n.Doc == "") {
		return decode.Printable(n.Words), markStyle(n.Mark)
	}
	return n.Doc, theme.Dim
}

func (v *View) drawInspectorBox(a grid.Area) {
	y := 0
	for _, r := range v.readings() {
		a.Text(0, y, fmt.Sprintf("u%d", r.bits), theme.Label)
		x := a.Text(4, y, fmt.Sprintf("%d", r.unsigned), theme.Value)
		if hex := fmt.Sprintf("0x%0*x", r.bits/4, r.unsigned); r.bits > 8 && x+2+len(hex) <= a.W() {
			a.Text(x+2, y, hex, theme.Dim)
		}
		if r.signed < 0 {
			y++
			a.Text(0, y, fmt.Sprintf("i%d", r.bits), theme.Label)
			a.Text(4, y, fmt.Sprintf("%d", r.signed), theme.Value)
		}
		y++
	}
	if b := v.hex.Bytes(v.hex.Cursor(), 1); len(b) == 1 {
		a.Text(0, y, "bin", theme.Label)
		a.Text(4, y, fmt.Sprintf("%04b %04b", b[0]>>4, b[0]&15), theme.Value)
	}
	if a.H()-y > 2 {
		a.TextFit(0, a.H()-1, a.W(), "E other byte order", theme.Dim)
	}
}
