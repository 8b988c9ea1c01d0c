package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// part is something that can be hashed or saved as a whole.
type part struct {
	what  string // "selection", "header 2": safe to print
	place decode.Place
}

// choosePart lets the user choose among the parts that hold the cursor, from
// the selection to the whole disk.
func (e *export) choosePart(verb string, then func(part) tea.Cmd) tea.Cmd {
	p, _ := e.pointed()
	img := e.current().image
	return e.later(func() (tea.Msg, error) {
		var list []part
		for _, a := range append(nearParts(img, p), wideParts(e.ctx, img, e.cfg.Explorer, p)...) {
			known := slices.ContainsFunc(list, func(b part) bool { return a.place == b.place })
			if a.place.Length > 0 && !known {
				list = append(list, a)
			}
		}
		return shown{then: func() tea.Cmd {
			var items []menu.Item
			for _, a := range list {
				items = append(items, menu.Item{Name: a.what, Help: fmt.Sprintf("%s at %s", decode.FormatSize(uint64(a.place.Length)), placeText(a.place))})
			}
			return e.offer(verb, items, func(i int) tea.Cmd { return then(list[i]) })
		}}, nil
	})
}

// nearParts are those that the cursor lies in and the view knows.
func nearParts(img disk.Image, p views.Pointed) []part {
	var list []part
	add := func(what string, place decode.Place) { list = append(list, part{what, place}) }
	if p.Selection.Length > 0 {
		add("selection", p.Selection)
	}
	for _, n := range slices.Backward(p.Nodes) {
		if !whole(img, n.Place) {
			add(decode.Printable(n.Name), n.Place)
		}
	}
	if p.Cursor.File != disk.VirtualDisk {
		return list
	}
	info := img.Info()
	for _, unit := range []struct {
		name string
		size int64
	}{{"sector", max(info.LogicalSectorSize, 512)}, {"block", info.BlockSize}} {
		if unit.size > 0 {
			start := p.Cursor.Offset - p.Cursor.Offset%unit.size
			add(fmt.Sprintf("%s %d", unit.name, start/unit.size), decode.Place{File: disk.VirtualDisk, Offset: start, Length: min(unit.size, info.VirtualSize-start)})
		}
	}
	return list
}

// whole reports whether a place is all of a file.
func whole(img disk.Image, p decode.Place) bool {
	return slices.ContainsFunc(img.Files(), func(f disk.File) bool { return f.Name == p.File && f.Size == p.Length })
}

// regionPatience is how long is looked for the region around the cursor: an
// image can have tens of millions.
const regionPatience = 300 * time.Millisecond

// wideParts are the region, the partitions, the files and the disk.
func wideParts(ctx context.Context, img disk.Image, explorer disk.Explorer, p views.Pointed) []part {
	var list []part
	if p.Cursor.File != disk.VirtualDisk && p.Cursor.File != "" {
		list = append(list, regionAt(ctx, img, p.Cursor)...)
	}
	info := img.Info()
	if explorer != nil && info.Readable() {
		parts, _ := explorer.Partitions(ctx, img) // what can't be read has none
		for _, q := range parts {
			length := min(q.Length, info.VirtualSize-q.Start)
			list = append(list, part{fmt.Sprintf("partition %d", q.Number), decode.Place{File: disk.VirtualDisk, Offset: q.Start, Length: length}})
		}
	}
	for _, f := range img.Files() {
		list = append(list, part{"file " + decode.Printable(f.Name), decode.Place{File: f.Name, Length: f.Size}})
	}
	if info.Readable() {
		list = append(list, part{"virtual disk", decode.Place{File: disk.VirtualDisk, Length: info.VirtualSize}})
	}
	return list
}

// regionAt finds the region that holds a byte of a file, unless that is all of
// it.
func regionAt(ctx context.Context, img disk.Image, at decode.Place) []part {
	ctx, cancel := context.WithTimeout(ctx, regionPatience)
	defer cancel()
	for r, err := range img.Regions(ctx) {
		if err != nil || ctx.Err() != nil {
			return nil
		}
		place := decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}
		if !place.Holds(at.File, at.Offset) {
			continue
		}
		if whole(img, place) {
			return nil
		}
		return []part{{"region " + decode.Printable(r.Name), place}}
	}
	return nil
}
