package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// rebasing are the flags of the verb rebase.
type rebasing struct {
	onto                  string
	paths, relink, unsafe bool
	none                  bool
	relative, absolute    bool
	dryRun, replay        bool
}

func rebaseVerb(a *app) *cobra.Command {
	var r rebasing
	cmd := &cobra.Command{
		Use: "rebase IMAGE", Short: "Tie a differencing image to its parent again, or to another", GroupID: groupWrite, Args: exactly(1),
		Long: "Changes what a differencing image says of its parent. With --paths its names alone, for files that were moved: the parent must be\n" +
			"the one that the image wants; --parent tells where it is if the image does not find it. With --relink the parent as it is now is\n" +
			"accepted, though it was changed since: what the image leaves to it reads as that holds it now. With --onto the image at another\n" +
			"path is the parent, and the disk stays the same: where the two parents differ, the image first stores what it had from the old\n" +
			"one. With --unsafe nothing is compared: the new parent is taken for equal to the old one. --none stores all that the parent\n" +
			"holds, so that the image stands alone.\n" +
			"What names the parent is changed through a journal, all or nothing, after all else is durable.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := stopped(a.rebase(cmd.Context(), args[0], r), "the image is based on its old parent still, and its disk is the same")
			return a.refuse("rebase", args[0], err, r.dryRun)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&r.paths, "paths", false, "store the names that lead to the parent now, and nothing else")
	f.BoolVar(&r.relink, "relink", false, "accept the parent as it is now")
	f.Var(&textFlag{&r.onto, "PATH"}, "onto", "take the image at PATH for the parent")
	f.BoolVar(&r.unsafe, "unsafe", false, "with --onto: without comparing, for a parent that was moved or copied")
	f.BoolVar(&r.none, "none", false, "store all that the parent holds, and have no parent any more")
	f.BoolVar(&r.relative, "relative", false, "store only the relative path of the parent")
	f.BoolVar(&r.absolute, "absolute", false, "store only the absolute path of the parent")
	f.BoolVar(&r.replay, "replay", false, "first replay a log that was not replayed (VHDX), in the same commit")
	f.BoolVarP(&r.dryRun, "dry-run", "n", false, "write nothing, tell what would be written where")
	a.progressFlags(cmd)
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("rebase")+")")
	return cmd
}

// wish is what the flags ask for.
func (r rebasing) wish() (edit.Rebasing, error) {
	w := edit.Rebasing{Onto: r.onto, Names: engine.ParentNames{Relative: !r.absolute, Absolute: !r.relative}}
	modes := 0
	for _, m := range []struct {
		on   bool
		mode edit.RebaseMode
	}{{r.paths, edit.RebasePaths}, {r.relink, edit.RebaseRelink}, {r.onto != "" && r.unsafe, edit.RebaseUnsafe}, {r.onto != "" && !r.unsafe, edit.RebaseOnto}, {r.none, edit.RebaseNone}} {
		if m.on {
			w.Mode = m.mode
			modes++
		}
	}
	switch {
	case modes != 1:
		return w, usage("rebase: expected one of --paths, --relink, --onto and --none")
	case r.unsafe && r.onto == "":
		return w, usage("rebase: --unsafe is for --onto")
	case r.relative && r.absolute:
		return w, usage("rebase: --relative and --absolute exclude each other")
	}
	return w, nil
}

func (a *app) rebase(ctx context.Context, path string, r rebasing) error {
	wish, err := r.wish()
	if err != nil {
		return err
	}
	if err := a.knownFormat(); err != nil {
		return err
	}
	if strings.HasPrefix(path, engine.SamplePrefix) {
		return usage("rebase: %s is built in and can't be written", path)
	}
	real, err := filepath.EvalSymlinks(path) // paths to the parent begin where the file lies
	if err != nil {
		return err
	}
	s, err := edit.Open(ctx, real, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := a.replayed(ctx, s, r, wish); err != nil {
		return err
	}
	if err := s.Journalable(); err != nil {
		return err
	}
	bar := a.progress(0)
	wish.DryRun, wish.Progress = r.dryRun, bar.of
	done, err := s.Rebase(ctx, wish)
	bar.done()
	if err != nil {
		return err
	}
	return a.rebased(ctx, s, path, wish, done, r.dryRun)
}

// replayed replays a log if that is wanted: what is copied then needs it in the file.
func (a *app) replayed(ctx context.Context, s *edit.Session, r rebasing, wish edit.Rebasing) error {
	if !r.replay {
		return nil
	}
	done, err := s.Replay(ctx)
	if err != nil || !done || wish.Mode != edit.RebaseOnto && wish.Mode != edit.RebaseNone || r.dryRun {
		return err
	}
	return s.Commit(ctx)
}

// rebased commits what was staged, and reports.
func (a *app) rebased(ctx context.Context, s *edit.Session, path string, wish edit.Rebasing, done edit.Rebased, dryRun bool) error {
	out := report.Rebased{Path: path, Mode: string(wish.Mode), Before: tie(done.Before), After: tie(done.After), Same: done.Same, Copied: done.Copied}
	out.Warnings = done.Warnings
	if out.Before.Wants != out.After.Wants {
		out.Identity = []report.Identity{{File: path, Kind: "parent " + out.Before.Term, Old: out.Before.Wants, New: out.After.Wants}}
	}
	var err error
	if out.Plan, err = planned(ctx, s); err != nil {
		return err
	}
	for _, step := range s.Plan() {
		if step.Resizes() {
			out.Files = append(out.Files, report.FileChange{Path: step.File, Before: step.SizeBefore, After: step.SizeAfter})
		}
	}
	told, err := s.Openable()
	for _, text := range told {
		out.Warnings = append(out.Warnings, disk.Finding{Code: "file", Severity: disk.SeverityWarning, Text: text})
	}
	if err != nil {
		return err
	}
	if out.DryRun = dryRun; !dryRun {
		if err := s.Commit(ctx); err != nil {
			return err
		}
		out.Done = true
	}
	if a.warnings(out.Warnings); a.quiet && !a.json {
		return nil
	}
	return report.Rebase(a.out, out, a.form())
}

// tie words what an image says of its parent.
func tie(t edit.Tie) report.Tie {
	r := report.Tie{Path: t.Path, Term: t.Link.Term, Wants: t.Wants}
	for _, n := range t.Link.Names {
		if n.Stored() {
			r.Names = append(r.Names, report.TieName{Label: n.Label, Name: n.Name})
		}
	}
	return r
}
