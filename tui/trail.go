package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/widget/listing"
)

// otherSpace goes to the same byte in the next space of addresses, and says
// how they are connected. On the virtual disk the view knows the way.
func (m *model) otherSpace() tea.Cmd {
	p, _ := m.pointed()
	if p.Cursor.File != disk.VirtualDisk {
		return m.toDisk(p.Cursor, m.goTrail)
	}
	img, explorer := m.image, m.cfg.Explorer
	m.message = ""
	cmd := m.ask(keymap.OtherSpace)
	if m.message != "" {
		return cmd
	}
	return tea.Batch(cmd, func() tea.Msg {
		t, err := explorer.Trail(img, p.Cursor.Offset)
		if err != nil {
			return said{err.Error(), true}
		}
		return said{text: t.Text}
	})
}

// toDisk finds where on the virtual disk a byte of a file is, which may take
// a scan.
func (m *model) toDisk(p decode.Place, then func([]disk.Trail) tea.Cmd) tea.Cmd {
	if !m.info.Readable() {
		m.say("the virtual disk can't be read: no byte of the file can be told to be one of the disk", false)
		return nil
	}
	of, img, explorer := m.number, m.image, m.cfg.Explorer
	return m.start("looking through the tables", nil, func(j *job) tea.Msg {
		trails, err := explorer.Disk(j.ctx, img, p.File, p.Offset, j.progress)
		switch {
		case j.ctx.Err() != nil:
			return nil
		case err != nil:
			return said{err.Error(), true}
		}
		return shown{of, func() tea.Cmd { return then(trails) }}
	})
}

// goTrail goes to the place on the virtual disk, or lets the user choose.
func (m *model) goTrail(trails []disk.Trail) tea.Cmd {
	switch len(trails) {
	case 0:
		m.say("no byte of the virtual disk is stored here", false)
		return nil
	case 1:
		m.say(trails[0].Text, false)
		return m.jump(views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: trails[0].Virtual, Length: 1}})
	}
	r := &results{}
	r.Title = fmt.Sprintf("%d places of the virtual disk share this byte", len(trails))
	for _, t := range trails {
		r.Add(listing.Row{Cells: []string{fmt.Sprintf("0x%x", t.Virtual), t.Text}})
	}
	r.open = func(row int) tea.Cmd {
		return goTo(decode.Place{File: disk.VirtualDisk, Offset: trails[row].Virtual, Length: 1})
	}
	m.cover(r)
	return nil
}

// showTrail lists all addresses of a byte and what connects them.
func (m *model) showTrail() tea.Cmd {
	p, _ := m.pointed()
	if p.Cursor.File == disk.VirtualDisk {
		return m.listTrail([]int64{p.Cursor.Offset}, p.Cursor)
	}
	return m.toDisk(p.Cursor, func(trails []disk.Trail) tea.Cmd {
		var offs []int64
		for _, t := range trails {
			offs = append(offs, t.Virtual)
		}
		return m.listTrail(offs, p.Cursor)
	})
}

// step is a row of a trail.
type step struct {
	listing.Row
	place decode.Place
}

// listTrail shows the ways from bytes of the virtual disk to the file.
func (m *model) listTrail(offs []int64, from decode.Place) tea.Cmd {
	of, img, explorer, ctx := m.number, m.image, m.cfg.Explorer, m.ctx
	if len(offs) == 0 {
		m.say("no byte of the virtual disk is stored at "+placeText(from), false)
		return nil
	}
	return func() tea.Msg {
		parts, _ := explorer.Partitions(ctx, img) // a disk without a table has none to name
		var steps []step
		for _, off := range offs {
			more, err := trail(img, explorer, parts, off)
			if err != nil {
				return said{err.Error(), true}
			}
			steps = append(steps, more...)
		}
		return shown{of, func() tea.Cmd {
			m.showSteps("Addresses of "+placeText(from), steps)
			return nil
		}}
	}
}

// trail lists the addresses of a byte of the virtual disk, the entries that
// decided, and the place in the file.
func trail(img disk.Image, explorer disk.Explorer, parts []disk.Partition, off int64) ([]step, error) {
	t, err := explorer.Trail(img, off)
	if err != nil {
		return nil, err
	}
	sector := max(img.Info().LogicalSectorSize, 512)
	row := func(p decode.Place, cells ...string) step { return step{listing.Row{Cells: cells}, p} }
	virtual := decode.Place{File: disk.VirtualDisk, Offset: off, Length: 1}
	list := []step{row(virtual, "virtual disk", fmt.Sprintf("0x%x", off), fmt.Sprintf("LBA %d +0x%x", off/sector, off%sector))}
	for _, p := range parts {
		if off >= p.Start && off < p.End() {
			words := decode.Printable(fmt.Sprintf("%s %s %s", p.Type, p.System, p.Label))
			list = append(list, row(decode.Place{File: disk.VirtualDisk, Offset: p.Start, Length: p.Length}, fmt.Sprintf("partition %d", p.Number), fmt.Sprintf("+0x%x", off-p.Start), words))
		}
	}
	for s, err := range img.Map(off, 1) {
		if err != nil {
			return nil, err
		}
		for _, v := range slices.Clone(s.Via) {
			name, value := fmt.Sprintf("%s[%d]", v.Table, v.Index), fmt.Sprintf("= 0x%x", v.Raw)
			if v.IsBit {
				name, value = fmt.Sprintf("%s bit %d", v.Table, v.Index), fmt.Sprintf("= %d", v.Raw)
			}
			list = append(list, row(layered(v.Place, v.Layer), decode.Printable(name), placeText(v.Place), value))
		}
		break
	}
	where := "nowhere"
	if t.File != "" {
		where = placeText(decode.Place{File: t.File, Offset: t.Offset})
	}
	stored := row(layered(decode.Place{File: t.File, Offset: t.Offset, Length: 1}, t.Layer), "stored", where, fmt.Sprintf("%s, layer %d", t.State, t.Layer))
	return append(list, stored, step{listing.Row{Cells: []string{"in one line", "", t.Text}, Plain: t.Text}, decode.Place{}}), nil
}

// layered is a place that can be gone to: one of the image itself.
func layered(p decode.Place, layer int) decode.Place {
	if layer > 0 {
		return decode.Place{}
	}
	return p
}

func (m *model) showSteps(title string, steps []step) *results {
	r := &results{}
	r.Title = title
	for _, s := range steps {
		r.Add(s.Row)
	}
	r.open = func(row int) tea.Cmd {
		if steps[row].place.File == "" {
			m.say("this row leads nowhere in this image", false)
			return nil
		}
		return goTo(steps[row].place)
	}
	m.cover(r)
	return r
}

// referrerLimit bounds the list of those who point somewhere.
const referrerLimit = 1000

// showReferrers lists who points at the byte under the cursor; on the virtual
// disk, at the place where that is stored.
func (m *model) showReferrers() tea.Cmd {
	p, _ := m.pointed()
	of, img, explorer, finder := m.number, m.image, m.cfg.Explorer, m.cfg.Finder
	return m.start("looking who points here", nil, func(j *job) tea.Msg {
		place := p.Cursor
		if place.File == disk.VirtualDisk {
			t, err := explorer.Trail(img, place.Offset)
			if err != nil || t.File == "" || t.Layer > 0 {
				return said{"this byte is stored in no file of this image: nothing can point at it", false}
			}
			place = decode.Place{File: t.File, Offset: t.Offset, Length: 1}
		}
		var steps []step
		for n, err := range finder.Referrers(j.ctx, img, place, j.progress) {
			switch {
			case j.ctx.Err() != nil:
				return nil
			case err != nil:
				return said{err.Error(), true}
			}
			steps = append(steps, referrer(img, n))
			if len(steps) == referrerLimit {
				break
			}
		}
		return shown{of, func() tea.Cmd {
			if len(steps) == 0 {
				m.say("nothing points at "+placeText(place), false)
				return nil
			}
			m.showSteps(fmt.Sprintf("Who points at %s: %d", placeText(place), len(steps)), steps)
			return nil
		}}
	})
}

// referrer is a node as a row, with the structure that it is a field of.
func referrer(img disk.Image, n decode.Node) step {
	name, at := decode.Printable(n.Name), img.Tree()
	for _, i := range at.Find(n.Place.File, n.Place.Offset) {
		if next := at.Child(i); next.Place == n.Place && at.Place.File == n.Place.File && at.Place.Length > 0 && at.Name != at.Place.File && !strings.HasPrefix(n.Name, at.Name) {
			name = decode.Printable(at.Name) + "." + name
			break
		} else {
			at = next
		}
	}
	return step{listing.Row{Cells: []string{name, placeText(n.Place), decode.Printable(n.Value)}}, n.Place}
}
