package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
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
		func(ctx context.Context, img disk.Image) error {
			found, closed, err := a.elsewhere(ctx, img)
			if err == nil {
				err = report.Chain(ctx, a.out, img, found, a.form())
			}
			return errors.Join(err, closed())
		})
}

// mostFound bounds how many images a broken chain's folder is shown with.
const mostFound = 8

// elsewhere opens what the folder of the last layer has of a chain that is broken there.
func (a *app) elsewhere(ctx context.Context, img disk.Image) (found report.Elsewhere, closed func() error, err error) {
	var opened []disk.Image
	closed = func() error {
		var errs []error
		for _, img := range opened {
			errs = append(errs, img.Close())
		}
		return errors.Join(errs...)
	}
	for img.Parent() != nil {
		img = img.Parent()
	}
	path := img.Info().Path
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		return found, closed, nil // a sample: its layers are all there
	}
	defer folder.Close()
	defer file.Close()
	if err := folder.Allow(a.opt.Allow...); err != nil {
		return found, closed, err
	}
	rest := engine.RestOf(folder, name, folder.Allowed()...)
	take := func(names []string) (list []disk.Image) {
		for _, n := range names[:min(len(names), mostFound)] {
			if !filepath.IsAbs(n) {
				n = filepath.Join(filepath.Dir(path), filepath.FromSlash(n))
			}
			opt := a.opt
			opt.Parent = ""
			if other, err := engine.Open(ctx, n, opt); err == nil {
				list, opened = append(list, other), append(opened, other)
			}
		}
		found.More += max(0, len(names)-mostFound)
		return list
	}
	found.More = rest.Left
	found.Same, found.Below = take(rest.Same), take(rest.Below)
	return found, closed, nil
}
