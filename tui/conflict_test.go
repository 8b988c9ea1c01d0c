package tui_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
	"platter/engine/store/storetest"
	"platter/tui"
)

// patch writes to the file as another program would.
func (b *bench) patch(off int64, bytes ...byte) {
	b.t.Helper()
	f, err := os.OpenFile(b.path, os.O_RDWR, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes, off); err != nil {
		b.t.Fatal(err)
	}
}

// TestFileChangedWhileStaged has another program write where one of two staged changes goes.
// The write is refused in plain words, reading again keeps the one that fits, and the other
// can be looked at, staged all the same, or thrown away.
func TestFileChangedWhileStaged(t *testing.T) {
	for _, drop := range []bool{false, true} {
		b := onFile(t, "vhd", 120, 40)
		b.keys("2", "tab", ":", "0x30", "enter", "e", "7f", "esc", ":", "0x40", "enter", "e", "11", "esc").expect("* 2 staged")
		b.patch(0x40, 0x99)
		b.keys("W", "t", "s", "w", filepath.Base(b.path), "enter")
		b.expect("The file was changed", "byte 0x99, expected", "Nothing was written", "[ Keep staged ]").not("1a:")
		b.keys("r").expect("Changes that no longer fit", "1 kept change goes", "* 1 staged")
		b.keys("l", "esc").expect("Staged changes").keys("c").expect("Changes that no longer fit the file", "1 byte typed at 0x40", "99", "11")
		b.keys("enter").expect("go there", "stage it", "throw away")
		want := byte(0x11)
		if drop {
			b.keys("down", "down", "enter").expect("thrown away: 1 byte typed at 0x40", "* 1 staged")
			want = 0x99
		} else {
			b.keys("down", "enter").expect("* 2 staged", "staged: 1 byte typed at 0x40")
		}
		b.keys("esc")
		b.write()
		if f := b.file(); f[0x30] != 0x7f || f[0x40] != want {
			t.Errorf("the file holds %x and %x", f[0x30], f[0x40])
		}
	}
}

// TestReloadKeepsWhatIsStaged reads an image again that nobody else has written to.
func TestReloadKeepsWhatIsStaged(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "0x500010", "enter", "e", "5a5b", "esc").expect("* 2 staged")
	was := b.session
	b.keys("R").expect("2 kept changes are staged again", "* 2 staged")
	if b.session == was {
		t.Error("the image was not read again")
	}
	b.keys("6", ":", "0x500012", "enter", "e", "5c", "esc").expect("* 3 staged")
	b.write()
	if got := diskOf(t, b.path)[0x500010:0x500013]; !bytes.Equal(got, []byte{0x5a, 0x5b, 0x5c}) {
		t.Errorf("the disk holds % x", got)
	}
}

// TestInterruptedWriteInTheScreens opens an image that a power cut left in the middle of a
// commit: the user is asked, sees the plan, and goes either way.
func TestInterruptedWriteInTheScreens(t *testing.T) {
	for label, forward := range map[string]bool{"f": true, "r": false} {
		path := cutShort(t)
		b := editFile(t, path, 120, 40, recovers)
		b.expect("An earlier write was interrupted", "[ Not now ]", "Look", "Finish", "Roll back")
		b.keys("l").expect("The interrupted write", "new", "old").keys("esc", "W").expect("An earlier write was interrupted")
		b.keys(label).not("An earlier write was interrupted")
		want := []byte("old.")
		if forward {
			b.expect("the interrupted write is complete")
			want = []byte("new.")
		} else {
			b.expect("the image is as it was before that write")
		}
		for _, off := range []int{64, 2048} {
			if got := b.file()[off : off+4]; !bytes.Equal(got, want) {
				t.Errorf("forward %v: at %d %q", forward, off, got)
			}
		}
		if _, err := os.Stat(store.JournalName(path)); err == nil {
			t.Error("the journal is still there")
		}
		b.keys("W").expect("Turn writing on")
	}
}

// recovers has what is opened offer an interrupted write, as the program does.
func recovers(c *tui.Config) {
	open := c.Open
	c.Open = func(ctx context.Context, path, parent string) (disk.Image, tui.Editing, error) {
		img, how, err := open(ctx, path, parent)
		i, none := edit.FindInterrupted(ctx, path, engine.Options{})
		if none != nil {
			return img, how, err
		}
		act := func(do func(*edit.Interrupted) error) func() error {
			return func() error {
				i, err := edit.FindInterrupted(ctx, path, engine.Options{})
				if err != nil {
					return err
				}
				return errors.Join(do(i), i.Close())
			}
		}
		how.Interrupted = &tui.Interrupted{Summary: i.Summary(), Torn: i.Torn, Steps: i.Steps(), Back: act((*edit.Interrupted).Back), Forward: act((*edit.Interrupted).Forward)}
		return img, how, errors.Join(err, i.Close())
	}
}

// cutShort leaves a raw image in the middle of a commit of two writes, of which the first is
// done.
func cutShort(t *testing.T) string {
	t.Helper()
	const name = "disk.raw"
	for n := 1; ; n++ {
		base := storetest.New()
		base.PutFile(name, bytes.Repeat([]byte("old."), 1024))
		w := store.NewWorkspace(base, name)
		for _, off := range []int64{64, 2048} {
			err := w.Do("overwrite", func(tx *store.Tx) error {
				f, err := tx.OpenWrite(name)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = f.WriteAt([]byte("new."), off)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		base.CutAfter(n)
		if err := w.Commit(t.Context()); err == nil {
			t.Fatal("no operation of a commit lies between its writes")
		}
		left, dir := base.CrashClone(uint64(n)), t.TempDir()
		names, err := left.ReadDir(".")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range names {
			writeOut(t, left, f, filepath.Join(dir, f))
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && len(names) == 2 && string(b[64:68]) == "new." && string(b[2048:2052]) == "old." {
			return filepath.Join(dir, name)
		}
	}
}

// TestWriteWaitsForWhatIsBeingStaged presses w while a change is on its way: the question
// comes after it.
func TestWriteWaitsForWhatIsBeingStaged(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", ":", "0x1b8", "enter", "e", "01", "esc", ":", "0x200", "enter", "e", "02", "esc", "W", "t", "s").expect("Staged changes", "RW")
	_, first := b.m.Update(key("u"))
	_, second := b.m.Update(key("w"))
	b.run(first)
	b.run(second)
	b.expect("Write to disk", "1 byte in 1 place")
}
