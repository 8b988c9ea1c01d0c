package cli

import (
	"context"
	"maps"
	"math"
	"slices"

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
	p := planning{left: map[string][]store.Range{}, most: math.MaxInt}
	for _, step := range s.Plan() {
		if step.Resizes() {
			p.resized(step)
		} else {
			p.left[step.File] = append(p.left[step.File], store.Range{Offset: step.Offset, Length: int64(len(step.New))})
		}
	}
	p.name(ctx, img)
	return p.list, nil
}

// maxPlan bounds how many ranges a dry run of a long write lists.
const maxPlan = 1000

// rehearsedPlan lists what was written in a rehearsal, by the structures that the image has
// there, and how many ranges more there are.
func rehearsedPlan(ctx context.Context, before disk.Image, files []store.Rehearsed) (list []report.Planned, more int, err error) {
	p := planning{left: map[string][]store.Range{}, most: maxPlan}
	for _, f := range files {
		if f.Before != f.After {
			p.resized(store.Step{File: f.Name, Offset: min(f.Before, f.After), SizeBefore: f.Before, SizeAfter: f.After})
		}
		for _, r := range f.Written { // what lies past the end of before is in what the file gains
			if r.Length = min(r.End(), f.Before) - r.Offset; r.Length > 0 {
				p.left[f.Name] = append(p.left[f.Name], r)
			}
		}
	}
	p.name(ctx, before)
	return p.list, p.more, ctx.Err()
}

// rehearsedFiles are the sizes of an image's files before and after a rehearsal.
func rehearsedFiles(before disk.Image, files []store.Rehearsed) (list []report.FileChange) {
	for _, f := range before.Files() {
		c := report.FileChange{Path: f.Name, Before: f.Size, After: f.Size}
		for _, r := range files {
			if r.Name == f.Name {
				c.Before, c.After = r.Before, r.After
			}
		}
		list = append(list, c)
	}
	return list
}

// planning sorts staged bytes by what they are for.
type planning struct {
	left map[string][]store.Range // not named yet, ascending
	list []report.Planned
	most int // ranges that are listed
	more int // others
}

// name goes through the structures of an image. What can't be named is listed all the
// same.
func (p *planning) name(ctx context.Context, img disk.Image) {
	for r, err := range img.Regions(ctx) {
		if err != nil || len(p.left) == 0 {
			break
		}
		p.within(r)
	}
	for _, file := range slices.Sorted(maps.Keys(p.left)) {
		for _, r := range p.left[file] {
			p.add(report.Planned{File: file, Offset: r.Offset, Length: r.Length, What: "bytes"})
		}
	}
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
	if p.left[r.File] = list; len(list) == 0 {
		delete(p.left, r.File)
	}
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
	if len(p.list) == p.most {
		p.more++
		return
	}
	p.list = append(p.list, next)
}
