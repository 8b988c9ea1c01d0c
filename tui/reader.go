package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/readers"
)

// nextReader shows the disk as the next program sees it; after the last one as the format
// says. The image is opened once more for that, as it is stored.
func (r *replay) nextReader() tea.Cmd {
	if r.busy() {
		r.say("a change is being staged: try again", false)
		return nil
	}
	r.asked = views.NewGen()
	s, gen, program, ctx, look := r.current(), r.asked, r.program, r.ctx, r.cfg.Eyes
	whole, path, parent := r.own(), s.path, s.parent
	return func() tea.Msg {
		msg := replayed{gen: gen, whole: whole, step: -1}
		all, err := look(ctx, path, parent)
		if err != nil {
			msg.err = err
			return msg
		}
		if msg.image = all.After(program); msg.image == nil {
			msg.err = all.Close()
			return msg
		}
		msg.program = msg.image.(disk.Foreign).Through()
		msg.words = "AS " + strings.ToUpper(msg.program)
		return msg
	}
}

// noReader says why no other reader can be shown; empty if one can.
func (r *replay) noReader() string {
	switch {
	case r.current().image == nil:
		return "open an image first"
	case r.cfg.Eyes == nil:
		return "this program was built without other readers"
	case r.whole != nil && r.program == "":
		return r.otherwise()
	}
	return readers.Lacks(r.current().image)
}

// leave shows the disk as the format says again.
func (r *replay) leave() tea.Cmd {
	r.asked = views.NewGen()
	return r.show(replayed{gen: r.asked, whole: r.whole})
}

// own is the image as the format reads it, at the step of a replay that shows.
func (r *replay) own() disk.Image {
	if r.program != "" {
		return r.whole
	}
	return r.current().image
}

// otherwise says why nothing can be changed in what shows; empty if it shows as it is.
func (r *replay) otherwise() string {
	switch {
	case r.whole == nil:
		return ""
	case r.program != "":
		return "this is the disk as " + r.program + " sees it: esc shows it as the format says"
	}
	return "not in the middle of a replay; A on the log screen shows the image with the whole replay"
}

// tellDisk passes a message on to the screens that show the disk and its size.
func (m *model) tellDisk(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, a := range []keymap.Action{keymap.Screen1, keymap.Screen3, diskScreen} {
		if i := m.screenOf(a); i >= 0 {
			cmds = append(cmds, m.views[i].Update(msg))
		}
	}
	return tea.Batch(cmds...)
}
