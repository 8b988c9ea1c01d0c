package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/damage"
	"platter/engine/edit"
	"platter/tui"
	"platter/tui/lessons"
	"platter/views/report"
)

func lessonVerb(a *app) *cobra.Command {
	var l looks
	cmd := &cobra.Command{
		Use: "lesson [NAME]", Short: "Learn the formats step by step, on samples", GroupID: "read", Args: atMostImages(1),
		Long: "Without a name lists the lessons, and how far you have come in each. With one it opens the lesson on the screen: short steps on a\n" +
			"sample in memory, each with a text, a task and hints; what you do is checked. A file of your own can be named by its path, ending in\n" +
			lessons.Ending + ": the built-in ones, in tui/lessons of the source, show how it is written.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listLessons()
			}
			return a.study(cmd.Context(), args[0], l)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, l := range lessons.All() {
				names = append(names, l.Name+"\t"+l.Title)
			}
			return names, cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("lesson")+")")
	looksFlags(cmd, &l)
	cmd.AddCommand(lessonCheckVerb(a))
	return cmd
}

func (a *app) listLessons() error {
	studies := a.studies()
	var rows []report.LessonRow
	for _, l := range lessons.All() {
		row := report.LessonRow{Name: l.Name, Title: l.Title, About: l.About, Image: l.Image}
		for _, s := range l.Steps {
			if s.Task != "" {
				row.Tasks++
			}
		}
		if studies != nil {
			row.Done = len(studies.Load(l.Name).Done)
		}
		rows = append(rows, row)
	}
	return report.Lessons(a.out, rows, a.form())
}

// study opens a lesson on the screen.
func (a *app) study(ctx context.Context, name string, l looks) error {
	lesson, err := lessonAt(name)
	if err != nil {
		return err
	}
	if !isTerminal(os.Stdin) || !isTerminal(a.out) {
		return usage("lesson: a lesson needs a terminal; platter lesson alone lists them")
	}
	return a.screens(ctx, []string{lesson.Image}, l, &lesson)
}

// lessonAt finds a built-in lesson by its name, or reads one from a file.
func lessonAt(name string) (lessons.Lesson, error) {
	if l, ok := lessons.Named(name); ok {
		return l, nil
	}
	if !strings.HasSuffix(name, lessons.Ending) {
		return lessons.Lesson{}, usage("there is no lesson %q: platter lesson lists them; a file ends in %s", name, lessons.Ending)
	}
	f, err := os.Open(name)
	if err != nil {
		return lessons.Lesson{}, err
	}
	b, err := io.ReadAll(io.LimitReader(f, mostLesson))
	if err = errors.Join(err, f.Close()); err != nil {
		return lessons.Lesson{}, err
	}
	l, err := lessons.Parse(lessons.NameOf(name), b)
	if err != nil {
		return l, fmt.Errorf("%s: %w", name, err)
	}
	if !strings.HasPrefix(l.Image, engine.SamplePrefix) && !filepath.IsAbs(l.Image) {
		l.Image = filepath.Join(filepath.Dir(name), l.Image)
	}
	return l, nil
}

// mostLesson bounds what is read of a lesson's file, in bytes.
const mostLesson = 1 << 20

// studies keeps how far the user has come; nil if nothing is to be kept.
func (a *app) studies() tui.Studies {
	if dir := a.stateDir(); dir != "" {
		return studyFile{dir}
	}
	return nil
}

// studyFile keeps all lessons in one file. It is a [tui.Studies].
type studyFile struct{ dir string }

// study is how far the user has come in a lesson.
type study struct {
	Step int   `json:"step"`
	Done []int `json:"done"`
}

const studyName = "lessons.json"

func (s studyFile) all() (map[string]study, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, studyName))
	if err != nil {
		return nil, err
	}
	all := map[string]study{}
	return all, json.Unmarshal(b, &all)
}

// Load reads how far the user has come; what can't be read counts as the beginning.
func (s studyFile) Load(lesson string) tui.Study {
	all, _ := s.all()
	return tui.Study(all[lesson])
}

// Save keeps it, beside that of the other lessons.
func (s studyFile) Save(lesson string, st tui.Study) error {
	all, err := s.all()
	if err != nil || all == nil {
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.As(err, new(*json.SyntaxError)) {
			return err
		}
		all = map[string]study{}
	}
	all[lesson] = study(st)
	b, err := json.MarshalIndent(all, "", "  ")
	return cmp.Or(err, writeWhole(s.dir, studyName, string(b)+"\n"))
}

func lessonCheckVerb(a *app) *cobra.Command {
	key, answers := "", false
	var at []string
	cmd := &cobra.Command{
		Use: "check IMAGE", Short: "Whether the damage of platter break was repaired, and nothing else touched", Args: exactly(1),
		Long: "Compares an image that platter break has damaged with its answer key. Each fault is looked at by itself: it is repaired if its\n" +
			"bytes are what they were, or if, all others put right in memory, the check no longer finds it and the disk shows what it showed before. A point is given for each fault, and one more if all are repaired\n" +
			"and nothing else was changed but what their repairs write, such as checksums. Lists the bytes of faults that were missed. Nothing is\n" +
			"written. Exit code: 0 all points, 3 not all, 1 could not be checked.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" {
				key = args[0] + damage.Ending
			}
			var named []int64
			for _, text := range at {
				off, err := decode.ParseSize(text)
				if err != nil || off > 1<<62 {
					return usage("--at %s: expected an offset in the file", text)
				}
				named = append(named, int64(off))
			}
			return a.mark(cmd.Context(), args[0], key, named, answers)
		},
	}
	cmd.Flags().StringArrayVar(&at, "at", nil, "name a byte that is damaged, by its `OFFSET` in the file; can be repeated: a point for each fault, a wrong one takes a point")
	cmd.Flags().StringVar(&key, "key", "", "the answer key, if it is not at IMAGE"+damage.Ending+": `PATH`")
	cmd.Flags().BoolVar(&answers, "answers", false, "tell after that what each fault is: what the check says, and its bytes, good and damaged")
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("lesson")+")")
	return cmd
}

// mark tells how far an image was repaired.
func (a *app) mark(ctx context.Context, path, keyPath string, named []int64, answers bool) (err error) {
	f, err := os.Open(keyPath)
	if err != nil {
		return err
	}
	key, err := damage.Unseal(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", keyPath, err)
	}
	opt := a.opt
	opt.Format = key.Format
	bench, err := edit.Open(ctx, path, opt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bench.Close()) }()
	m, err := damage.Mark(ctx, bench, key)
	if err != nil {
		return err
	}
	if named != nil {
		m.Name(named)
	}
	if err := report.Marks(a.out, m, answers, a.form()); err != nil {
		return err
	}
	if !m.Passed() {
		return exit{exitWarnings, nil}
	}
	return nil
}
