package blockmap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/engine/disk"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/theme"
	"platter/views/viewtest"
)

// TestShareOfStoredBlocks holds that a cell looks as full as it is, however few
// blocks it has.
func TestShareOfStoredBlocks(t *testing.T) {
	const cells = 64 * 16 // at 80 by 24
	for per, want := range map[int64]string{1: "0#0#0#", 2: "0o#0o#", 4: "0:oo#0:oo#", 8: "0::ooooO#0::ooooO#"} {
		w := &world{blocks: cells * per, block: mib, natural: true, size: gib}
		w.state = func(b int64) [2]disk.Span {
			if stored := b / per % (per + 1); b%per < stored {
				return w.data(0, name, 4*mib+b*w.block)
			}
			return w.none(disk.Zero)
		}
		v := open(t, w, 79, 20)
		row := strings.Split(screen(v), "\n")[1][7:]
		if !strings.HasPrefix(row, want) {
			t.Errorf("%d blocks in a cell: %s, want %s..\n%s", per, row, want, screen(v))
		}
	}
}

// TestCursorStandsOut holds that the cell under the cursor differs from its
// like in shape and style wherever it is, in all themes, also without colour.
func TestCursorStandsOut(t *testing.T) {
	for _, name := range theme.Names() {
		for _, profile := range []theme.Profile{theme.NoColor, theme.Colors16, theme.Colors256} {
			for _, glyphs := range []theme.Glyphs{theme.ASCII, theme.Unicode} {
				for _, state := range []disk.State{disk.Data, disk.Zero, disk.Unallocated, disk.Unmapped, disk.FromParent, disk.Missing} {
					t.Run(fmt.Sprint(name, profile, glyphs, state), func(t *testing.T) {
						th, err := theme.New(name, profile, glyphs)
						if err != nil {
							t.Fatal(err)
						}
						standsOut(t, th, state)
					})
				}
			}
		}
	}
}

func standsOut(t *testing.T, th *theme.Theme, state disk.State) {
	w := &world{blocks: 1024, block: mib, natural: true, size: gib}
	w.state = func(b int64) [2]disk.Span {
		if state == disk.Data {
			return w.data(0, name, b*w.block)
		}
		return w.none(state)
	}
	v := blockmap.New(views.Env{Image: w, Theme: th})
	v.SetSize(79, 20)
	viewtest.Run(v, v.Start())
	line := strings.Split(v.View(), "\n")[1]
	row := []rune(ansi.Strip(line))[7:]
	if strings.ContainsRune("█▓▒░▌", row[0]) {
		t.Errorf("%c fills the cursor's cell, so that no background shows", row[0])
	}
	if reversed := state == disk.FromParent || state == disk.Missing; reversed && row[0] == row[1] {
		t.Errorf("the cursor's cell looks like the others in %q, which are in reverse too", string(row[:3]))
	}
	if cursor := th.SGR(theme.Cursor); !strings.Contains(line, cursor[len("\x1b[0"):]) {
		t.Errorf("no style of a cursor in %q", line)
	}
}
