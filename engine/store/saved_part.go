package store

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// SavedChange is a change as Save wrote it: the bytes that it was the last to change.
type SavedChange struct {
	ID    int // in the run that saved it
	Title string
	Steps []Step
}

// Saved reads what Save wrote, one change for each that had a part in it, oldest first.
// It is ErrTorn if the text is incomplete, ErrDamaged if it is not what Save wrote.
func (w *Workspace) Saved(from io.Reader) ([]SavedChange, error) {
	steps, err := w.saved(from)
	if err != nil {
		return nil, fmt.Errorf("load staged changes: %w", err)
	}
	byChange := map[int][]Step{}
	for _, s := range steps {
		byChange[s.Change] = append(byChange[s.Change], s)
	}
	var list []SavedChange
	for _, id := range slices.Sorted(maps.Keys(byChange)) {
		list = append(list, SavedChange{id, byChange[id][0].Title, byChange[id]})
	}
	return list, nil
}

// StartsFrom is nil if the files hold the old bytes of a change. They may hold the new ones
// (ErrWritten), some of both (ErrPartly), or others (ErrChanged).
func (w *Workspace) StartsFrom(c SavedChange) error { return w.startsFrom(c.Steps) }

// StageSaved stages a change that was saved. What the files hold is not looked at.
func (w *Workspace) StageSaved(c SavedChange) error {
	return w.Do(c.Title, func(tx *Tx) error { return stageSteps(tx, c.Steps) })
}

// FileState is a file as it was read: it tells whether somebody has written to it since.
type FileState struct {
	Name     string
	Size     int64 // bytes
	Modified int64 // nanoseconds since 1970
}

// States are the files of a workspace as they were read, or as the last commit has left
// them.
func (w *Workspace) States() []FileState {
	w.mu.RLock()
	defer w.mu.RUnlock()
	w.disk.RLock()
	defer w.disk.RUnlock()
	var list []FileState
	for _, o := range w.order {
		list = append(list, FileState{o.name, o.length, o.time.UnixNano()})
	}
	return list
}
