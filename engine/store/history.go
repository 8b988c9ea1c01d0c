package store

import (
	"fmt"
	"slices"
)

// History lists all changes, oldest first, those undone last.
func (w *Workspace) History() []Change {
	w.mu.RLock()
	defer w.mu.RUnlock()
	list := make([]Change, len(w.history))
	for i, c := range w.history {
		list[i] = Change{c.id, c.title, c.state(), c.edits()}
	}
	return list
}

// Last is the ID of the last visible change; 0 for none.
func (w *Workspace) Last() int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.cursor == 0 {
		return 0
	}
	return w.history[w.cursor-1].id
}

// Staged is the number of changes that the next commit would bring to disk.
func (w *Workspace) Staged() int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	n := 0
	for _, c := range w.history {
		// a drop counts as what it takes out
		if visible := !c.undone && !c.dropped; c.drops == nil && visible != c.committed {
			n++
		}
	}
	return n
}

// Undo takes back the last visible change. One that was committed is taken back
// in memory like any other; the next commit brings that to disk. ErrNothing tells
// that no change is left.
func (w *Workspace) Undo() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.busy:
		return fmt.Errorf("undo: %w", ErrBusy)
	case w.cursor == 0:
		return fmt.Errorf("undo: %w", ErrNothing)
	}
	return w.move(w.history[w.cursor-1], -1)
}

// Redo brings back the change that was undone last. ErrNothing tells that there
// is none.
func (w *Workspace) Redo() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.busy:
		return fmt.Errorf("redo: %w", ErrBusy)
	case w.cursor == len(w.history):
		return fmt.Errorf("redo: %w", ErrNothing)
	}
	return w.move(w.history[w.cursor], +1)
}

// move takes a change across the cursor. If the splices of its last move still
// hold, they are reversed; else its edits are staged.
func (w *Workspace) move(c *change, step int) error {
	d := w.now.Load().draft()
	switch {
	case c.settled != nil && c.epoch != d.from.epoch.number:
		list, err := w.restage(d, c.settled, step, c)
		if err != nil {
			return err
		}
		c.splices, c.applied, c.epoch = list, true, d.from.epoch.number
	case c.applied:
		d.takeBack(c.splices)
		c.applied = false
	default:
		for _, s := range c.splices {
			d.apply(s)
		}
		c.applied = true
	}
	c.undone = step < 0
	c.takeEffect(!c.undone)
	w.cursor += step
	w.publish(d)
	return nil
}

// restage writes edits into a draft once more: forward what was there after them,
// backward, from the last, what was there before.
func (w *Workspace) restage(d draft, edits []Edit, step int, by *change) ([]splice, error) {
	var done []splice
	for i := range edits {
		e := edits[i]
		if step < 0 {
			e = edits[len(edits)-1-i].Inverse()
		}
		list, err := d.overlay(w.byName[e.File]).replay(e, by)
		if err != nil {
			return nil, err
		}
		done = append(done, list...)
	}
	return done, nil
}

// Inverse is the edit that undoes e.
func (e Edit) Inverse() Edit {
	return Edit{e.File, e.Offset, e.After, e.Before, e.SizeAfter, e.SizeBefore, e.Why}
}

func (o *overlay) replay(e Edit, by *change) ([]splice, error) {
	if !e.Resizes() {
		return o.write(e.After, e.Offset, by)
	}
	s, err := o.resize(e.SizeAfter, by)
	if err != nil {
		return nil, err
	}
	return []splice{s}, nil
}

// Drop takes one change out of the middle of the history, by its ID, as a new
// change that can be undone. ErrEntangled tells that a later change builds on it.
func (w *Workspace) Drop(id int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.history[:w.cursor], func(c *change) bool { return c.id == id && !c.dropped })
	switch {
	case w.busy:
		return fmt.Errorf("drop: %w", ErrBusy)
	case at < 0:
		return fmt.Errorf("drop change %d: %w", id, ErrNothing)
	}
	c := w.history[at]
	after := w.history[at+1 : w.cursor]
	for _, later := range after {
		cancels := later.drops != nil && slices.Contains(after, later.drops)
		if !later.dropped && !cancels && overlaps(c.edits(), later.edits()) {
			return fmt.Errorf("drop %q: %w: %q", c.title, ErrEntangled, later.title)
		}
	}
	w.lastID++
	d := w.now.Load().draft()
	out := &change{id: w.lastID, title: "drop: " + c.title, applied: true, epoch: d.from.epoch.number, drops: c}
	list, err := w.takeOut(d, c, out)
	if err != nil {
		return err
	}
	out.splices = list
	out.takeEffect(true)
	w.record(out, d)
	return nil
}

// takeOut undoes c under later changes that do not touch it.
func (w *Workspace) takeOut(d draft, c, by *change) ([]splice, error) {
	if c.settled != nil {
		return w.restage(d, c.settled, -1, by)
	}
	var list []splice
	for _, s := range slices.Backward(c.splices) {
		for _, p := range s.inverse().pieces() {
			d.apply(p)
			list = append(list, p)
		}
	}
	return list, nil
}

// Earlier moves a staged change before the one that was made before it, so that it is undone
// after that; what is visible stays as it is. ErrEntangled tells that it builds on that one,
// ErrNothing that there is none, ErrFixed that one of the two is or was on disk, is undone or
// a drop.
func (w *Workspace) Earlier(id int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.history[:w.cursor], func(c *change) bool { return c.id == id })
	switch {
	case w.busy:
		return fmt.Errorf("move earlier: %w", ErrBusy)
	case at < 1:
		return fmt.Errorf("move change %d earlier: %w", id, ErrNothing)
	}
	before, c := w.history[at-1], w.history[at]
	for _, one := range []*change{before, c} {
		if one.state() != Staged || one.drops != nil || one.settled != nil {
			return fmt.Errorf("move change %d earlier: %w", id, ErrFixed)
		}
	}
	if overlaps(before.edits(), c.edits()) {
		return fmt.Errorf("move %q before %q: %w", c.title, before.title, ErrEntangled)
	}
	for _, one := range []*change{before, c} { // the other may have bytes in the gaps, which is now made first or last
		var list []splice
		for _, s := range one.splices {
			list = append(list, s.pieces()...)
		}
		one.splices = list
	}
	w.history[at-1], w.history[at] = c, before
	w.publish(w.now.Load().draft())
	return nil
}
