package readers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/keymap"
	"platter/views"
	"platter/views/readers"
	"platter/views/viewtest"
)

// view is the screen of a sample, compared to the end.
func view(t *testing.T, sample string, w, h int) *readers.View {
	t.Helper()
	look := func(ctx context.Context) (*eyes.Eyes, error) {
		return engine.Eyes(ctx, "sample:"+sample, engine.Options{})
	}
	e, err := look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	v := readers.New(views.Env{Image: e.Image, Theme: viewtest.Theme(t)}, look)
	v.SetSize(w, h)
	viewtest.Run(v, v.Start())
	return v
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 20}, {160, 46}} {
		w, h := size[0], size[1]
		for _, s := range []string{"damaged", "dirty", "vhd"} {
			v := view(t, s, w, h)
			viewtest.Golden(t, fmt.Sprintf("%s-%dx%d", s, w, h), v.View(), w, h)
		}
	}
}

func TestAnySize(t *testing.T) {
	v := view(t, "damaged", 80, 20)
	for h := range 16 {
		for _, w := range []int{0, 1, 10, 25, 60, 130} {
			if v.SetSize(w, h); w > 0 && h > 0 {
				viewtest.Lines(t, v.View(), w, h)
			}
		}
	}
}

// TestWays goes from a range to its bytes, and from each reader to its own cause.
func TestWays(t *testing.T) {
	v := view(t, "damaged", 80, 20)
	to := func(a keymap.Action) views.Spot {
		t.Helper()
		for _, msg := range viewtest.Run(v, v.Do(a)) {
			if g, ok := msg.(views.Goto); ok {
				return g.To
			}
		}
		t.Fatalf("%s leads nowhere", a)
		return views.Spot{}
	}
	v.Do(keymap.Down)
	if p := to(keymap.Open).Place; p.File != disk.VirtualDisk || p.Offset != 0x10800 {
		t.Errorf("enter leads to %+v", p)
	}
	for column, want := range map[int]int64{1: 0x674, 5: 0x80a10, 7: 0x80a01} {
		for range 9 {
			v.Do(keymap.Left)
		}
		for range column {
			v.Do(keymap.Right)
		}
		if p := to(keymap.Follow).Place; p.File != "damaged.vhd" || p.Offset != want {
			t.Errorf("reader %d: the cause is at %+v, want 0x%x", column, p, want)
		}
	}
}

// TestExplain tells of a reader what it does otherwise, the source and how sure that is.
func TestExplain(t *testing.T) {
	v := view(t, "damaged", 80, 20)
	for range 7 {
		v.Do(keymap.Right)
	}
	up := viewtest.Run(v, v.Do(keymap.ExplainPane))
	if text := fmt.Sprint(up); len(up) != 1 || !strings.Contains(text, "dissect") || !strings.Contains(text, "ignores sector bitmaps") || !strings.Contains(text, ", read]") {
		t.Errorf("the explanation is %s", text)
	}
}

// TestHash hashes the disk as each sees it only when asked.
func TestHash(t *testing.T) {
	const sum = "1c7a79ba"
	v := view(t, "vhdx", 160, 46)
	if strings.Contains(v.View(), sum[:8]) {
		t.Error("hashed without being asked")
	}
	viewtest.Run(v, v.Do(keymap.ReaderHashes))
	if !strings.Contains(v.View(), sum[:8]) {
		t.Errorf("no hash:\n%s", v.View())
	}
}

// TestMouse puts both cursors where it clicks.
func TestMouse(t *testing.T) {
	v := view(t, "damaged", 80, 20)
	v.Mouse(1+20+7*6, 8, views.Click)
	msgs := viewtest.Run(v, v.Do(keymap.Follow))
	if g, ok := msgs[0].(views.Goto); !ok || g.To.Place.Offset != 0x80a01 {
		t.Errorf("a click on dissect leads to %v", msgs)
	}
	if msgs = viewtest.Run(v, v.Do(keymap.Open)); msgs[0].(views.Goto).To.Place.Offset != 0x10800 {
		t.Errorf("a click on the second range leads to %v", msgs)
	}
}

// TestRefusal says beside the ranges why a reader refuses the image, once it is gone to.
func TestRefusal(t *testing.T) {
	v := view(t, "damaged", 160, 46)
	if strings.Contains(v.View(), "points after the end of file") {
		t.Error("the refusal shows before its reader is gone to")
	}
	if v.Do(keymap.Right); !strings.Contains(v.View(), "points after the end of file") {
		t.Errorf("no refusal:\n%s", v.View())
	}
}

// TestStop cancels the comparison, and takes no late answer in.
func TestStop(t *testing.T) {
	ended := make(chan error, 1)
	look := func(ctx context.Context) (*eyes.Eyes, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	v := readers.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t)}, look)
	v.SetSize(80, 20)
	start := v.Start()
	answer := make(chan any)
	go func() { answer <- start() }()
	if !v.Stop() || v.Stop() {
		t.Error("it can't be stopped once")
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	v.Update(<-answer)
	if s := v.Status(); !strings.Contains(s, "stopped") {
		t.Errorf("the status is %q", s)
	}
}

// TestError says why the image can't be opened once more.
func TestError(t *testing.T) {
	v := readers.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t)}, func(context.Context) (*eyes.Eyes, error) { return nil, errors.New("the file is\x1b gone") })
	v.SetSize(80, 20)
	viewtest.Run(v, v.Start())
	if s := v.Status(); !strings.Contains(s, "gone") || strings.Contains(s, "\x1b") {
		t.Errorf("the status is %q", s)
	}
}

// TestNobodyOpens looks at an empty file: that no reader opens it is not said as if they agreed.
func TestNobodyOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.vhdx")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	look := func(ctx context.Context) (*eyes.Eyes, error) { return engine.Eyes(ctx, path, engine.Options{}) }
	e, err := look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	v := readers.New(views.Env{Image: e.Image, Theme: viewtest.Theme(t)}, look)
	v.SetSize(80, 20)
	viewtest.Run(v, v.Start())
	if got := strings.Join(viewtest.Lines(t, v.View(), 80, 20), "\n"); !strings.Contains(got, "no reader that is known opens") || strings.Contains(got, "the same disk") {
		t.Error(got)
	}
}
