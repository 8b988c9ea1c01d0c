// Package lessons is the courses of the program: short steps on a sample image, each with a
// text, a task, and a condition that what the student does has to fulfil. Texts are data, a
// file for each lesson, so that a teacher can add one; the conditions are a small set with
// names.
//
// A file begins with its title, a line about it, and the image:
//
//	title: The two headers
//	about: Which of them counts, and why
//	image: sample:vhdx
//
// Each step begins with a line of its own; what has no keyword in front is its text. Keys are
// named by their actions in braces, so that they are right for whoever has bound others:
//
//	step: Find the second header
//	The file has two headers. Press {screen-2} to see them.
//	task: Put the cursor on header 2.
//	hint: {down} moves it down.
//	done: at header 2
//
// Lines that begin with a hash mark are comments. See [ParseCondition] for what can follow
// done; with several such lines all must hold. A step without one is there to be read.
package lessons

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"platter/decode"
	"platter/keymap"
)

// Ending is that of the files.
const Ending = ".txt"

//go:embed *.txt
var texts embed.FS

// Lesson is a course of steps on one image.
type Lesson struct {
	Name  string // of its file, without the ending: progress is kept under it
	Title string
	About string // one line
	Image string // what opens it
	Steps []Step
}

// Step is one step of a lesson.
type Step struct {
	Title string
	Text  []string // paragraphs
	Task  string   // empty: there is nothing to do but to read
	Hints []string // the first is shown first
	Done  []Condition
}

// Asks reports whether the step wants an answer to be typed.
func (s Step) Asks() bool {
	return slices.ContainsFunc(s.Done, func(c Condition) bool { return c.asks() })
}

// ErrFormat is what [Parse] fails with, wrapped, for a file that is no lesson.
var ErrFormat = errors.New("this is no lesson")

// Bounds of a lesson: nothing that a person reads is longer.
const (
	maxSize  = 256 << 10 // bytes
	maxSteps = 100
)

// All lists the built-in lessons, in the order of their names.
func All() []Lesson {
	names, err := fs.Glob(texts, "*"+Ending)
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var list []Lesson
	for _, name := range names {
		b, err := texts.ReadFile(name)
		if err != nil {
			panic(err) // it was listed
		}
		l, err := Parse(strings.TrimSuffix(name, Ending), b)
		if err != nil {
			panic(err) // a test reads all of them
		}
		list = append(list, l)
	}
	return list
}

// Named finds a built-in lesson by its name, or by a start that no other has.
func Named(name string) (found Lesson, ok bool) {
	several := false
	for _, l := range All() {
		if strings.EqualFold(l.Name, name) {
			return l, true
		}
		if name != "" && strings.HasPrefix(l.Name, strings.ToLower(name)) {
			several, found, ok = ok, l, true
		}
	}
	return found, ok && !several
}

// NameOf is the name of a lesson that is read from a file at a path.
func NameOf(file string) string {
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), Ending)
}

// Parse reads a lesson. It is strict: what it does not understand is an error that names the
// line.
func Parse(name string, b []byte) (Lesson, error) {
	p := parser{lesson: Lesson{Name: name}}
	if len(b) > maxSize {
		return Lesson{}, fmt.Errorf("%w: it has %d bytes, expected at most %d", ErrFormat, len(b), maxSize)
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxSize+1)
	for lines.Scan() {
		p.line++
		if err := p.take(strings.TrimRight(lines.Text(), " \t\r")); err != nil {
			return Lesson{}, fmt.Errorf("%w: line %d: %w", ErrFormat, p.line, err)
		}
	}
	if err := errors.Join(lines.Err(), p.whole()); err != nil {
		return Lesson{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return p.lesson, nil
}

// parser reads a lesson line by line.
type parser struct {
	lesson Lesson
	line   int
	open   bool // the last paragraph goes on
}

// keywords are what a line can begin with, before a colon.
var keywords = []string{"title", "about", "image", "step", "task", "hint", "done"}

func (p *parser) take(line string) error {
	if strings.HasPrefix(line, "#") {
		return nil
	}
	if c := decode.Printable(line); c != line {
		return fmt.Errorf("it holds what can't be shown: %s", c)
	}
	word, rest, ok := strings.Cut(line, ":")
	if ok && slices.Contains(keywords, word) {
		p.open = false
		return p.keyword(word, strings.TrimSpace(rest))
	}
	if line == "" {
		p.open = false
		return nil
	}
	return p.text(line)
}

func (p *parser) keyword(word, value string) error {
	if value == "" {
		return fmt.Errorf("nothing follows the keyword %s", word)
	}
	l := &p.lesson
	head := map[string]*string{"title": &l.Title, "about": &l.About, "image": &l.Image}
	if to := head[word]; to != nil {
		if len(l.Steps) > 0 || *to != "" {
			return fmt.Errorf("%s: stands once, before the first step", word)
		}
		*to = value
		return nil
	}
	if word == "step" {
		if len(l.Steps) == maxSteps {
			return fmt.Errorf("there are more than %d steps", maxSteps)
		}
		l.Steps = append(l.Steps, Step{Title: value})
		return nil
	}
	if len(l.Steps) == 0 {
		return fmt.Errorf("%s: belongs to a step", word)
	}
	s := &l.Steps[len(l.Steps)-1]
	switch word {
	case "task":
		if s.Task != "" {
			return errors.New("a step has one task")
		}
		s.Task = value
		return known(value)
	case "hint":
		s.Hints = append(s.Hints, value)
		return known(value)
	}
	c, err := ParseCondition(value)
	s.Done = append(s.Done, c)
	return err
}

func (p *parser) text(line string) error {
	if len(p.lesson.Steps) == 0 {
		return fmt.Errorf("expected title:, about:, image: or step:, not %s", decode.Quote(line))
	}
	s := &p.lesson.Steps[len(p.lesson.Steps)-1]
	if s.Task != "" || len(s.Done) > 0 {
		return errors.New("a step's text stands before its task")
	}
	if p.open {
		s.Text[len(s.Text)-1] += " " + line
	} else {
		s.Text = append(s.Text, line)
	}
	p.open = true
	return known(line)
}

// whole refuses a lesson that lacks something.
func (p *parser) whole() error {
	l := p.lesson
	switch {
	case l.Title == "", l.About == "", l.Image == "":
		return errors.New("title:, about: and image: are needed")
	case len(l.Steps) == 0:
		return errors.New("it has no step")
	}
	for i, s := range l.Steps {
		if (s.Task == "") != (len(s.Done) == 0) {
			return fmt.Errorf("step %d, %s: a task needs done:, and done: a task", i+1, s.Title)
		}
		if len(s.Text) == 0 && s.Task == "" {
			return fmt.Errorf("step %d, %s: it is empty", i+1, s.Title)
		}
	}
	return nil
}

// known refuses names of actions that there are none of.
func known(text string) error {
	_, err := keys(text)
	return err
}

// Keys puts the keys in a text in the place of the actions that it names: "{screen-2}".
func Keys(text string) string {
	text, _ = keys(text) // a lesson that was parsed names what there is
	return text
}

func keys(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, "}")
		key := keyOf(name)
		if !ok || key == "" {
			return b.String(), fmt.Errorf("{%s}: no action has this name; platter keys lists them", name)
		}
		b.WriteString(key)
		text = after
	}
}

// keyOf is the first key of an action, everywhere if it has one there; its context may stand in
// front: "structure.open".
func keyOf(name string) string {
	context, action, ok := strings.Cut(name, ".")
	if !ok {
		context, action = "", name
	}
	found := ""
	for _, b := range keymap.All() {
		if string(b.Action) != action || context != "" && string(b.Context) != context {
			continue
		}
		key := "(no key: " + action + ")"
		if len(b.Keys) > 0 {
			key = b.Keys[0]
		}
		if context != "" || b.Context == keymap.Everywhere {
			return key
		}
		if found == "" {
			found = key
		}
	}
	return found
}
