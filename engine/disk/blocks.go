package disk

// BlockLister is an ability of images whose table has tens of millions of
// entries in no order: it tells of many blocks at once where each lies, in a
// fraction of the time that [Image.Map] takes for as many spans.
type BlockLister interface {
	// ListBlocks tells where blocks of Info().BlockSize lie, from number first
	// on, as many as out has room for. It stops, maybe at once, before a block
	// of which there is more to say: one that is misplaced, cut off by the end
	// of the disk, stored in part or in a parent. Map tells of those. All that
	// is stored lies in one file.
	ListBlocks(first int64, out []BlockPlace) (n int, file string, err error)
}

// BlockPlace is what a block is and where it lies.
type BlockPlace struct {
	Offset int64 // bytes in the file, of data
	State  State
}
