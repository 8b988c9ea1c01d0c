package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"platter/engine/compare"
	"platter/engine/disk"
	"platter/views/report"
)

// The exit codes of compare, as qemu-img has them.
const (
	exitDifferent  = 1
	exitUncompared = 2
)

func compareVerb(a *app) *cobra.Command {
	files, to := false, ""
	cmd := &cobra.Command{
		Use: "compare IMAGE IMAGE", Short: "Show where two disks differ", GroupID: "read", Args: exactly(2),
		Long: "Compares two virtual disks byte by byte, whatever their formats, and prints the ranges that differ.\n" +
			"Where one is larger, the rest of it differs. With --file the first files of the containers are compared instead.\n" +
			"--format is the format of the first, --to that of the second; what is of no format is a raw disk if its name says so.\n" +
			"The exit code is 0 if they are the same, 1 if they differ, 2 if they could not be compared.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.compare(cmd.Context(), args[0], args[1], to, files)
			var e exit
			if err != nil && !errors.As(err, &e) {
				err = exit{exitUncompared, err}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("compare")+")")
	cmd.Flags().VarP(&textFlag{&to, "FORMAT"}, "to", "O", "format of the second image, instead of detecting it")
	cmd.Flags().BoolVar(&files, "file", false, "compare the containers' own bytes")
	return cmd
}

func (a *app) compare(ctx context.Context, left, right, to string, files bool) error {
	x, closeX, err := a.surface(ctx, left, files)
	if err != nil {
		return err
	}
	defer closeX()
	second := *a
	second.opt.Format, second.opt.Parent = to, ""
	y, closeY, err := second.surface(ctx, right, files)
	if err != nil {
		return err
	}
	defer closeY()
	bar := a.progress(max(x.Size, y.Size))
	ranges := compare.Compare(ctx, x, y, func(at, _ int64) { bar.set(at) })
	c, err := report.Compare(a.out, x, y, ranges, a.form())
	bar.done()
	switch {
	case err != nil:
		return err
	case !c.Complete:
		return errors.New("not everything could be compared")
	case !c.Identical:
		return exit{code: exitDifferent}
	}
	return nil
}

// surface opens an image for its disk or its first file.
func (a *app) surface(ctx context.Context, path string, file bool) (disk.Surface, func(), error) {
	img, err := a.openSource(ctx, path)
	if err != nil {
		return disk.Surface{}, nil, err
	}
	a.unfinished(img.Info())
	end := func() { img.Close() }
	if file {
		f, err := fileNamed(img, first)
		if err != nil {
			end()
		}
		return disk.FileSurface(f), end, err
	}
	if info := img.Info(); !info.Readable() {
		end()
		return disk.Surface{}, nil, info.Refused
	}
	return disk.DiskSurface(img), end, nil
}
