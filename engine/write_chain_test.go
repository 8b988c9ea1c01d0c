package engine_test

import (
	"bytes"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestChainsOfThree writes to an image, to its child and to the child of that, each at
// random, and holds each against the model, with those below it as they were.
func TestChainsOfThree(t *testing.T) {
	for _, l := range chains() {
		t.Run(l.name, func(t *testing.T) {
			for seed := range uint64(enginetest.Scale(1, 3)) {
				l.threeLayers(t, 3*seed, enginetest.Scale(40, 3400))
			}
		})
	}
}

// threeLayers makes a chain and writes each layer at random.
func (l layered) threeLayers(t *testing.T, seed uint64, steps int) *store.Mem {
	t.Helper()
	files := store.NewMem()
	for i, name := range []string{"base.", "child.", "grandchild."} {
		below, parent := names(t, files), ""
		if i > 0 {
			parent = []string{"base.", "child."}[i-1] + l.format
		}
		name += l.format
		l.layer(t, files, name, parent)
		files = enginetest.RandomWrites(t, l.bed(t, files, name, below), enginetest.Steps(seed+uint64(i), sizeOf(t, files, name), l.block, 1, steps, true))
	}
	return files
}

// TestZerosHideEveryAncestor zeroes a part of a block, whole blocks and more in the
// youngest of three layers, and in the one in the middle, where only the oldest stores
// anything: Z3 of the peers' cases, the way in which three products lost data.
func TestZerosHideEveryAncestor(t *testing.T) {
	for _, l := range chains() {
		for _, who := range []string{"child.", "grandchild."} {
			t.Run(l.name+", by the "+who, func(t *testing.T) { l.zerosWin(t, who+l.format) })
		}
	}
}

// zerosWin has one of the layers zero what the oldest has stored.
func (l layered) zerosWin(t *testing.T, who string) {
	base, child, last := "base."+l.format, "child."+l.format, "grandchild."+l.format
	files := store.NewMem()
	l.how.Renew = false // or the youngest would not take the one in the middle for its parent
	l.layer(t, files, base, "")
	size := sizeOf(t, files, base)
	want := bytes.Repeat([]byte{0xF6}, int(size))
	l.write(t, files, base, func(w disk.Writer) error { _, err := w.WriteAt(want, 0); return err })
	l.layer(t, files, child, base)
	l.layer(t, files, last, child)
	unit := l.block
	for _, r := range [][2]int64{{unit + 513, 13 << 10}, {2*unit - 700, 1400}, {3 * unit, unit}, {5*unit - 512, unit + 1024}, {size - 1000, 1000}} {
		off, n := min(r[0], size-1), min(r[1], size-min(r[0], size-1))
		clear(want[off : off+n])
		l.write(t, files, who, func(w disk.Writer) error { return w.Zero(t.Context(), off, n) })
		l.write(t, files, who, func(w disk.Writer) error { return w.Zero(t.Context(), off, n) })
		want[off+n/2] = 1
		l.write(t, files, who, func(w disk.Writer) error { _, err := w.WriteAt([]byte{1}, off+n/2); return err })
	}
	b := l.bed(t, files, last, nil)
	b.Holds(t, files, append(want, make([]byte, sizeOf(t, files, last)-size)...))
}
