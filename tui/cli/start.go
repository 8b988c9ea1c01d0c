package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/sample"
	"platter/tui"
	"platter/tui/lessons"
	"platter/tui/quiet"
	"platter/views/start"
	"platter/views/theme"
)

// looks are the flags of the screens.
type looks struct {
	theme   string
	color   string
	noMouse bool
}

// start is what the program does without a verb: the screens, or what info
// prints where there is no terminal.
func (a *app) start(cmd *cobra.Command, args []string, l looks) error {
	if isTerminal(os.Stdin) && isTerminal(a.out) {
		return a.screens(cmd.Context(), args, l, nil)
	}
	if len(args) == 0 {
		return usage("an image is needed where there is no terminal; see platter --help")
	}
	img, err := a.open(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	return errors.Join(a.info(cmd.Context(), img), img.Close())
}

// screens shows the program on the terminal, with a lesson if there is one.
func (a *app) screens(ctx context.Context, args []string, l looks, lesson *lessons.Lesson) error {
	quiet.Restore()
	l, warnings := configure(l)
	a.warn(warnings)
	colors, err := profile(l.color, os.Getenv)
	if err != nil {
		return exit{ExitUsage, err}
	}
	look, err := theme.New(l.theme, colors, theme.DetectGlyphs(os.Getenv))
	if err != nil {
		return exit{ExitUsage, err}
	}
	cfg := tui.Config{
		KeepAfter: keepAfter, CheckAfter: checkAfter,
		Open:      a.openToEdit,
		Look:      a.look,
		Eyes:      a.throughEyes,
		Samples:   append([]start.Sample{lessonsRow}, offered()...),
		Lesson:    lesson,
		Studies:   a.studies(),
		Recent:    a.recent(),
		Opened:    a.remember,
		Explorer:  engine.Explorer{},
		Finder:    engine.Finder{},
		Check:     engine.FullCheck,
		Repairs:   engine.Repairs,
		Creator:   engine.Creator{Allow: a.opt.Allow},
		PlanAfter: planAfter,
		Copy:      clipboard(os.Stdout, os.Getenv),
		Notice:    strings.Join(warnings, "; "),
		Theme:     look,
		Mouse:     !l.noMouse,
	}
	if dir := configDir(); dir != "" && !a.noState {
		cfg.Notes = noteFolder{filepath.Join(dir, "notes")}
	}
	if len(args) > 0 {
		img, how, err := a.openToEdit(ctx, args[0], a.opt.Parent) // before the screen is taken: errors stay readable
		if err != nil {
			return err
		}
		a.remember(args[0])
		cfg.Path, cfg.Image, cfg.Editing, cfg.Parent = args[0], img, how, a.opt.Parent
	}
	return tui.Run(ctx, cfg)
}

// warn tells what was not understood, but does not stop the program.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		fmt.Fprintln(a.errs, "platter: "+decode.Printable(w))
	}
}

// lessonsRow leads from the start screen to the lessons.
var lessonsRow = start.Sample{
	Name: "lessons", About: "learn the formats, step by step",
	Story: "Short steps on these samples, each with a task: find the current header, follow a byte from the disk to the file, replay a log, " +
		"repair a footer, find a hidden note. What you do is checked.",
	Path: tui.LessonsPath, Hint: "enter lists the lessons; on the command line: platter lesson",
}

// offered lists the built-in samples for the start screen.
func offered() []start.Sample {
	var list []start.Sample
	for _, s := range sample.All() {
		list = append(list, start.Sample{Name: s.Name, About: s.About, Story: s.Story, Path: engine.SamplePrefix + s.Name})
	}
	return list
}

// checkAfter is how long an edited image rests before it is checked again.
const checkAfter = 300 * time.Millisecond

// keepAfter is how long an edit waits to be kept on disk: what is lost when the program is
// killed.
const keepAfter = 700 * time.Millisecond

// planAfter is how long typing rests before the layout of a new image is worked out again.
const planAfter = 80 * time.Millisecond
