package cli

import (
	"context"

	"github.com/spf13/cobra"

	"platter/engine/edit"
	"platter/views/report"
)

// keepUndoFlag adds --keep-undo to a verb that commits.
func keepUndoFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "keep-undo", false, "keep the old bytes in IMAGE.platter-undo, so that platter revert takes the change back")
}

// commit commits what is staged, and keeps what takes it back where that is asked for.
func commit(ctx context.Context, s *edit.Session, keep bool) error {
	if keep {
		return s.CommitKept(ctx)
	}
	return s.Commit(ctx)
}

// reverting are the flags of the verb revert.
type reverting struct{ list, dryRun, force bool }

func revertVerb(a *app) *cobra.Command {
	var r reverting
	cmd := &cobra.Command{
		Use: "revert IMAGE", Short: "Take back the last change", GroupID: groupWrite, Args: exactly(1),
		Long: "Takes back the last change of the image that was made with --keep-undo: puts the old bytes where the new ones are, through a\n" +
			"journal, all or nothing. It is refused if the image was written to since: by the time of its files (--force passes that over), or\n" +
			"because the new bytes are not there any more. The record, IMAGE.platter-undo, goes with it. --list shows what it would take back.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.refuse("revert", args[0], a.revert(cmd.Context(), args[0], r), r.dryRun || r.list)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&r.list, "list", false, "list the change, and take nothing back")
	f.BoolVarP(&r.dryRun, "dry-run", "n", false, "take nothing back, tell what would be written where")
	f.BoolVar(&r.force, "force", false, "although the image was written to since, or other images have it as their parent")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print warnings only")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("revert")+")")
	return cmd
}

func (a *app) revert(ctx context.Context, path string, how reverting) error {
	s, err := a.sessionOn(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	steps, err := s.TakeBack(how.force || how.list)
	if err != nil {
		return err
	}
	r := report.Reverted{Path: path}
	for _, step := range steps {
		r.Steps = append(r.Steps, report.RevertedStep{Title: step.Title, File: step.File, Offset: step.Offset, Length: int64(max(len(step.Old), len(step.New))), Resized: step.Resizes()})
	}
	if r.Plan, err = planned(ctx, s); err != nil {
		return err
	}
	if r.DryRun = how.dryRun || how.list; !r.DryRun {
		if err := s.Childless(ctx); err != nil && !how.force {
			return err
		}
		if _, err := s.Openable(); err != nil {
			return err
		}
		if err := s.CommitTakenBack(ctx); err != nil {
			return err
		}
		r.Done = true
	}
	if a.quiet && !a.json {
		return nil
	}
	return report.Revert(a.out, r, a.form())
}
