package blockmap_test

import (
	"testing"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/viewtest"
)

// lists is a world that lists its plain blocks, but for every so many, which
// it leaves to its map.
type lists struct {
	*world
	skip int64
}

func (l lists) ListBlocks(first int64, out []disk.BlockPlace) (int, string, error) {
	for i := range out {
		b := first + int64(i)
		s := l.state(b)
		plain := s[0].Length >= l.block || s[1].Length == 0
		if b >= l.virtual()/l.block || b%l.skip == 1 || b == l.broken || !plain || s[0].Layer > 0 || s[0].Packed > 0 || s[0].State == disk.Missing || s[0].State == disk.FromParent {
			return i, name, nil
		}
		out[i] = disk.BlockPlace{Offset: s[0].Offset, State: s[0].State}
	}
	return len(out), name, nil
}

// TestListedBlocksShowAlike: what a screen shows does not depend on whether
// blocks were listed or told by the map.
func TestListedBlocksShowAlike(t *testing.T) {
	for _, skip := range []int64{3, 1000, 1 << 60} {
		plain, listed := open(t, archive(), 119, 36), open(t, lists{archive(), skip}, 119, 36)
		for i, actions := range [][]keymap.Action{{}, {keymap.NextMark}, {keymap.ZoomIn, keymap.ZoomIn}, {keymap.Overlay}, {keymap.ZoomOut}, {keymap.Last}} {
			for _, a := range actions {
				viewtest.Run(plain, plain.Do(a))
				viewtest.Run(listed, listed.Do(a))
			}
			if a, b := screen(plain), screen(listed); a != b {
				t.Fatalf("skip %d, step %d:\n%s\n%s", skip, i, a, b)
			}
		}
	}
}

// TestListIsAsked makes sure that the list spares the map most of the work.
func TestListIsAsked(t *testing.T) {
	l := lists{archive(), 1 << 60}
	v := blockmap.New(views.Env{Image: l, Theme: viewtest.Theme(t)})
	v.SetSize(119, 36)
	viewtest.Run(v, v.Start())
	other := archive()
	w := blockmap.New(views.Env{Image: other, Theme: viewtest.Theme(t)})
	w.SetSize(119, 36)
	viewtest.Run(w, w.Start())
	if a, b := l.asked.Load(), other.asked.Load(); a*4 > b {
		t.Errorf("the map is asked for %d blocks beside the list, %d without one", a, b)
	}
}
