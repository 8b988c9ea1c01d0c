package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/tui/lessons"
	"platter/views"
	"platter/views/widget/menu"
)

// LessonsPath is what the start screen opens to offer lessons.
const LessonsPath = "lesson:"

// Studies keeps how far the user has come in lessons.
type Studies interface {
	Load(lesson string) Study
	Save(lesson string, s Study) error
}

// Study is how far the user has come in a lesson.
type Study struct {
	Step int   // where it stopped
	Done []int // steps whose tasks are done, ascending
}

// school is the lesson that is open.
type school struct {
	feature
	program schoolHost
	teaching
}

// schoolHost is what a lesson needs of the program besides.
type schoolHost interface {
	open(path, parent string, reload bool) tea.Cmd
	resize()
	// now is what the user has in front of him.
	now() lessons.Now
	// standing tells one such state from another without reading anything.
	standing() standing
	original(ctx context.Context) disk.Image
}

// teaching is the state of a lesson.
type teaching struct {
	lesson *lessons.Lesson // nil: none is open
	next   *lessons.Lesson // that begins once its image is open
	study  Study
	page   int // of the step's text
	pages  int // it has, as drawn last
	hints  int // that show
	answer string
	fresh  bool // the answer was not looked at yet
	looked standing
	busy   bool
	of     views.Gen
	panel  panel
}

// standing is what a task's condition may depend on.
type standing struct {
	image    views.Gen
	shows    disk.Image
	screen   string
	cursor   decode.Place
	found    int
	complete bool
	replayed int
	step     int
	answer   string
}

// lacks says why nothing of a lesson can be done; empty where one is open.
func (s *school) lacks() string {
	if s.lesson == nil {
		return "no lesson is open: " + keymap.Key(keymap.Everywhere, keymap.Lessons) + " offers them"
	}
	return ""
}

// choose offers the lessons, and how far the user has come in each.
func (s *school) choose() tea.Cmd {
	all := lessons.All()
	var items []menu.Item
	for _, l := range all {
		items = append(items, menu.Item{Name: l.Title, Help: s.progress(l) + l.About})
	}
	list := menu.New("Lessons", items)
	list.To(s.following(all))
	s.cover(&choice{Menu: list, choose: func(i int) tea.Cmd { return s.begin(all[i]) }})
	return nil
}

// following is the lesson that the user is likely to want: the one after that which is
// finished, otherwise the one that is open, or the first.
func (s *school) following(all []lessons.Lesson) int {
	if s.lesson == nil {
		return 0
	}
	i := slices.IndexFunc(all, func(l lessons.Lesson) bool { return l.Name == s.lesson.Name })
	if s.finished() {
		i++
	}
	return min(max(i, 0), len(all)-1)
}

// progress words how far the user has come.
func (s *school) progress(l lessons.Lesson) string {
	study := s.load(l.Name)
	tasks := 0
	for _, step := range l.Steps {
		if step.Task != "" {
			tasks++
		}
	}
	switch {
	case len(study.Done) >= tasks:
		return "all done: "
	case len(study.Done) > 0:
		return fmt.Sprintf("%d of %d done: ", len(study.Done), tasks)
	}
	return ""
}

func (s *school) load(name string) Study {
	if s.cfg.Studies == nil {
		return Study{}
	}
	return s.cfg.Studies.Load(name)
}

// begin opens the image of a lesson, unless it shows already, and then the lesson.
func (s *school) begin(l lessons.Lesson) tea.Cmd {
	if s.current().image != nil && s.current().path == l.Image && s.lesson == nil {
		s.enter(l)
		return nil
	}
	cmd := s.program.open(l.Image, "", false)
	if cmd != nil {
		s.next = &l
	}
	return cmd
}

// opened goes on once an image shows: with the lesson that wanted it, or without the one that
// was about another.
func (s *school) opened(path string) {
	switch {
	case s.next != nil && s.next.Image == path:
		s.enter(*s.next)
	case s.lesson != nil && s.lesson.Image != path:
		s.say("the lesson has ended, since another image was opened", false)
		s.leave()
	}
	s.next = nil
}

// enter shows a lesson where the user stopped.
func (s *school) enter(l lessons.Lesson) {
	s.teaching = teaching{lesson: &l, study: s.load(l.Name), of: views.NewGen()}
	s.study.Step = max(0, min(s.study.Step, len(l.Steps)-1))
	s.study.Done = slices.DeleteFunc(slices.Clone(s.study.Done), func(i int) bool { return i < 0 || i >= len(l.Steps) })
	if s.study.Step == len(l.Steps)-1 && s.finished() {
		s.study.Step = 0 // again from the start
	}
	s.program.resize()
}

// leave ends the lesson.
func (s *school) leave() tea.Cmd {
	s.keep()
	s.teaching = teaching{}
	s.program.resize()
	return s.tell(tea.WindowSizeMsg{}) // more shows than was read
}

// keep keeps how far the user has come.
func (s *school) keep() {
	if s.cfg.Studies == nil || s.lesson == nil {
		return
	}
	if err := s.cfg.Studies.Save(s.lesson.Name, s.study); err != nil {
		s.say("how far you have come is not kept: "+err.Error(), true)
	}
}

// step is the step that shows.
func (s *school) step() lessons.Step { return s.lesson.Steps[s.study.Step] }

// done reports whether the task of a step is done.
func (s *school) done(step int) bool { return slices.Contains(s.study.Done, step) }

// finished reports whether all tasks are done.
func (s *school) finished() bool {
	for i, step := range s.lesson.Steps {
		if step.Task != "" && !s.done(i) {
			return false
		}
	}
	return true
}

// turn goes a page further, or a step.
func (s *school) turn(by int) tea.Cmd {
	if page := s.page + by; page >= 0 && page < s.pages {
		s.page = page
		return nil
	}
	to := s.study.Step + by
	switch {
	case to < 0:
		s.say("this is where the lesson begins", false)
		return nil
	case to == len(s.lesson.Steps):
		s.say(s.ending(), false)
		return nil
	}
	s.study.Step, s.page, s.hints, s.answer, s.fresh = to, 0, 0, "", false
	s.keep()
	return nil
}

// ending is what to say after the last step.
func (s *school) ending() string {
	lessonKey := keymap.Key(keymap.Everywhere, keymap.Lessons)
	if all := lessons.All(); s.finished() && s.lesson.Name == all[len(all)-1].Name {
		return "the lesson is finished: it is the last one"
	}
	if s.finished() {
		return "the lesson is finished: " + lessonKey + " offers the next one"
	}
	var left []string
	for i, step := range s.lesson.Steps {
		if step.Task != "" && !s.done(i) {
			left = append(left, fmt.Sprint(i+1))
		}
	}
	return "this is the last step; not done yet: " + strings.Join(left, ", ")
}

// hint shows a hint more.
func (s *school) hint() tea.Cmd {
	if n := len(s.step().Hints); s.hints < n {
		s.hints++
		s.page = lastPage
	} else if n == 0 {
		s.say("there is no hint for this step", false)
	} else {
		s.say("there is no further hint", false)
	}
	return nil
}

// reply asks for the answer to the step's question.
func (s *school) reply() tea.Cmd {
	if !s.step().Asks() {
		s.say("this step asks for no answer", false)
		return nil
	}
	return s.openPrompt(&prompt{kind: "answer", name: "answer", hint: "what the task asks for", accept: func(text string) tea.Cmd {
		s.answer, s.fresh = strings.TrimSpace(text), true
		s.looked = standing{}
		return nil
	}}, "")
}

// marked is whether the task of a step is done.
type marked struct {
	of   views.Gen
	step int
	done bool
}

// look finds out in the background whether the task is done, once something has changed that
// it may depend on.
func (s *school) look() tea.Cmd {
	if s.lesson == nil || s.busy || s.step().Task == "" || s.done(s.study.Step) || s.current().image == nil {
		return nil
	}
	at := s.program.standing()
	at.step, at.answer = s.study.Step, s.answer
	if at == s.looked {
		return nil
	}
	s.looked, s.busy = at, true
	now, of, step, conditions := s.program.now(), s.of, s.study.Step, s.step().Done
	now.Answer = s.answer
	ctx, original := s.ctx, s.program.original
	return func() tea.Msg {
		now.Original = original(ctx)
		for _, c := range conditions {
			if !c.Holds(ctx, now) {
				return marked{of, step, false}
			}
		}
		return marked{of, step, true}
	}
}

// take takes in whether a task is done.
func (s *school) take(m marked) {
	if m.of != s.of || s.lesson == nil {
		return
	}
	s.busy = false
	wasFresh := s.fresh && m.step == s.study.Step
	s.fresh = s.fresh && !wasFresh
	switch {
	case m.done && !s.done(m.step):
		s.study.Done = append(s.study.Done, m.step)
		slices.Sort(s.study.Done)
		s.keep()
	case !m.done && wasFresh:
		s.say("that is not it: "+keymap.Key(keymap.Everywhere, keymap.LessonHint)+" gives a hint", false)
	}
}

// studying reports whether a lesson is open.
func (m *model) studying() bool { return m.school.lesson != nil }

// now is what the user has in front of him, for the task of a lesson.
func (m *model) now() lessons.Now {
	n := lessons.Now{Image: m.replay.own(), Screen: strings.ToLower(m.view().Title()), Replayed: -1, Found: map[string]int{}}
	n.Pointed, n.Points = m.underCursor()
	if m.replay.whole != nil {
		n.Replayed = m.replay.step
	}
	for _, f := range m.checks.found() {
		n.Found[f.Code]++
	}
	n.Complete = m.checks.last != nil && m.checks.last.image == m.replay.own() && m.checks.last.message().Complete
	return n
}

// underCursor is what the user points at, to the byte: a row of a tree may be longer than where
// a jump into it led.
func (m *model) underCursor() (views.Pointed, bool) {
	p, ok := pointedIn(m.view())
	if t, travels := m.traveller(m.active); ok && travels {
		if here := t.Here().Place; here.File == p.Cursor.File {
			p.Cursor.Offset = here.Offset
		}
	}
	return p, ok
}

// standing is what may change whether a task is done.
func (m *model) standing() standing {
	s := standing{image: m.number, shows: m.replay.own(), screen: m.view().Title(), replayed: -1}
	if p, ok := m.underCursor(); ok {
		s.cursor = p.Cursor
	}
	if m.replay.whole != nil {
		s.replayed = m.replay.step
	}
	s.found = len(m.checks.found())
	s.complete = m.checks.last != nil && m.checks.last.message().Complete
	return s
}

// original is the image as it is on disk.
func (m *model) original(ctx context.Context) disk.Image {
	if m.edits.Editor == nil {
		return nil
	}
	img, err := m.edits.Editor.Original(ctx)
	if err != nil {
		return nil
	}
	return img
}
