package tui

import (
	"fmt"
	"strings"

	"platter/keymap"
	"platter/tui/lessons"
	"platter/views/grid"
	"platter/views/theme"
)

// The panel of a lesson stands beside the view where there is room, else below it.
const (
	panelBeside = 130 // columns from which on it stands beside
	panelWidth  = 46
	panelHeight = 9
	viewLeast   = 5 // rows that the view keeps above it
)

// lastPage stands for the last page of a text.
const lastPage = 1 << 20

// panel is where a lesson shows its text.
type panel struct {
	grid   grid.Grid
	beside bool
	from   int // the column, or the row, where it begins
}

// fit takes the panel's room from that of the view, and returns what is left.
func (p *panel) fit(w, h int) (viewW, viewH int) {
	if p.beside = w >= panelBeside; p.beside {
		p.grid.Resize(panelWidth, h)
		p.from = w - panelWidth
		return p.from, h
	}
	rows := max(0, min(panelHeight, h-viewLeast))
	p.grid.Resize(w, rows)
	p.from = h - rows
	return w, p.from
}

// with puts the panel to a view.
func (p *panel) with(view string, t *theme.Theme) string {
	own := p.grid.String(t)
	if !p.beside {
		return view + "\n" + own
	}
	left, right := strings.Split(view, "\n"), strings.Split(own, "\n")
	for i := range min(len(left), len(right)) {
		left[i] += right[i]
	}
	return strings.Join(left, "\n")
}

// told is a line of a lesson.
type told struct {
	text  string
	style theme.Style
}

// drawPanel paints the step that shows.
func (s *school) drawPanel(t *theme.Theme) {
	p := &s.panel
	p.grid.Clear()
	a := p.grid.Area()
	step := s.step()
	title := fmt.Sprintf("step %d of %d  %s", s.study.Step+1, len(s.lesson.Steps), s.lesson.Title)
	in := a.Box(t, grid.Fit(title, max(a.W()-6, 1)), false)
	lines := s.lines(step, max(in.W()-2, 1))
	rows := max(in.H()-1, 1)
	s.pages = max(1, (len(lines)+rows-1)/rows)
	s.page = max(0, min(s.page, s.pages-1))
	for y := range rows {
		if i := s.page*rows + y; i < len(lines) {
			in.Text(1, y, lines[i].text, lines[i].style)
		}
	}
	s.drawFoot(in.Row(in.H()-1), step)
}

// lines is the text of a step, its task and the hints that were asked for.
func (s *school) lines(step lessons.Step, w int) (list []told) {
	add := func(text string, style theme.Style) {
		for _, line := range grid.Wrap(text, w) {
			list = append(list, told{line, style})
		}
	}
	add(step.Title, theme.FrameTitle)
	for _, text := range step.Text {
		add(lessons.Keys(text), theme.Value)
	}
	if step.Task != "" {
		add("Task: "+lessons.Keys(step.Task), theme.Strong)
	}
	for _, text := range step.Hints[:min(s.hints, len(step.Hints))] {
		add("Hint: "+lessons.Keys(text), theme.Note)
	}
	if s.answer != "" && !s.done(s.study.Step) {
		add("Your answer: "+s.answer, theme.Dim)
	}
	return list
}

// drawFoot says whether the task is done, and which keys go on.
func (s *school) drawFoot(a grid.Area, step lessons.Step) {
	key := func(action keymap.Action) string { return keymap.Key(keymap.Everywhere, action) }
	x := 1
	switch {
	case s.done(s.study.Step):
		x = a.Text(x, 0, "[x] done", theme.Good)
	case step.Task != "":
		x = a.Text(x, 0, "[ ] to do", theme.Warn)
	}
	if s.pages > 1 {
		x = a.Text(x+1, 0, fmt.Sprintf("page %d/%d", s.page+1, s.pages), theme.Dim)
	}
	hints := []struct {
		action keymap.Action
		word   string
	}{{keymap.LessonNext, "next"}, {keymap.LessonHint, "hint"}, {keymap.LessonReply, "answer"}, {keymap.LessonBack, "back"}, {keymap.LessonClose, "end"}}
	for _, h := range hints {
		if s.idle(h.action, step) {
			continue
		}
		if x+2+len(key(h.action))+1+len(h.word) > a.W() {
			break
		}
		x = a.Text(x+2, 0, key(h.action), theme.HintKey)
		x = a.Text(x+1, 0, h.word, theme.Hint)
	}
}

// idle reports whether a key of the lesson would do nothing of use at a step.
func (s *school) idle(a keymap.Action, step lessons.Step) bool {
	switch a {
	case keymap.LessonReply:
		return !step.Asks() || s.done(s.study.Step)
	case keymap.LessonHint:
		return s.hints >= len(step.Hints) || s.done(s.study.Step)
	}
	return false
}

// covers reports whether the panel shows at a place between tabs and status line.
func (s *school) covers(x, y int) bool {
	if s.panel.beside {
		return x >= s.panel.from
	}
	return y >= s.panel.from
}
