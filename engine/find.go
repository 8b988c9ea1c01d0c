package engine

import (
	"context"
	"iter"

	"platter/decode"
	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/locate"
	"platter/engine/search"
	"platter/engine/transfer"
)

// Finder is the [disk.Finder] of every image.
type Finder struct{}

// Search compiles the pattern and looks for it.
func (Finder) Search(ctx context.Context, on disk.Surface, p disk.Pattern, within disk.Stretch, progress func(done, total int64)) (iter.Seq2[disk.Hit, error], error) {
	m, err := search.Compile(p)
	if err != nil {
		return nil, err
	}
	return search.Search(ctx, on, m, within, progress), nil
}

// Resolve is [locate.Resolve].
func (Finder) Resolve(ctx context.Context, from disk.Standpoint, expr string) (decode.Place, error) {
	return locate.Resolve(ctx, from, expr)
}

// Complete is [locate.Complete].
func (Finder) Complete(ctx context.Context, from disk.Standpoint, typed string) []disk.Completion {
	return locate.Complete(ctx, from, typed)
}

// Referrers is [locate.Referrers].
func (Finder) Referrers(ctx context.Context, img disk.Image, place decode.Place, progress func(done, total int64)) iter.Seq2[decode.Node, error] {
	return locate.Referrers(ctx, img, place, progress)
}

// Stream is [transfer.Place].
func (Finder) Stream(ctx context.Context, img disk.Image, place decode.Place, emit func([]byte) error) error {
	return transfer.Place(ctx, img, place, emit)
}

// Differences is [compare.Disks].
func (Finder) Differences(ctx context.Context, a, b disk.Image, progress func(done, total int64)) iter.Seq2[disk.BlockDiff, error] {
	return compare.Disks(ctx, a, b, progress)
}

// Compare is [compare.Records].
func (Finder) Compare(layout *decode.Layout, a, b []byte) []disk.FieldDiff {
	return compare.Records(layout, a, b)
}

// Explorer is the [disk.Explorer] of every image.
type Explorer struct{}

// Partitions is [guest.Partitions], without what was found about the table.
func (Explorer) Partitions(ctx context.Context, img disk.Image) ([]disk.Partition, error) {
	t, err := guest.Partitions(ctx, img)
	if err != nil {
		return nil, err
	}
	return t.Partitions, nil
}

// PartitionTable is [guest.Partitions].
func (Explorer) PartitionTable(ctx context.Context, img disk.Image) (disk.PartitionTable, error) {
	return guest.Partitions(ctx, img)
}

// Guest is [guest.Tree].
func (Explorer) Guest(ctx context.Context, img disk.Image) (decode.Node, error) {
	return guest.Tree(ctx, img)
}

// Trail is [locate.ToFile].
func (Explorer) Trail(img disk.Image, virtual int64) (disk.Trail, error) {
	return locate.ToFile(img, virtual)
}

// Disk is [locate.ToDisk].
func (Explorer) Disk(ctx context.Context, img disk.Image, file string, off int64, progress func(done, total int64)) ([]disk.Trail, error) {
	return locate.ToDisk(ctx, img, file, off, progress)
}

var (
	_ disk.Finder   = Finder{}
	_ disk.Explorer = Explorer{}
)
