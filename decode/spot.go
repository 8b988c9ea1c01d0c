package decode

// Spot is what lies at a place of its own in a record: a handle, a [Field], or
// an item of an array. Both are in bytes.
type Spot interface {
	Offset() int // from the start of the record
	Size() int
}

// At is where a field of the record at base lies, whatever base's length; of
// several fields, from the first to the end of the last.
func At(base Place, first Spot, more ...Spot) Place {
	from, to := reach(first, more)
	return Place{File: base.File, Offset: base.Offset + int64(from), Length: int64(to - from)}
}

// In is a field's own bytes of a record, as many as it has; of several fields,
// from the first to the end of the last.
func In(record []byte, first Spot, more ...Spot) []byte {
	from, to := reach(first, more)
	return record[min(from, len(record)):min(to, len(record))]
}

func reach(first Spot, more []Spot) (from, to int) {
	last := first
	if len(more) > 0 {
		last = more[len(more)-1]
	}
	return first.Offset(), last.Offset() + last.Size()
}

// item is one of several structures in a row.
type item struct{ off, size int }

func (i item) Offset() int { return i.off }
func (i item) Size() int   { return i.size }

// Item is where structure i of the array lies.
func (h Array[R, S]) Item(i int) Spot {
	return item{h.field.off + i*h.field.sub.size, h.field.sub.size}
}
