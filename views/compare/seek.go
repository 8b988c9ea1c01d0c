package compare

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// sought is the answer to a search for the next byte that differs after a run
// of those that do.
type sought struct {
	gen   views.Gen
	at    int64 // -1: there is none in the block
	step  int64
	block int64 // in the list
}

// seekPiece is how much is compared at once.
const seekPiece = 64 << 10

// seek goes to the next run of bytes that differ, within the listed blocks.
func (v *View) seek(step int64) tea.Cmd {
	ctx, cancel := context.WithCancel(context.Background())
	v.seeking, v.cancel = views.NewGen(), cancel
	gen, images, cursor := v.seeking, v.images, v.hex.lines.Cursor()
	blocks := v.blocks
	i := blockAt(blocks, cursor, step)
	return func() tea.Msg {
		at, run := cursor, true
		for ; i >= 0 && i < len(blocks) && ctx.Err() == nil; i += int(step) {
			b := blocks[i]
			if at < b.Start || at >= b.Start+b.Length {
				if at, run = b.Start, false; step < 0 {
					at = b.Start + b.Length - 1
				}
			}
			if to, ok := nextRun(ctx, images, b, at, step, run); ok {
				return sought{gen, to, step, int64(i)}
			}
			at, run = -1, false
		}
		return sought{gen: gen, at: -1, step: step}
	}
}

// Stop ends the search for the next difference; it reports whether it ran.
func (v *View) Stop() bool {
	ran := v.seeking != 0
	v.cancel()
	v.seeking = 0
	return ran
}

// blockAt is the listed block that holds an offset, else the next one in the
// direction of step.
func blockAt(blocks []disk.BlockDiff, off, step int64) int {
	i := 0
	for i < len(blocks) && blocks[i].Start+blocks[i].Length <= off {
		i++
	}
	if step < 0 && (i == len(blocks) || blocks[i].Start > off) {
		i--
	}
	return i
}

// nextRun finds where the next bytes of a block begin that differ, seen from
// an offset; in a run of such bytes the rest of it is passed. Backwards it is
// the last byte of the run before. What only the larger disk has differs in
// all its bytes: it is not read, for it may be most of a disk.
func nextRun(ctx context.Context, images [2]disk.Image, b disk.BlockDiff, at, step int64, run bool) (int64, bool) {
	both := min(images[0].Info().VirtualSize, images[1].Info().VirtualSize)
	for at >= b.Start && at < b.Start+b.Length && ctx.Err() == nil {
		switch {
		case at < both:
		case !run:
			return at, true
		case step > 0:
			return 0, false
		default:
			at = both - 1
			continue
		}
		from, n := at, min(seekPiece, min(b.Start+b.Length, both)-at)
		if step < 0 {
			from = max(b.Start, at+1-seekPiece)
			n = at + 1 - from
		}
		p := readBoth(images, from, int(n))
		for ; at >= from && at < from+n; at += step {
			switch d := p.differs(int(at - from)); {
			case d && !run:
				return at, true
			case !d:
				run = false
			}
		}
	}
	return 0, false
}

// found goes to what was sought.
func (v *View) found(msg sought) tea.Cmd {
	if msg.gen != v.seeking {
		return nil
	}
	v.Stop()
	v.canvas.Dirty = true
	if msg.at < 0 {
		where := "after"
		if msg.step < 0 {
			where = "before"
		}
		return views.Send(views.Failed{Err: fmt.Errorf("no difference %s this one", where)})
	}
	v.list.To(msg.block)
	v.hex.lines.Go(msg.at)
	return v.hex.read()
}

// readBoth reads n bytes of two disks, as far as they go.
func readBoth(images [2]disk.Image, off int64, n int) (p piece) {
	for i, img := range images {
		p[i].size = img.Info().VirtualSize - off
		b := make([]byte, max(0, min(int64(n), p[i].size)))
		if got, err := img.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
			b, p[i].lost = b[:got], true
		}
		p[i].b = b
	}
	return p
}
