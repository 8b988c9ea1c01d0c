package cli

import (
	"context"

	"github.com/spf13/cobra"

	"platter/engine/disk"
	"platter/views/report"
)

func logVerb(a *app) *cobra.Command {
	var opt report.LogOptions
	cmd := a.verb("log IMAGE", "The write-ahead log of a VHDX",
		"Prints all entries of the log: those that are replayed because the image was not closed cleanly, and those that are not, with the reason: applied before, written by an earlier session, torn.\n"+
			"--changes adds what each would change, field by field. The replay happens in memory; nothing is written.",
		func(ctx context.Context, img disk.Image) error {
			if info := img.Info(); info.Format == "unknown" {
				return info.Refused
			}
			return report.Log(ctx, a.out, img, opt, a.form())
		})
	cmd.Flags().BoolVar(&opt.Changes, "changes", false, "show what each entry changes, field by field")
	return cmd
}
