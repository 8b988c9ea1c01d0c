package overview

import "platter/engine/disk"

// tally counts the bytes of a part of the disk by their state.
type tally [disk.Missing + 1]int64

func (t *tally) add(u tally) {
	for s, n := range u {
		t[s] += n
	}
}

func (t tally) sum() (n int64) {
	for _, c := range t {
		n += c
	}
	return n
}

// tallied counts n bytes of an image's disk from off.
func tallied(img disk.Image, off, n int64) (t tally, err error) {
	for span, err := range img.Map(off, n) {
		if err != nil {
			return t, err
		}
		t[span.State] += span.Length
	}
	return t, nil
}
