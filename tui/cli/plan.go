package cli

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
	"platter/views/report"
)

// planned lists what is staged, by the structures that it goes to.
func planned(ctx context.Context, s *edit.Session) ([]report.Planned, error) {
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	p := planning{left: map[string][]store.Range{}}
	for _, step := range s.Plan() {
		if step.Resizes() {
			p.resized(step)
		} else {
			p.left[step.File] = append(p.left[step.File], store.Range{Offset: step.Offset, Length: int64(len(step.New))})
		}
	}
	for r, err := range img.Regions(ctx) {
		if err != nil {
			break // what can't be named is listed all the same
		}
		p.within(r)
	}
	for file, list := range p.left {
		for _, r := range list {
			p.add(report.Planned{File: file, Offset: r.Offset, Length: r.Length, What: "bytes"})
		}
	}
	return p.list, nil
}

// planning sorts staged bytes by what they are for.
type planning struct {
	left map[string][]store.Range // not named yet, ascending
	list []report.Planned
}

func (p *planning) resized(s store.Step) {
	words := "the file grows to "
	if s.SizeAfter < s.SizeBefore {
		words = "the file is cut to "
	}
	p.list = append(p.list, report.Planned{File: s.File, Offset: s.Offset, Length: max(s.SizeAfter-s.SizeBefore, 0), What: words + decode.Grouped(s.SizeAfter) + " bytes"})
}

// within names what lies in a region.
func (p *planning) within(r disk.Region) {
	list, end := p.left[r.File], r.Offset+r.Length
	for len(list) > 0 && list[0].Offset < end {
		n := min(list[0].End(), end) - list[0].Offset
		p.add(report.Planned{File: r.File, Offset: list[0].Offset, Length: n, What: r.Name})
		if list[0].Offset, list[0].Length = list[0].Offset+n, list[0].Length-n; list[0].Length == 0 {
			list = list[1:]
		}
	}
	p.left[r.File] = list
}

// nearby is how close two runs of one structure are that are listed as one, in bytes:
// what lies between them stays as it is.
const nearby = 64

func (p *planning) add(next report.Planned) {
	if last := len(p.list) - 1; last >= 0 {
		l := &p.list[last]
		if l.File == next.File && l.What == next.What && next.Offset-(l.Offset+l.Length) <= nearby && next.Offset >= l.Offset {
			l.Length = next.Offset + next.Length - l.Offset
			return
		}
	}
	p.list = append(p.list, next)
}
