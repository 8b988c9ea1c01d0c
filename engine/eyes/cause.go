package eyes

import (
	"fmt"
	"slices"

	"platter/decode"
)

// Cause is why some readers see a range otherwise.
type Cause struct {
	Policies []string
	Code     string       // of the deviation; empty where the reader fails for a reason of its own
	Place    decode.Place // the table entry, bit, header or footer that decides; may have no file
	Text     string
}

// Causes tells why the readers do not agree in a range: for each that sees something else
// than the format says, or where that can't be read for each whose deviations took effect.
func (e *Eyes) Causes(r Range) []Cause {
	var list []Cause
	base := r.Class[0]
	for i, reader := range e.Readers {
		if r.Class[i] == ClassNone || r.Class[i] == base && base != ClassNone {
			continue
		}
		for _, c := range reader.causes(r.Pieces[i]) {
			list = join(list, c)
		}
	}
	return list
}

// causes are those of one reader.
func (r *Reader) causes(p Piece) []Cause {
	who := []string{r.Policy.Name}
	if p.By != "" {
		d, _ := r.Policy.Deviation(r.format, p.By)
		return []Cause{{who, p.By, p.place(), d.Text}}
	}
	var list []Cause
	for _, n := range r.Notes {
		list = append(list, Cause{who, n.Code, n.Place, n.Text})
	}
	if p.Kind == Lost && p.Why != "" {
		list = append(list, Cause{who, "", p.place(), p.Why})
	}
	return list
}

// join adds a cause, or its reader to one that is there.
func join(list []Cause, c Cause) []Cause {
	for i := range list {
		if list[i].Code == c.Code && list[i].Place == c.Place && list[i].Text == c.Text {
			list[i].Policies = slices.Concat(list[i].Policies, c.Policies)
			return list
		}
	}
	return append(list, c)
}

// Group are readers that see the same bytes in a range.
type Group struct {
	Policies []string
	What     string // data, zeros, compressed, fails, ended
	File     string // of data
	Offset   int64  // in it; -1 where there is none
	Text     string // all of it in words
}

// Groups sorts the readers by what they see in a range, those that follow the format
// first. Those that have no disk are left out.
func (e *Eyes) Groups(r Range) []Group {
	var list []Group
	var classes []int
	for i, reader := range e.Readers {
		c := r.Class[i]
		if c == ClassNone {
			continue
		}
		if at := slices.Index(classes, c); at >= 0 {
			list[at].Policies = append(list[at].Policies, reader.Policy.Name)
			continue
		}
		classes = append(classes, c)
		list = append(list, seenAs(reader.Policy.Name, c, r.Pieces[i]))
	}
	return list
}

func seenAs(policy string, class int, p Piece) Group {
	g := Group{Policies: []string{policy}, Offset: -1}
	switch {
	case class == ClassLost:
		g.What, g.Text = "fails", "fails here"
	case class == ClassPast:
		g.What, g.Text = "ended", "the disk has ended before"
	case p.Kind == Stored:
		g.What, g.File, g.Offset = "data", p.File, p.Offset
		g.Text = fmt.Sprintf("data, %s at 0x%x", p.File, p.Offset)
	case p.Kind == Packed:
		g.What, g.File, g.Offset = "compressed", p.File, p.Offset
		g.Text = fmt.Sprintf("compressed data, %s at 0x%x", p.File, p.Offset)
	default:
		g.What, g.Text = "zeros", "zeros"
	}
	return g
}
