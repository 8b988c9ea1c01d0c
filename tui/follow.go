package tui

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/widget/menu"
)

// offers says what belongs with the bytes at a place that were just staged, and which key
// stages it; empty if nothing does.
func (t *typing) offers(ed disk.Session, at decode.Place) string {
	f, ok := ed.(disk.Follower)
	if !ok {
		return ""
	}
	t.followed = at
	list, err := f.Follow(context.Background(), at)
	if err != nil || len(list) == 0 {
		return ""
	}
	var titles []string
	for _, l := range list {
		titles = append(titles, l.Title)
	}
	return "alt+c stages what belongs with it: " + decode.Printable(strings.Join(titles, ", "))
}

// belongs lists what belongs with the bytes under the cursor, or else with those that were
// typed last.
func (t *typing) belongs(ed disk.Session, at decode.Place) ([]disk.Follow, error) {
	f, ok := ed.(disk.Follower)
	if !ok {
		return nil, nil
	}
	for _, p := range []decode.Place{at, t.followed} {
		if list, err := f.Follow(context.Background(), p); err != nil || len(list) > 0 {
			return list, err
		}
	}
	return nil, nil
}

// follow stages what belongs with the bytes under the cursor; where there are several
// things the user chooses.
func (e *edits) follow() tea.Cmd {
	p, ok := e.pointed()
	if !ok {
		return nil
	}
	var list []disk.Follow
	last := e.last
	return tea.Batch(e.drain(), e.enqueueWork(work{
		do: func(ed disk.Session) (say string, err error) {
			if r, ok := ed.(disk.Replayer); ok && p.Cursor.File == disk.VirtualDisk {
				if done, err := r.Replay(context.Background()); done || err != nil {
					return "staged: the replay of the log in the file; now the disk can be edited", err
				}
			}
			list, err = last.belongs(ed, p.Cursor)
			switch {
			case err != nil:
				return "", err
			case len(list) == 0:
				return "nothing belongs with these bytes, or it fits: no checksum, no second copy", nil
			case len(list) == 1:
				return last.stageFollow(ed, list[0])
			}
			return "", nil
		},
		after: func() tea.Cmd {
			if len(list) < 2 {
				return nil
			}
			return e.chooseFollow(list)
		},
	}))
}

// chooseFollow offers what belongs with some bytes, the whole of it first where nothing
// excludes another.
func (e *edits) chooseFollow(list []disk.Follow) tea.Cmd {
	var items []menu.Item
	for _, f := range list {
		items = append(items, menu.Item{Name: decode.Printable(f.Title), Help: decode.Printable(f.Why)})
	}
	last := e.last
	return e.offer("What belongs with these bytes", items, func(i int) tea.Cmd {
		return e.enqueue(func(ed disk.Session) (string, error) { return last.stageFollow(ed, list[i]) })
	})
}

// sums stages the checksums that guard what was just changed at a place and lie in another
// structure, and says so.
func (t *typing) sums(ed disk.Session, at decode.Place, changed string) (string, error) {
	f, ok := ed.(disk.Follower)
	if !ok {
		return "", nil
	}
	list, err := f.Follow(context.Background(), at)
	if err != nil {
		return "", err
	}
	for _, l := range list {
		if l.Sum {
			say, err := t.stageFollow(ed, l)
			return both(say, "and before it: "+changed), err
		}
	}
	return "", nil
}

// stageFollow stages it, and says what belongs with that.
func (t *typing) stageFollow(ed disk.Session, f disk.Follow) (string, error) {
	*t = typing{mark: t.mark, followed: t.followed}
	mark, more, err := t.place(ed, f.Title, f.Edits)
	if err != nil {
		return "", err
	}
	return note(f.Title, both(more, t.offers(ed, t.followed)), mark), nil
}
