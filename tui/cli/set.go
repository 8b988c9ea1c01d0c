package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// setting are the flags of the verb set.
type setting struct{ wrong, dryRun, force, keepUndo bool }

func setVerb(a *app) *cobra.Command {
	var how setting
	cmd := &cobra.Command{
		Use: "set IMAGE NAME=VALUE...", Short: "Give fields of the structures other values", GroupID: groupWrite,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("set: expected an image and one NAME=VALUE at least (%s)", cmd.UseLine())
			}
			return nil
		},
		Long: "Gives fields other values, all of them or none, through a journal. NAME is a path in the tree (\"header 2.SequenceNumber\"; see\n" +
			"platter tree) or one of: " + strings.Join(disk.SettingNames(), ", ") + ". VALUE is written as the tree shows it;\n" +
			"id=new and cid=new make a fresh one, geometry is auto, max or C/H/S. Checksums over the field follow, and a second copy with the\n" +
			"same bytes; --wrong leaves both, to make a damaged image on purpose.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.refuse("set", args[0], worded(a.set(cmd.Context(), args[0], args[1:], how)), how.dryRun)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&how.wrong, "wrong", false, "leave checksums and second copies as they are")
	keepUndoFlag(cmd, &how.keepUndo)
	f.BoolVarP(&how.dryRun, "dry-run", "n", false, "change nothing, tell what would be written where")
	f.BoolVar(&how.force, "force", false, "although other images have this one as their parent")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print warnings only")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("set")+")")
	return cmd
}

func (a *app) set(ctx context.Context, path string, pairs []string, how setting) error {
	if strings.HasPrefix(path, engine.SamplePrefix) && !how.dryRun {
		return usage("set: %s is built in and can't be written", path)
	}
	s, err := a.sessionOn(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	r := report.Set{}
	r.DryRun = how.dryRun
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return usage("set: %q: expected NAME=VALUE", pair)
		}
		set, told, err := s.Set(ctx, name, value, how.wrong)
		if errors.Is(err, decode.ErrInput) {
			return exit{ExitUsage, fmt.Errorf("set: %s: %w", name, err)}
		}
		if err != nil {
			return err
		}
		for i := range set {
			if how.dryRun && value == "new" {
				set[i].New = "a new one" // it is made at random
			}
		}
		r.Fields = append(r.Fields, set...)
		for _, text := range told {
			r.Warnings = append(r.Warnings, disk.Finding{Code: "copy", Severity: disk.SeverityWarning, Text: text})
		}
	}
	a.warnings(r.Warnings)
	if r.Plan, err = planned(ctx, s); err != nil {
		return err
	}
	if how.dryRun && len(r.Plan) > 0 {
		if err := s.Journalable(); err != nil && !strings.HasPrefix(path, engine.SamplePrefix) {
			return err
		}
	}
	if !how.dryRun && len(r.Plan) > 0 {
		if err := a.commitSet(ctx, s, how); err != nil {
			return err
		}
	}
	if r.Done = !how.dryRun; a.quiet && !a.json {
		return nil
	}
	if !a.json && !how.dryRun {
		r.Plan = nil
	}
	return report.Setting(a.out, r, a.form())
}

// commitSet commits what was set, unless others build on what was there.
func (a *app) commitSet(ctx context.Context, s *edit.Session, how setting) error {
	if err := s.Childless(ctx); err != nil && !how.force {
		return err
	}
	if _, err := s.Openable(); err != nil {
		return err
	}
	return commit(ctx, s, how.keepUndo)
}
