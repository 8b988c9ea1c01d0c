package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/views/report"
)

// The exit codes of check, as those of qemu-img.
const (
	exitNotChecked = 1
	exitErrors     = 2
	exitWarnings   = 3
)

func checkVerb(a *app) *cobra.Command {
	form := report.CheckForm{}
	cmd := a.verb("check IMAGE", "What is wrong with the image",
		"Checks all structures and tables and prints its findings: a stable code, the place, what it means.\n"+
			"With --profile the first line says whether the image is fit for a program or service ("+strings.Join(disk.Profiles()[1:], ", ")+"); strict adds nothing.\n"+
			"Nothing is written. Exit code 0: nothing, or notes only; 1: could not be checked; 2: errors; 3: warnings only.",
		func(ctx context.Context, img disk.Image) error {
			if !contains(disk.Profiles(), form.Profile) {
				return usage("--profile %q: expected one of %s", form.Profile, strings.Join(disk.Profiles(), ", "))
			}
			form.Form = a.form()
			return a.check(ctx, img, form)
		})
	cmd.Flags().StringVar(&form.Profile, "profile", disk.ProfileStrict, "say whether the image is fit for `PROFILE`")
	cmd.Flags().BoolVar(&form.All, "all", false, "list each finding by itself; else equal ones are one row, with a count")
	_ = cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(disk.Profiles(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) check(ctx context.Context, img disk.Image, form report.CheckForm) error {
	if info := img.Info(); info.Format == "unknown" {
		return exit{exitNotChecked, info.Refused}
	}
	tally, err := report.Check(a.out, engine.FullCheck(ctx, img, form.Profile), form)
	switch {
	case err != nil:
		return exit{exitNotChecked, fmt.Errorf("the check is not complete: %w", err)}
	case tally.By[disk.SeverityError] > 0:
		return exit{exitErrors, nil}
	case tally.By[disk.SeverityWarning] > 0:
		return exit{exitWarnings, nil}
	}
	return nil
}

func chainVerb(a *app) *cobra.Command {
	return a.verb("chain IMAGE", "The image and its parents",
		"Prints the layers of a differencing image, from the image itself to its base: how each is tied to its parent, and how much each stores.",
		func(ctx context.Context, img disk.Image) error { return report.Chain(ctx, a.out, img, a.form()) })
}
