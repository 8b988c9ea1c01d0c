package views

import (
	"platter/decode"
	"platter/views/hexgrid"
)

// Pointer is a view with bytes that a person can point at.
type Pointer interface {
	// Pointed is what the user points at; false while nothing shows.
	Pointed() (Pointed, bool)
}

// Pointed is what the user points at, from one byte to the structure around
// it. Places on the virtual disk name [disk.VirtualDisk] as their file.
type Pointed struct {
	Cursor    decode.Place  // the byte under the cursor
	Selection decode.Place  // what is selected; no length for nothing
	Nodes     []decode.Node // what holds the cursor, outermost first
	File      string        // the file that shows, or showed last
	Partition int           // number of the partition that offsets count from; 0 for none
}

// Node is the innermost node around the cursor.
func (p Pointed) Node() (decode.Node, bool) {
	if len(p.Nodes) == 0 {
		return decode.Node{}, false
	}
	n := p.Nodes[len(p.Nodes)-1]
	return n, n.Place.Length > 0
}

// Place is what a person means by "this": the selection, else the field, else
// the byte.
func (p Pointed) Place() decode.Place {
	if p.Selection.Length > 0 {
		return p.Selection
	}
	if n, ok := p.Node(); ok && n.Len() == 0 {
		return n.Place
	}
	return p.Cursor
}

// Marks tells all views what is marked in the image: what a search found, and
// where the user left bookmarks and notes.
type Marks struct {
	Hits  []decode.Place // by file, then ascending
	Signs []Sign         // likewise
}

// Sign is a mark in the gutter.
type Sign struct {
	Place decode.Place
	Rune  rune // '#' a bookmark, ';' a note
}

// HitsIn lists the hits in a file, or on the virtual disk; those that overlap
// as one.
func (m Marks) HitsIn(file string) []hexgrid.Range {
	var list []hexgrid.Range
	for _, p := range m.Hits {
		if n := len(list); p.File == file && n > 0 && p.Offset <= list[n-1].End {
			list[n-1].End = max(list[n-1].End, p.End())
		} else if p.File == file {
			list = append(list, hexgrid.Range{Start: p.Offset, End: p.End()})
		}
	}
	return list
}

// SignsIn lists the signs in a file, or on the virtual disk.
func (m Marks) SignsIn(file string) []hexgrid.Sign {
	var list []hexgrid.Sign
	for _, s := range m.Signs {
		if s.Place.File == file {
			list = append(list, hexgrid.Sign{Range: hexgrid.Range{Start: s.Place.Offset, End: s.Place.Offset + max(s.Place.Length, 1)}, Rune: s.Rune})
		}
	}
	return list
}
