package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/transfer"
)

// selection says which part of an image the user points at.
type selection struct {
	file      string // of the container: a file's name, or first
	region    string // of the container: the name of regions
	partition int    // of the disk, as operating systems number them
	block     int64  // of the disk; -1 for none
}

// flags adds the flags that select a part.
func (s *selection) flags(cmd *cobra.Command) {
	fileFlag(cmd, &s.file, "the container's bytes: those of the image's first file, or of the one `NAME`d (--file=NAME)")
	cmd.Flags().StringVar(&s.region, "region", "", "the container's regions called `NAME`, as layout names them, one after the other")
	cmd.Flags().IntVar(&s.partition, "partition", 0, "partition `N` of the disk")
	cmd.Flags().Int64Var(&s.block, "block", -1, "block (or grain) `N` of the disk, counted from 0")
	cmd.Flags().Lookup("block").DefValue = "0" // as help shows none
}

// part is a run of bytes that can be streamed.
type part struct {
	size    int64
	refused error // why the disk has no bytes that can be read; nil if it has
	stream  func(ctx context.Context, off, n int64, emit func([]byte) error) error
}

// find finds the part that is selected; without a selection it is the disk.
func (s *selection) find(ctx context.Context, img disk.Image) (part, error) {
	size := img.Info().VirtualSize
	inFile, inPartition, inBlock := s.file != "" || s.region != "", s.partition != 0, s.block >= 0
	switch {
	case inFile && (inPartition || inBlock) || inPartition && inBlock:
		return part{}, usage("read: --partition, --block and the container's --file or --region exclude each other")
	case s.region != "":
		return s.regions(ctx, img)
	case s.file != "":
		f, err := fileNamed(img, s.file)
		return filePart(f, 0, f.Size), err
	case inPartition:
		p, err := partitionOf(ctx, img, s.partition)
		return diskPart(img, p.Start, p.Length), err
	case inBlock:
		return s.inBlock(img, size)
	}
	return diskPart(img, 0, size), nil
}

func diskPart(img disk.Image, start, size int64) part {
	return part{size, img.Info().Refused, func(ctx context.Context, off, n int64, emit func([]byte) error) error {
		return transfer.Disk(ctx, img, start+off, n, emit)
	}}
}

func filePart(f disk.File, start, size int64) part {
	return part{size, nil, func(ctx context.Context, off, n int64, emit func([]byte) error) error {
		return transfer.File(ctx, f, start+off, n, emit)
	}}
}

// partitionOf finds a partition of the disk by its number.
func partitionOf(ctx context.Context, img disk.Image, number int) (disk.Partition, error) {
	table, err := guest.Partitions(ctx, img)
	if err != nil {
		return disk.Partition{}, err
	}
	var have []string
	for _, p := range table.Partitions {
		if p.Number == number {
			return p, nil
		}
		have = append(have, fmt.Sprint(p.Number))
	}
	if len(have) == 0 {
		return disk.Partition{}, usage("--partition: the disk has no partition table")
	}
	return disk.Partition{}, usage("--partition: there is no partition %d, only %s", number, strings.Join(have, ", "))
}

func (s *selection) inBlock(img disk.Image, size int64) (part, error) {
	unit := img.Info().BlockSize
	if unit <= 0 {
		return part{}, usage("--block: this image is not made of blocks")
	}
	if count := (size + unit - 1) / unit; s.block >= count {
		return part{}, usage("--block: there is no block %d, the last one is %d", s.block, count-1)
	}
	return diskPart(img, s.block*unit, min(unit, size-s.block*unit)), nil
}

// regions joins all regions of the name, of one file or of all.
func (s *selection) regions(ctx context.Context, img disk.Image) (part, error) {
	files := map[string]disk.File{}
	for _, f := range img.Files() {
		if s.file == "" || s.file == first && len(files) == 0 || s.file == f.Name {
			files[f.Name] = f
		}
	}
	var parts []part
	for r, err := range img.Regions(ctx) {
		if err != nil {
			return part{}, err
		}
		if f, ok := files[r.File]; ok && r.Name == s.region {
			parts = append(parts, filePart(f, r.Offset, r.Length))
		}
	}
	if len(parts) == 0 {
		return part{}, usage("--region: no region is called %q; `platter layout` lists them", s.region)
	}
	return joined(parts), nil
}

// joined puts parts one after the other.
func joined(parts []part) part {
	all := part{}
	for _, p := range parts {
		all.size += p.size
	}
	all.stream = func(ctx context.Context, off, n int64, emit func([]byte) error) error {
		for _, p := range parts {
			if off >= p.size {
				off -= p.size
				continue
			}
			piece := min(n, p.size-off)
			if err := p.stream(ctx, off, piece, emit); err != nil {
				return err
			}
			off, n = 0, n-piece
			if n == 0 {
				return nil
			}
		}
		return nil
	}
	return all
}
