package damage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/transfer"
)

// Marks say how far a damaged image was repaired.
type Marks struct {
	Exact   bool // the file is what it was before it was damaged, byte for byte
	Faults  []FaultMark
	Touched []decode.Place // that hold other bytes though no fault and no repair of one is there; as precise as the key is
	New     []disk.Finding // warnings and errors that the good image did not have, once all faults are repaired
	Other   bool           // all faults are repaired, and the disk shows something else than before

	Asked bool    // the student has named bytes, see [Marks.Name]
	Wrong []int64 // offsets that were named, and belong to no fault
}

// FaultMark is a fault, and whether it was repaired.
type FaultMark struct {
	KeyFault
	Done      bool
	Untouched bool           // its bytes are as they were planted
	Named     bool           // one of its bytes was named
	Left      []decode.Place // of the fault's bytes those that are not what they were; not empty with Done where it was repaired in another way
}

// Name takes in at which offsets of the file the student thinks that faults lie.
func (m *Marks) Name(offsets []int64) {
	m.Asked = true
	for _, off := range offsets {
		hit := false
		for i := range m.Faults {
			for _, c := range m.Faults[i].Changes {
				if off >= c.Offset && off < c.End() {
					m.Faults[i].Named, hit = true, true
				}
			}
		}
		if !hit {
			m.Wrong = append(m.Wrong, off)
		}
	}
}

// Points are one for each fault that was repaired, and one more if all are and nothing else was
// changed. Where bytes were named, each fault is worth a second one if it was among them, and each
// wrong one takes a point.
func (m Marks) Points() (got, of int) {
	for _, f := range m.Faults {
		if f.Done {
			got++
		}
	}
	if got == len(m.Faults) && len(m.Touched) == 0 && len(m.New) == 0 && !m.Other {
		got++
	}
	of = len(m.Faults) + 1
	if m.Asked {
		of += len(m.Faults)
		for _, f := range m.Faults {
			if f.Named {
				got++
			}
		}
		got = max(0, got-len(m.Wrong))
	}
	return got, of
}

// Passed tells whether all points were made.
func (m Marks) Passed() bool {
	got, of := m.Points()
	return got == of
}

// Mark compares an image with its answer key. Each fault is judged by itself: it is repaired if
// its bytes are what they were, or if the check no longer finds it and the disk shows what it
// showed before once all other faults are put right, which is tried on the bench. What
// else was changed is found by the key's digests of the good file; only bytes that a repair
// has to change as well, such as sequence numbers, may be others.
func Mark(ctx context.Context, bench Bench, k Key) (Marks, error) {
	var m Marks
	img, err := bench.Image()
	if err != nil {
		return m, err
	}
	file := img.Files()[0]
	sum, _, _, err := sums(ctx, file)
	if err != nil {
		return m, err
	}
	m.Exact = sum == k.Sum && file.Size == k.Size
	for _, f := range k.Faults {
		left, err := remaining(file, f)
		if err != nil {
			return m, err
		}
		planted, err := untouched(file, f)
		if err != nil {
			return m, err
		}
		m.Faults = append(m.Faults, FaultMark{KeyFault: f, Done: m.Exact || len(left) == 0, Untouched: planted, Left: left})
	}
	if m.Exact {
		return m, nil
	}
	if m.Touched, err = touched(ctx, file, k); err != nil {
		return m, err
	}
	whole, err := look(ctx, bench, k)
	if err != nil {
		return m, err
	}
	done := true
	for i := range m.Faults {
		f := &m.Faults[i]
		if !f.Done {
			if f.Done, err = m.alone(ctx, bench, k, i, whole); err != nil {
				return m, err
			}
		}
		done = done && f.Done
	}
	if done { // else what is wrong may follow from what is left
		m.Other, m.New = !whole.same, whole.fresh(k)
	}
	return m, nil
}

// remaining are the bytes of a fault that are not what they were.
func remaining(file disk.File, f KeyFault) (list []decode.Place, err error) {
	for _, c := range f.Changes {
		now := make([]byte, max(0, min(int64(max(len(c.Before), len(c.After))), file.Size-c.Offset)))
		if n, err := file.Data.ReadAt(now, c.Offset); n < len(now) {
			return nil, err
		}
		for from := range max(len(now), len(c.Before)) {
			if from < len(now) && from < len(c.Before) && now[from] == c.Before[from] {
				continue
			}
			at := c.Offset + int64(from)
			if n := len(list); n > 0 && list[n-1].End() == at {
				list[n-1].Length++
			} else {
				list = append(list, decode.Place{File: file.Name, Offset: at, Length: 1})
			}
		}
	}
	return list, nil
}

// touched are the chunks of the file that are not as they were, the bytes of faults and their
// repairs left aside, and what the file has gained.
func touched(ctx context.Context, file disk.File, k Key) (list []decode.Place, err error) {
	restored := k.overlays()
	at, buffer := int64(0), make([]byte, 0, k.Chunk)
	flush := func() {
		start := at - int64(len(buffer))
		for _, o := range restored {
			o.over(buffer, start)
		}
		sum := sha256.Sum256(buffer)
		if i := start / k.Chunk; hex.EncodeToString(sum[:8]) != k.Sums[i] {
			if n := len(list); n > 0 && list[n-1].End() == start {
				list[n-1].Length += int64(len(buffer))
			} else {
				list = append(list, decode.Place{File: file.Name, Offset: start, Length: int64(len(buffer))})
			}
		}
		buffer = buffer[:0]
	}
	add := func(b []byte) error {
		for len(b) > 0 {
			n := min(int64(len(b)), k.Chunk-int64(len(buffer)))
			buffer, b, at = append(buffer, b[:n]...), b[n:], at+n
			if int64(len(buffer)) == k.Chunk {
				flush()
			}
		}
		return ctx.Err()
	}
	if err := transfer.File(ctx, file, 0, min(file.Size, k.Size), add); err != nil {
		return nil, err
	}
	for at < k.Size { // what was cut off
		if err := add(make([]byte, min(k.Chunk, k.Size-at))); err != nil {
			return nil, err
		}
	}
	if len(buffer) > 0 {
		flush()
	}
	if end := max(k.Size, k.Most, k.end()); file.Size > end {
		list = append(list, decode.Place{File: file.Name, Offset: end, Length: file.Size - end})
	}
	return list, nil
}

// end is where the damaged file may end.
func (k Key) end() (end int64) {
	for _, f := range k.Faults {
		for _, c := range f.Changes {
			end = max(end, c.End())
		}
	}
	return end
}

// overlays are the good bytes of faults and of what their repairs write.
func (k Key) overlays() (list []KeyRange) {
	for _, f := range k.Faults {
		for _, c := range f.Changes {
			list = append(list, KeyRange{c.Offset, c.Before})
		}
	}
	return append(list, k.May...)
}

// over lays the bytes over those of a file from start on.
func (r KeyRange) over(b []byte, start int64) {
	from, to := max(r.Offset, start), min(r.Offset+int64(len(r.Before)), start+int64(len(b)))
	if from < to {
		copy(b[from-start:to-start], r.Before[from-r.Offset:])
	}
}
