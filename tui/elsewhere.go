package tui

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// elsewhere offers where the changes can go instead of the image.
func (e *export) elsewhere(ed *edits) tea.Cmd {
	x, ok := ed.Editor.(disk.Exporter)
	if !ok || ed.staged == 0 {
		e.say("nothing is staged", false)
		return nil
	}
	items := []menu.Item{
		{Name: "a patch", Help: "a text that platter patch apply brings to the image, or to one like it"},
		{Name: "a copy", Help: "a copy of the image with the changes in it"},
		{Name: "a child", Help: "a new differencing image with the changes; this one stays as it is"},
	}
	return e.offer("Write the changes to", items, func(i int) tea.Cmd {
		switch i {
		case 0:
			s := saving{what: "the changes as a patch", hint: "a text file", write: func(_ context.Context, w io.Writer, _ func(int)) error { return x.ExportPatch(w) }}
			return e.askName(s, e.nameFor("changes", "patch"))
		case 1:
			return ed.askTarget("copy", "a copy with the changes", x.CopyTo)
		}
		return ed.askTarget("child", "a child with the changes", func(ctx context.Context, path string, _ func(done, of int64)) error { return x.ChildWith(ctx, path) })
	})
}

// askTarget asks for the name of a new image, makes it, and offers to go on there.
func (e *edits) askTarget(word, what string, write func(ctx context.Context, path string, progress func(done, of int64)) error) tea.Cmd {
	path := e.current().path
	ext := filepath.Ext(path)
	name := strings.TrimSuffix(path, ext) + "-" + word + ext
	return e.openPrompt(&prompt{
		kind: "target", name: "write " + what + " to", hint: "a new file",
		accept: func(text string) tea.Cmd {
			to := strings.TrimSpace(text)
			return tea.Batch(e.drain(), e.inJob("writing "+what, func(j *job) (tea.Msg, error) {
				if err := write(j.ctx, to, j.progress); err != nil {
					return nil, err
				}
				return shown{then: func() tea.Cmd { return e.offerTarget(to) }}, nil
			}))
		},
	}, name)
}

// offerTarget lets the user go on in what was made. What is staged here is in it, and would
// be offered again with this image if it were kept.
func (e *edits) offerTarget(path string) tea.Cmd {
	open := func() tea.Cmd {
		e.staged, e.Keep = 0, nil
		return views.Send(views.OpenPath{Path: path})
	}
	e.question(&dialog{
		title:   "The changes are written",
		lines:   []string{decode.Printable(path) + " holds them. This image is as it was, and they are still staged here; opening the new one drops them here."},
		buttons: []button{{"Stay here", nil}, {"Open the new one", open}},
	})
	return nil
}

// takeBack stages the opposite of the last write that has left a record.
func (e *edits) takeBack() tea.Cmd {
	return tea.Batch(e.drain(), e.enqueue(func(ed disk.Session) (string, error) {
		r, ok := ed.(disk.Reverter)
		switch {
		case !ok || !r.HasUndo():
			return "", errors.New("there is no undo file of a last write beside the image: from the second write of a session on the write dialog offers one; u takes back what this session wrote")
		case ed.Staged() > 0:
			return "", errors.New("other changes are staged: write or drop them first, then take the last write back")
		}
		if err := r.StageUndo(); err != nil {
			return "", err
		}
		return "staged: the opposite of the last write; w writes it, and removes the undo file", nil
	}))
}
