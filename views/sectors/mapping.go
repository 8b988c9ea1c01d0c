package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// ground is what the disk's bytes lie on, as far as it is known: what the hex
// pane is told of them, and how more of it comes.
type ground struct {
	window
	img   disk.Image
	block int64
	unit  string // the format's word for its allocation unit
	theme *theme.Theme

	gen     views.Gen // of the window
	growing [2]bool   // at its start, at its end
	err     error

	typed hexgrid.Range // the sector where bytes are typed: it shows though it is not stored
}

// open takes an image in, and keeps what is known until it is read again.
func (g *ground) open(img disk.Image) {
	info := img.Info()
	g.img, g.block, g.size, g.unit = img, info.BlockSize, info.VirtualSize, "block"
	if !info.Readable() {
		g.size = 0
	}
	if info.Format == "vmdk" {
		g.unit = "grain"
	}
}

// restart forgets what is known and begins again around a byte.
func (g *ground) restart(off int64) {
	g.gen, g.err, g.growing = views.NewGen(), nil, [2]bool{}
	g.reset(g.blockStart(off))
}

func (g *ground) blockStart(off int64) int64 {
	if g.block > 0 {
		off -= off % g.block
	}
	return off
}

// mapped is a piece of the map.
type mapped struct {
	gen    views.Gen
	list   []stretch
	before bool
	err    error
}

// side is the end of the window that grows: its start, or its end.
func side(before bool) int {
	if before {
		return 0
	}
	return 1
}

// grow asks for more of the map past the window, or before it.
func (g *ground) grow(before bool) tea.Cmd {
	side, from := side(before), g.end()
	if before {
		from = g.start()
	}
	if g.growing[side] || before && from <= 0 || !before && from >= g.size || g.err != nil {
		return nil
	}
	g.growing[side] = true
	r, size, gen := mapReader{img: g.img, block: g.block}, g.size, g.gen
	return func() tea.Msg {
		if before {
			r.backward(from)
		} else {
			r.forward(from, size)
		}
		return mapped{gen, r.list, before, r.err}
	}
}

// mapped takes a piece in, near the byte at off.
func (g *ground) mapped(msg mapped, off int64) {
	if msg.gen != g.gen {
		return
	}
	g.growing[side(msg.before)] = false
	if msg.err != nil {
		g.err = msg.err
	}
	if g.add(msg.list, msg.before) {
		g.trim(off)
	}
}

// remapped is the map again, in place of the window.
type remapped struct {
	gen  views.Gen
	list []stretch
	err  error
}

// remap reads the map again from a byte on. Until it is there the old one
// shows, and does not grow.
func (g *ground) remap(from int64) tea.Cmd {
	g.gen, g.err, g.growing = views.NewGen(), nil, [2]bool{true, true}
	from = g.blockStart(from)
	r, size, gen := mapReader{img: g.img, block: g.block}, g.size, g.gen
	return func() tea.Msg {
		r.forward(from, size)
		return remapped{gen, r.list, r.err}
	}
}

func (g *ground) remapped(msg remapped) {
	if msg.gen == g.gen {
		g.growing, g.err, g.list = [2]bool{}, msg.err, msg.list
	}
}

// reach asks for the map where its known part ends within so many rows of per
// bytes from what shows.
func (g *ground) reach(shown hexgrid.Range, rows int, per int64) tea.Cmd {
	if len(g.list) == 0 {
		return g.grow(false)
	}
	var cmds []tea.Cmd
	if g.after(shown.End, rows, per) < rows {
		cmds = append(cmds, g.grow(false))
	}
	if g.before(shown.Start, rows, per) < rows {
		cmds = append(cmds, g.grow(true))
	}
	return tea.Batch(cmds...)
}

// after is how many rows are known from a byte on: at least, and not many
// more than asked for.
func (g *ground) after(off int64, most int, per int64) int {
	rows := 0
	for i, ok := g.find(off); ok && i < len(g.list) && rows < most; i++ {
		rows += g.list[i].rows(off, g.size, most, per)
	}
	return rows
}

// before is how many rows are known before a byte.
func (g *ground) before(off int64, most int, per int64) int {
	rows := 0
	for i, ok := g.find(off - 1); ok && i >= 0 && rows < most; i-- {
		rows += g.list[i].rows(0, off, most, per)
	}
	return rows
}

// rows is how many rows of per bytes the part of a stretch has that lies
// between two bytes, or the most.
func (s *stretch) rows(from, to int64, most int, per int64) int {
	if !s.stored() {
		return 1
	}
	return int(min(int64(most), (min(s.end, to)-max(s.start, from))/per+1))
}
