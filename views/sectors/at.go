package sectors

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// fact is what is known of the byte under the cursor.
type fact struct {
	gen   views.Gen
	off   int64
	span  disk.Span // of this byte: with the entries that decided it
	err   error
	was   byte          // on disk, where something else is staged
	now   bool          // something else is staged
	nodes []decode.Node // of what the guest wrote, outermost first
}

// field is the deepest node that the byte belongs to, if it is one of known
// structure.
func (f *fact) field() (decode.Node, bool) {
	if len(f.nodes) == 0 {
		return decode.Node{}, false
	}
	n := f.nodes[len(f.nodes)-1]
	return n, n.Field != nil || n.Len() == 0 && n.Ref != ""
}

// structure is the innermost node that is no field.
func (f *fact) structure() (decode.Node, bool) {
	for _, n := range slices.Backward(f.nodes) {
		if n.Field == nil {
			return n, true
		}
	}
	return decode.Node{}, false
}

// examined is the answer to examine.
type examined struct{ fact fact }

// examine asks for the facts of the byte under the cursor. One question is
// under way at a time: when the answer comes, the next one is about where the
// cursor is by then.
func (v *View) examine() tea.Cmd {
	if v.asking || v.ground.size == 0 || v.fact.gen == v.factGen && v.fact.off == v.hex.Cursor() {
		return nil
	}
	v.asking = true
	img, ed, staged, guest, f := v.image, v.editor, v.staged, v.guest, fact{gen: v.factGen, off: v.hex.Cursor()}
	return func() tea.Msg {
		for s, err := range img.Map(f.off, 1) {
			f.span, f.err = s, err
			f.span.Via = slices.Clone(s.Via)
			break
		}
		if s := f.span; f.err == nil && s.Layer == 0 && s.Packed == 0 && len(staged.Within(s.File, s.Offset, 1)) > 0 {
			f.was, f.err = onDisk(ed, f.off)
			f.now = f.err == nil
		}
		for _, i := range guest.Find(disk.VirtualDisk, f.off) {
			guest = guest.Child(i)
			f.nodes = append(f.nodes, guest)
		}
		return examined{f}
	}
}

func (v *View) examined(msg examined) {
	if msg.fact.gen == v.factGen {
		v.asking, v.fact = false, msg.fact
		v.explainFact()
	}
}

// surveyed is what the guest wrote.
type surveyed struct {
	gen   views.Gen
	parts []disk.Partition
	guest decode.Node
	err   error
}

// survey asks for the guest's partitions and structures.
func (v *View) survey() tea.Cmd {
	if v.explorer == nil || v.ground.size == 0 {
		return nil
	}
	img, ex, gen := v.image, v.explorer, v.gen
	return func() tea.Msg {
		parts, err := ex.Partitions(context.Background(), img)
		if err != nil {
			return surveyed{gen: gen, err: err}
		}
		guest, err := ex.Guest(context.Background(), img)
		return surveyed{gen, parts, guest, err}
	}
}

func (v *View) surveyed(msg surveyed) {
	if msg.gen != v.gen {
		return
	}
	v.parts, v.guest, v.guestErr = msg.parts, msg.guest, msg.err
	v.factGen, v.asking = views.NewGen(), false // what is known of the cursor's byte lacks its field
	v.names = nil
	for _, p := range v.parts {
		v.names = append(v.names, v.partitionText(p))
	}
	v.place()
}

// partition is the innermost partition that holds a byte.
func (v *View) partition(off int64) (disk.Partition, bool) {
	var best disk.Partition
	found := false
	for _, p := range v.parts {
		if off >= p.Start && off < p.End() && (!found || p.Length < best.Length) {
			best, found = p, true
		}
	}
	return best, found
}

// run is a search for the next data, or the previous.
type run struct {
	gen    views.Gen
	cancel context.CancelFunc
}

// stop ends the search, and reports whether there was one.
func (r *run) stop() bool {
	if r.cancel == nil {
		return false
	}
	r.cancel()
	*r = run{}
	return true
}

// ran is where the search led.
type ran struct {
	gen   views.Gen
	off   int64
	found bool
	err   error
}

// seekRun looks for where data starts, after the cursor or before it.
func (v *View) seekRun(forward bool) tea.Cmd {
	v.run.stop()
	ctx, cancel := context.WithCancel(context.Background())
	v.run = run{views.NewGen(), cancel}
	img, gen, from, size := v.image, v.run.gen, v.hex.Cursor(), v.ground.size
	return func() tea.Msg {
		if forward {
			return nextRun(ctx, img, gen, from, size)
		}
		return prevRun(ctx, img, gen, from)
	}
}

func nextRun(ctx context.Context, img disk.Image, gen views.Gen, from, size int64) ran {
	for r, err := range disk.Runs(ctx, img, from, size-from) {
		if err != nil {
			return ran{gen: gen, err: err}
		}
		if r.Content == disk.Stored && r.Start > from {
			return ran{gen: gen, off: r.Start, found: true}
		}
	}
	return ran{gen: gen}
}

// runPiece is how far prevRun looks back at once.
const runPiece = 16 << 30

// prevRun finds the start of the run that the byte before from is in, or of
// the one before that.
func prevRun(ctx context.Context, img disk.Image, gen views.Gen, from int64) ran {
	start, found := int64(0), false
	for end := from; end > 0; {
		piece := min(end, runPiece)
		off, touches, any := int64(0), false, false
		for r, err := range disk.Runs(ctx, img, end-piece, piece) {
			if err != nil {
				return ran{gen: gen, err: err}
			}
			if r.Content == disk.Stored {
				off, any, touches = r.Start, true, r.End() == end
			}
		}
		if found && !touches {
			break
		}
		if any {
			start, found = off, true
		}
		if end -= piece; found && start > end {
			break
		}
	}
	return ran{gen: gen, off: start, found: found}
}

func (v *View) ran(msg ran) tea.Cmd {
	if msg.gen != v.run.gen {
		return nil
	}
	v.run.stop()
	if msg.err != nil {
		return views.Send(views.Failed{Err: msg.err})
	}
	if !msg.found {
		return nil
	}
	return v.goTo(msg.off)
}
