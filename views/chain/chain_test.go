package chain_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/chain"
	"platter/views/viewtest"
)

// layer is an image of a chain that is made up.
type layer struct {
	*viewtest.Image
	link   disk.LinkInfo
	parent *layer
}

func (l *layer) Link() disk.LinkInfo { return l.link }

func (l *layer) Parent() disk.Image {
	if l.parent == nil {
		return nil
	}
	return l.parent
}

// Map deals the blocks out to the layers in turn; the last blocks are zeros,
// and nobody's.
func (l *layer) Map(off, n int64) iter.Seq2[disk.Span, error] {
	depth := 0
	for at := l; at != nil; at = at.parent {
		depth++
	}
	return func(yield func(disk.Span, error) bool) {
		const block = 64 << 10
		for b := off / block; b*block < off+n; b++ {
			s := disk.Span{Start: max(b*block, off), State: disk.Data, Layer: int(b/5) % depth, File: "layer\x1b[31m.vhdx", Offset: b * block}
			s.Length = min((b+1)*block, off+n) - s.Start
			s.Via = []disk.Via{{Table: "BAT", Index: b, Raw: 7}, {Table: "sector bitmap", Index: 8 * b, Raw: 1, IsBit: true}}
			if b >= 50 {
				s.State, s.File, s.Offset = disk.Unallocated, "", -1
			}
			if b >= 60 {
				s.State = disk.Zero
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func image(path string, parent *layer, link disk.LinkInfo) *layer {
	img := viewtest.New()
	img.Describe = func(i *disk.Info) {
		i.Path, i.Type = path, "differencing"
		if link.Term != "" {
			i.Parent = "parent"
		} else {
			i.Type = "dynamic"
		}
	}
	return &layer{img, link, parent}
}

const id = "18a1c077-0e5d-4a4b-bf33-11e94c5d6e70"

// healthy is a chain of three layers whose links hold.
func healthy() *layer {
	tries := disk.Tries{{Name: `.\mid.avhdx`}}
	good := disk.LinkInfo{Term: "DataWriteGuid", Wanted: []string{id}, Found: id, Names: []disk.LinkName{
		{Label: "relative_path", Name: `.\mid.avhdx`, Fate: tries.Fate(`.\mid.avhdx`)},
		{Label: "absolute_win32_path", Name: "C:\\vm\\\x1b[31mmid.avhdx", Fate: tries.Fate("another")},
	}}
	return image("/vm/top.avhdx", image("mid.avhdx", image("old/base.vhdx", nil, disk.LinkInfo{}), good), good)
}

// broken is a child whose parent was found, but changed.
func broken() *layer {
	tries := disk.Tries{{Name: `.\mid.avhdx`, Err: disk.ErrOtherDisk}, {Name: "gone.vhdx", Err: fs.ErrNotExist}}
	return image("/vm/top.avhdx", nil, disk.LinkInfo{
		Term: "DataWriteGuid", Wanted: []string{id}, Found: "5e2b9f10-0cc1-4f7d-8e10-2f9b6d33c001", Fault: errors.New("it is not the parent that was there when the child was made"),
		Names: tries.Rest(nil),
	})
}

func view(t *testing.T, img disk.Image, w, h int) *chain.View {
	t.Helper()
	v := chain.New(views.Env{Image: img, Theme: viewtest.Theme(t)})
	v.SetSize(w, h)
	viewtest.Run(v, v.Start())
	return v
}

func press(v *chain.View, actions ...keymap.Action) (up []any) {
	for _, a := range actions {
		for _, msg := range viewtest.Run(v, v.Do(a)) {
			up = append(up, msg)
		}
	}
	return up
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		w, h := size[0], size[1]
		name := fmt.Sprintf("-%dx%d", w, h)
		v := view(t, healthy(), w, h)
		viewtest.Golden(t, "layers"+name, v.View(), w, h)
		press(v, keymap.Last)
		viewtest.Golden(t, "base"+name, v.View(), w, h)
		press(v, keymap.PrevPane, keymap.Right, keymap.Right)
		viewtest.Golden(t, "strip"+name, v.View(), w, h)
		viewtest.Golden(t, "mismatch"+name, view(t, broken(), w, h).View(), w, h)
	}
}

// TestFewRows keeps the layers in sight where a lesson leaves few rows: the strip gives way, and
// neither gets the focus nor says that the disk can't be read.
func TestFewRows(t *testing.T) {
	base := image("base.vhdx", nil, disk.LinkInfo{})
	v := view(t, image("child.vhdx", base, disk.LinkInfo{Term: "ParentLinkage"}), 80, 11)
	if s := v.View(); !strings.Contains(s, "child.vhdx") || !strings.Contains(s, "base.vhdx") {
		t.Errorf("a layer does not show:\n%s", s)
	}
	for range 4 {
		v.Do(keymap.NextPane)
		if why := v.Disabled(keymap.Open); strings.Contains(why, "read") {
			t.Errorf("the strip that does not show has the focus: %s", why)
		}
	}
	if why := v.Disabled(keymap.Overlay); !strings.Contains(why, "no room") {
		t.Errorf("the overlay of a strip that does not show: %q", why)
	}
}

func TestAnySize(t *testing.T) {
	for h := range 14 {
		for _, w := range []int{0, 1, 10, 60, 130} {
			v := view(t, healthy(), w, h)
			press(v, keymap.PrevPane, keymap.Right, keymap.Down)
			if w > 0 && h > 0 {
				viewtest.Lines(t, v.View(), w, h)
			}
		}
	}
}

func TestOpensLayers(t *testing.T) {
	v := view(t, healthy(), 119, 36)
	if v.Disabled(keymap.Open) == "" {
		t.Error("the image that is open can be opened")
	}
	up := press(v, keymap.Down, keymap.Open, keymap.Down, keymap.Open)
	got := fmt.Sprint(up)
	if !strings.Contains(strings.ReplaceAll(got, `\`, "/"), "{mid.avhdx} {old/base.vhdx}") {
		t.Errorf("layers open as %s", got)
	}
}

func TestStripLeadsToTheDisk(t *testing.T) {
	v := view(t, healthy(), 119, 36)
	up := press(v, keymap.PrevPane, keymap.Last, keymap.Open)
	if len(up) != 1 {
		t.Fatalf("%v", up)
	}
	at := up[0].(views.Goto).To.Place
	if at != (decode.Place{File: disk.VirtualDisk, Offset: 63 << 16, Length: 1}) {
		t.Errorf("the last cell leads to %v", at)
	}
	if s := v.Status(); !strings.HasSuffix(s, "zero") {
		t.Errorf("status %q", s)
	}
}

func TestCountsWhatLayersAnswerFor(t *testing.T) {
	lines := strings.Join(viewtest.Lines(t, view(t, healthy(), 119, 36).View(), 119, 36), "\n")
	for _, want := range []string{"1.2 MiB", "960 KiB"} { // 20, 15 and 15 blocks of 64 KiB
		if !strings.Contains(lines, want) {
			t.Errorf("no %s in\n%s", want, lines)
		}
	}
}

// sparse is a chain of which the upper layers have a few bytes each in what the
// base stores all of.
type sparse struct {
	*layer
	own map[int64]int // by the number of the 4 KiB, the layer
}

func (s *sparse) Info() disk.Info {
	info := s.layer.Info()
	info.VirtualSize, info.BlockSize = 64<<20, 2<<20
	return info
}

func (s *sparse) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		const unit = 4 << 10
		for b := off / unit; b*unit < off+n; b++ {
			layer, ok := s.own[b]
			if !ok {
				layer = 2
			}
			if !yield(disk.Span{Start: b * unit, Length: unit, State: disk.Data, Layer: layer, File: "layer.vhdx", Offset: b * unit}, nil) {
				return
			}
		}
	}
}

// TestLittleThatAChildStoresShows holds that the uppermost layer of a cell
// wins, however little it has there.
func TestLittleThatAChildStoresShows(t *testing.T) {
	img := &sparse{healthy(), map[int64]int{7 * 512: 0, 7*512 + 1: 1, 20 * 512: 1}}
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		v := view(t, img, size[0], size[1])
		screen := strings.Join(viewtest.Lines(t, v.View(), size[0], size[1]), "\n")
		_, strip, _ := strings.Cut(screen, "The topmost layer that stores")
		strip = strip[strings.Index(strip, "\n"):]
		signs := strings.Map(func(r rune) rune {
			if strings.ContainsRune("012", r) {
				return r
			}
			return -1
		}, strip[:strings.Index(strip, "top.avhdx")])
		if top, mid := strings.Index(signs, "0"), strings.Index(signs, "1"); top < 0 || mid < top || signs[0] != '2' {
			t.Errorf("%v: layers 0 and 1 do not show in their places:\n%s", size, screen)
		}
	}
	v := view(t, img, 79, 20)
	press(v, keymap.PrevPane)
	for range 7 * 78 {
		if strings.Contains(v.Status(), "some of it comes from layer 0, top.avhdx") {
			return
		}
		press(v, keymap.Right)
	}
	t.Errorf("no cell tells of layer 0: %s", v.Status())
}

// TestOverlayOfALayer shows what a layer stores, also where a newer one hides
// it.
func TestOverlayOfALayer(t *testing.T) {
	v := view(t, healthy(), 119, 36)
	press(v, keymap.Down, keymap.Overlay)
	screen := strings.Join(viewtest.Lines(t, v.View(), 119, 36), "\n")
	for _, want := range []string{"What layer 1, mid.avhdx, stores", "# stored, and shown", "o stored, but a newer layer hides it"} {
		if !strings.Contains(strings.ReplaceAll(screen, "layer 1 stores, mid.avhdx", "layer 1, mid.avhdx, stores"), want) {
			t.Errorf("no %q in\n%s", want, screen)
		}
	}
	viewtest.Golden(t, "overlay-119x36", v.View(), 119, 36)
	press(v, keymap.Down)
	if s := v.View(); !strings.Contains(s, "base.vhdx") || !strings.Contains(s, "What layer 2 stores") {
		t.Errorf("the overlay does not follow the cursor:\n%s", s)
	}
	press(v, keymap.PrevPane, keymap.Last)
	if s := v.Status(); !strings.HasSuffix(s, "not stored in this layer") {
		t.Errorf("status %q", s)
	}
	if press(v, keymap.Overlay); !strings.Contains(v.View(), "The topmost layer that stores") {
		t.Error("a does not lead back to the answers")
	}
}

func TestHostileWords(t *testing.T) {
	v := view(t, healthy(), 199, 56)
	press(v, keymap.PrevPane)
	if strings.Contains(v.View(), "\x1b[31m") || strings.Contains(v.Status(), "\x1b") {
		t.Error("a text of the image reaches the terminal as it is")
	}
}

func TestOnlyChildrenHaveAChain(t *testing.T) {
	if chain.Lacks(viewtest.New()) == "" || chain.Lacks(healthy()) != "" || chain.Lacks(broken()) != "" {
		t.Error("the screen is offered for the wrong images")
	}
}

// claimed is a layer whose header claims all of 63 bits.
type claimed struct {
	*layer
	outside int // times that it was asked about what no disk has
}

func (c *claimed) Info() disk.Info {
	info := c.layer.Info()
	info.VirtualSize = math.MaxInt64
	return info
}

func (c *claimed) Map(off, n int64) iter.Seq2[disk.Span, error] {
	if off < 0 || n <= 0 || n > math.MaxInt64-off {
		c.outside++
	}
	return func(yield func(disk.Span, error) bool) {
		yield(disk.Span{Start: off, Length: n, State: disk.Unallocated}, nil)
	}
}

func TestScanEndsAtTheLargestSize(t *testing.T) {
	img := &claimed{layer: healthy()}
	v := view(t, img, 119, 36)
	press(v, keymap.NextPane, keymap.Last)
	if img.outside > 0 {
		t.Errorf("the scan asked %d times about what lies outside the disk", img.outside)
	}
	if s := strings.Join(viewtest.Lines(t, v.View(), 119, 36), "\n"); strings.Contains(s, "0x-") {
		t.Errorf("a negative offset shows:\n%s", s)
	}
}
