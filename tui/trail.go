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

// trails connect the addresses of a byte.
type trails struct{ feature }

// unconnected says why the addresses of what is pointed at can't be told.
func (t *trails) unconnected() string {
	p, _ := t.pointed()
	switch {
	case t.cfg.Explorer == nil:
		return "addresses can't be shown here"
	case !t.current().info.Readable() && p.Cursor.File == disk.VirtualDisk:
		return "the virtual disk can't be read"
	}
	return ""
}

// other goes to the same byte in the next space of addresses, and says how they
// are connected. On the virtual disk the view knows the way.
func (t *trails) other() tea.Cmd {
	p, _ := t.pointed()
	if p.Cursor.File != disk.VirtualDisk {
		return t.toDisk(p.Cursor, t.follow)
	}
	if why := refusal(t.view(), keymap.OtherSpace); why != "" {
		t.say(why, false)
		return nil
	}
	img := t.current().image
	return tea.Batch(t.view().Do(keymap.OtherSpace), t.later(func() (tea.Msg, error) {
		way, err := t.cfg.Explorer.Trail(img, p.Cursor.Offset)
		return said{text: way.Text}, err
	}))
}

// toDisk finds where on the virtual disk a byte of a file is, which may take
// a scan.
func (t *trails) toDisk(p decode.Place, then func([]disk.Trail) tea.Cmd) tea.Cmd {
	img := t.current().image
	if !t.current().info.Readable() {
		t.say("the virtual disk can't be read, so file bytes can't be mapped to disk bytes", false)
		return nil
	}
	return t.inJob("searching the tables", func(j *job) (tea.Msg, error) {
		ways, err := t.cfg.Explorer.Disk(j.ctx, img, p.File, p.Offset, j.progress)
		return shown{then: func() tea.Cmd { return then(ways) }}, err
	})
}

// follow goes to the place on the virtual disk, or lets the user choose.
func (t *trails) follow(ways []disk.Trail) tea.Cmd {
	virtual := func(way disk.Trail) decode.Place {
		return decode.Place{File: disk.VirtualDisk, Offset: way.Virtual, Length: 1}
	}
	switch len(ways) {
	case 0:
		t.say("no byte of the virtual disk is stored here", false)
		return nil
	case 1:
		t.say(ways[0].Text, false)
		return t.visit(views.Spot{Place: virtual(ways[0])}, true)
	}
	var steps []step
	for _, way := range ways {
		steps = append(steps, step{listing.Row{Cells: []string{fmt.Sprintf("0x%x", way.Virtual), way.Text}}, virtual(way)})
	}
	t.showSteps(fmt.Sprintf("%d places of the virtual disk share this byte", len(ways)), steps)
	return nil
}

// show lists all addresses of a byte and what connects them.
func (t *trails) show() tea.Cmd {
	p, _ := t.pointed()
	if p.Cursor.File == disk.VirtualDisk {
		return t.list([]int64{p.Cursor.Offset}, p.Cursor)
	}
	return t.toDisk(p.Cursor, func(ways []disk.Trail) tea.Cmd {
		var offs []int64
		for _, way := range ways {
			offs = append(offs, way.Virtual)
		}
		return t.list(offs, p.Cursor)
	})
}

// step is a row of a trail.
type step struct {
	listing.Row
	place decode.Place
}

// list shows the ways from bytes of the virtual disk to the file.
func (t *trails) list(offs []int64, from decode.Place) tea.Cmd {
	img, explorer := t.current().image, t.cfg.Explorer
	if len(offs) == 0 {
		t.say("no byte of the virtual disk is stored at "+placeText(from), false)
		return nil
	}
	return t.later(func() (tea.Msg, error) {
		parts, _ := explorer.Partitions(t.ctx, img) // a disk without a table has none to name
		var steps []step
		for _, off := range offs {
			more, err := trail(img, explorer, parts, off)
			if err != nil {
				return nil, err
			}
			steps = append(steps, more...)
		}
		return shown{then: func() tea.Cmd {
			t.showSteps("Addresses of "+placeText(from), steps)
			return nil
		}}, nil
	})
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

// showSteps lists places that can be gone to.
func (f *feature) showSteps(title string, steps []step) *results {
	r := &results{}
	r.Title = title
	for _, s := range steps {
		r.Add(s.Row)
	}
	r.open = func(row int) tea.Cmd {
		if steps[row].place.File == "" {
			f.say("this row leads nowhere in this image", false)
			return nil
		}
		return jumpTo(steps[row].place)
	}
	f.cover(r)
	return r
}

// referrerLimit bounds the list of those who point somewhere.
const referrerLimit = 1000

// showReferrers lists who points at the byte under the cursor; on the virtual
// disk, at the place where that is stored.
func (t *trails) showReferrers() tea.Cmd {
	p, _ := t.pointed()
	img := t.current().image
	return t.inJob("searching what points here", func(j *job) (tea.Msg, error) {
		place := p.Cursor
		if place.File == disk.VirtualDisk {
			way, err := t.cfg.Explorer.Trail(img, place.Offset)
			if err != nil || way.File == "" || way.Layer > 0 {
				return said{"this byte is stored in no file of this image: nothing can point at it", false}, nil
			}
			place = decode.Place{File: way.File, Offset: way.Offset, Length: 1}
		}
		var steps []step
		for n, err := range t.cfg.Finder.Referrers(j.ctx, img, place, j.progress) {
			if err != nil {
				return nil, err
			}
			steps = append(steps, referrer(img, n))
			if len(steps) == referrerLimit {
				break
			}
		}
		return shown{then: func() tea.Cmd {
			if len(steps) == 0 {
				t.say("nothing points at "+placeText(place), false)
				return nil
			}
			t.showSteps(fmt.Sprintf("What points at %s: %d", placeText(place), len(steps)), steps)
			return nil
		}}, nil
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
