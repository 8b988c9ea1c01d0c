package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// repairing are the flags of the verb repair.
type repairing struct {
	codes                      []string
	risky, list, dryRun, force bool
	keepUndo                   bool
	out                        string
}

func repairVerb(a *app) *cobra.Command {
	var r repairing
	cmd := &cobra.Command{
		Use: "repair IMAGE", Short: "Repair what check finds", GroupID: groupWrite, Args: exactly(1),
		Long: "Carries out the repairs that may lose nothing, and checks again, until there is nothing more to repair so. --list shows what\n" +
			"check finds, and the repairs of each finding by number; --code takes those of a code only, also a risky one if it is named:\n" +
			"--code vmdk/G4=2 is the second choice. --out repairs a copy and leaves the image alone. All changes go through a journal, all\n" +
			"or nothing. Exit code, of a check of the result: 0 nothing is left, or notes only; 2 errors; 3 warnings; 1 it could not be checked, or not be repaired.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.repair(cmd.Context(), args[0], r)
			var e exit
			if err == nil || errors.As(err, &e) && e.err == nil {
				return err
			}
			return a.refuse("repair", args[0], err, r.dryRun)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&r.codes, "code", nil, "repair findings of `CODE`, or with CODE=N take the N-th repair; can be repeated")
	f.BoolVar(&r.risky, "risky", false, "take repairs that may lose something too: of each finding the first")
	f.StringVar(&r.out, "out", "", "copy the image to `PATH` and repair the copy")
	f.BoolVar(&r.list, "list", false, "list the findings with their repairs, and repair nothing")
	keepUndoFlag(cmd, &r.keepUndo)
	f.BoolVarP(&r.dryRun, "dry-run", "n", false, "repair nothing, tell what would be written where")
	f.BoolVar(&r.force, "force", false, "with --out: replace a file that has the name")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print warnings only")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("repair")+")")
	return cmd
}

// wish is what the flags ask for.
func (r repairing) wish() (edit.Wish, error) {
	w := edit.Wish{Risky: r.risky}
	for _, text := range r.codes {
		code, number, chosen := strings.Cut(text, "=")
		n := 0
		if chosen {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 1 {
				return w, usage("--code %s: expected a number from 1 after the =", text)
			}
		}
		if w.Codes == nil {
			w.Codes = map[string]int{}
		}
		w.Codes[code] = n
	}
	if r.risky && w.Codes != nil {
		return w, usage("repair: a code that is named is repaired whatever its risk: --risky and --code exclude each other")
	}
	return w, nil
}

func (a *app) repair(ctx context.Context, path string, r repairing) (err error) {
	wish, err := r.wish()
	if err != nil {
		return err
	}
	if strings.HasPrefix(path, engine.SamplePrefix) && r.out == "" && !r.list && !r.dryRun {
		return usage("repair: %s is built in and can't be written; --out repairs a copy", path)
	}
	if err := a.knownFormat(); err != nil {
		return err
	}
	if r.list {
		return a.listRepairs(ctx, path)
	}
	if r.out != "" && !r.dryRun {
		if err := a.copyImage(ctx, path, r); err != nil {
			return err
		}
		path = r.out
		defer func() {
			var e exit
			if err != nil && !errors.As(err, &e) {
				err = errors.Join(err, removed(path))
			}
		}()
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	return a.repairIn(ctx, s, path, wish, r.dryRun, r.keepUndo)
}

// removed takes away a copy that could not be repaired.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (a *app) copyImage(ctx context.Context, path string, r repairing) error {
	img, err := a.open(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	return engine.Copy(ctx, img, r.out, r.force)
}

// repairIn repairs, and tells what a check finds afterwards.
func (a *app) repairIn(ctx context.Context, s *edit.Session, path string, wish edit.Wish, dryRun, keep bool) error {
	before, err := checked(ctx, s)
	if err != nil {
		return err
	}
	if err := known(wish, before); err != nil {
		return err
	}
	done, err := s.RepairAll(ctx, wish)
	if err != nil {
		return err
	}
	after, err := checked(ctx, s)
	if err != nil {
		return err
	}
	r := report.Repairing{Path: path, Before: tallied(before), After: tallied(after), Remaining: disk.Merge(after)}
	for _, d := range done {
		r.Staged = append(r.Staged, report.StagedRepair(d))
	}
	plan, err := planned(ctx, s)
	if err != nil {
		return err
	}
	if r.DryRun = dryRun; dryRun {
		r.Plan = plan
	} else if len(plan) > 0 {
		if _, err := s.Openable(); err != nil {
			return err
		}
		if err := commit(ctx, s, keep); err != nil {
			return err
		}
		r.Done = true
	}
	if !a.quiet || a.json {
		if err := report.Repair(a.out, r, a.form()); err != nil {
			return err
		}
	}
	switch {
	case r.After.By[disk.SeverityError] > 0:
		return exit{exitErrors, nil}
	case r.After.By[disk.SeverityWarning] > 0:
		return exit{exitWarnings, nil}
	}
	return nil
}

// known refuses codes that no finding has.
func known(w edit.Wish, list []disk.Finding) error {
	for code := range w.Codes {
		if !slices.ContainsFunc(list, func(f disk.Finding) bool { return f.Code == code }) {
			return fmt.Errorf("--code %s: no finding has this code; --list shows them", code)
		}
	}
	return nil
}

// checked is what a check finds of the state that the session shows.
func checked(ctx context.Context, s *edit.Session) ([]disk.Finding, error) {
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	if img.Info().Format == engine.Unknown {
		return nil, img.Info().Refused
	}
	return edit.Findings(ctx, img)
}

func tallied(list []disk.Finding) disk.Tally { return disk.TallyOf(disk.Nest(disk.Merge(list))) }

func (a *app) listRepairs(ctx context.Context, path string) error {
	img, err := a.open(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	if img.Info().Format == engine.Unknown {
		return img.Info().Refused
	}
	list, err := edit.Choices(ctx, img)
	if err != nil {
		return err
	}
	var rows []report.RepairChoice
	for _, c := range list {
		rows = append(rows, report.RepairChoice(c))
	}
	return report.RepairChoices(a.out, rows, a.form())
}
