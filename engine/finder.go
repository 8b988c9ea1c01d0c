package engine

import (
	"context"
	"fmt"
	"iter"

	"platter/decode"
	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/locate"
	"platter/engine/search"
)

// Finder is the [disk.Finder] of every image.
type Finder struct{}

// Search yields the hits of a pattern.
func (Finder) Search(ctx context.Context, on disk.Surface, p disk.Pattern, within disk.Stretch, progress func(done, total int64)) (iter.Seq2[disk.Hit, error], error) {
	opt := search.Options{FoldCase: p.FoldCase}
	switch p.Reading {
	case disk.AsHex:
		opt.Mode, opt.FoldCase = search.Hex, false
	case disk.AsRegexp:
		opt.Mode = search.Regexp
	case disk.AsUTF16:
		opt.Encodings = []string{"UTF-16LE"}
	}
	m, err := search.Compile(p.Text, opt)
	if err != nil {
		return nil, err
	}
	hits := search.Search(ctx, on, m, search.Range{From: within.From, To: within.To, Backwards: within.Backwards, Progress: progress})
	return func(yield func(disk.Hit, error) bool) {
		for h, err := range hits {
			if !yield(hit(on, h), err) {
				return
			}
		}
	}, nil
}

func hit(on disk.Surface, h search.Hit) disk.Hit {
	place := decode.Place{File: h.Plane, Offset: h.Offset, Length: h.Length}
	if on.Disk {
		place.File = disk.VirtualDisk
	}
	return disk.Hit{Place: place, Encoding: h.Encoding, Context: h.Context, Before: h.Before}
}

// Resolve finds the place that an expression names.
func (Finder) Resolve(ctx context.Context, from disk.Standpoint, expr string) (decode.Place, error) {
	w := where(ctx, from)
	p, err := w.Go(expr)
	if err != nil {
		return decode.Place{}, err
	}
	place := decode.Place{File: p.File, Offset: p.Offset, Length: p.Length}
	if p.Plane != locate.File {
		place.File = disk.VirtualDisk
	}
	if p.Plane == locate.Volume {
		for _, part := range w.Partitions {
			if part.Number == p.Partition {
				place.Offset += part.Start
			}
		}
	}
	return place, nil
}

// Complete lists ways to go on with an expression.
func (Finder) Complete(ctx context.Context, from disk.Standpoint, typed string) []disk.Completion {
	var list []disk.Completion
	for _, c := range where(ctx, from).Complete(typed) {
		list = append(list, disk.Completion(c))
	}
	return list
}

// where words a standpoint for package locate. What the guest wrote is left
// out where it can't be read.
func where(ctx context.Context, from disk.Standpoint) locate.Where {
	w := locate.Where{Image: from.Image, Plane: locate.File, File: from.At.File, Offset: from.At.Offset}
	if from.At.File == disk.VirtualDisk {
		w.Plane, w.File = locate.Disk, from.File
	}
	if !from.Image.Info().Readable() {
		return w
	}
	if parts, err := (Explorer{}).Partitions(ctx, from.Image); err == nil {
		w.Partitions = parts
	}
	if tree, err := guest.Tree(ctx, from.Image); err == nil {
		w.Guest = tree
	}
	for _, p := range w.Partitions {
		if p.Number == from.Partition && w.Plane == locate.Disk {
			w.Plane, w.Partition, w.Offset = locate.Volume, p.Number, from.At.Offset-p.Start
		}
	}
	return w
}

// Referrers yields what points at a place.
func (Finder) Referrers(ctx context.Context, img disk.Image, place decode.Place, progress func(done, total int64)) iter.Seq2[decode.Node, error] {
	return locate.Referrers(ctx, img, place, progress)
}

// Stream hands the bytes of a place to emit.
func (Finder) Stream(ctx context.Context, img disk.Image, place decode.Place, emit func([]byte) error) error {
	if place.File == disk.VirtualDisk {
		return Stream(ctx, img, place.Offset, place.Length, emit)
	}
	for _, f := range img.Files() {
		if f.Name == place.File {
			return StreamFile(ctx, f, place.Offset, place.Length, emit)
		}
	}
	return &disk.Error{Kind: disk.NotFound, Op: "read", What: fmt.Sprintf("the image has no file %q", place.File)}
}

// wideBlock is the unit in which images without blocks are compared, in bytes.
const wideBlock = 1 << 20

// Differences yields the blocks in which two disks differ.
func (Finder) Differences(ctx context.Context, a, b disk.Image, progress func(done, total int64)) iter.Seq2[disk.BlockDiff, error] {
	return func(yield func(disk.BlockDiff, error) bool) {
		for _, img := range []disk.Image{a, b} {
			if err := img.Info().Refused; err != nil {
				yield(disk.BlockDiff{}, fmt.Errorf("%s can't be read: %w", img.Info().Path, err))
				return
			}
		}
		unit := a.Info().BlockSize
		if unit <= 0 {
			unit = wideBlock
		}
		for r, err := range compare.Blocks(ctx, disk.DiskSurface(a), disk.DiskSurface(b), unit, progress) {
			d := disk.BlockDiff{Start: r.Start, Length: r.Length, First: r.First, Bytes: r.Bytes}
			for i, img := range []disk.Image{a, b} {
				if err == nil {
					d.Sides[i], err = disk.SideOf(img, r.Start, r.Length)
				}
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// Compare puts two records side by side.
func (Finder) Compare(layout *decode.Layout, a, b []byte) []disk.FieldDiff {
	var list []disk.FieldDiff
	for _, d := range compare.Records(layout, a, b) {
		list = append(list, disk.FieldDiff{Name: d.Name, Offset: d.Offset, Size: d.Field.Size(), A: d.A, B: d.B, Differs: d.Differs})
	}
	return list
}

var _ disk.Finder = Finder{}
