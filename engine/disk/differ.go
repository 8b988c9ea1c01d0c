package disk

// BlockDiff is a block of the disks of two images in which they differ.
type BlockDiff struct {
	Start  int64 // bytes, virtual
	Length int64
	First  int64 // offset of the first byte that differs
	Bytes  int64 // how many differ
	Sides  [2]Side
}

// Side is what one of the images has there.
type Side struct {
	State State // of most of it
	Mixed bool  // other parts of it are of another state
	Past  bool  // the disk ends before
}

// String is the side in a word or two.
func (s Side) String() string {
	switch {
	case s.Past:
		return "past the end"
	case s.Mixed:
		return "part " + s.State.String()
	}
	return s.State.String()
}

// SideOf tells what an image has in a range of its disk.
func SideOf(img Image, off, n int64) (Side, error) {
	size := img.Info().VirtualSize
	if off >= size {
		return Side{Past: true}, nil
	}
	var bytes [Missing + 1]int64
	kinds := 0
	for s, err := range img.Map(off, min(n, size-off)) {
		if err != nil {
			return Side{}, err
		}
		if bytes[s.State] == 0 {
			kinds++
		}
		bytes[s.State] += s.Length
	}
	side := Side{Mixed: kinds > 1}
	for state, n := range bytes {
		if n > bytes[side.State] {
			side.State = State(state)
		}
	}
	return side, nil
}
