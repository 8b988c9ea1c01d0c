package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"platter/engine/edit"
)

func (a *app) recoverVerb() *cobra.Command {
	var back, forward bool
	cmd := &cobra.Command{
		Use: "recover IMAGE", Short: "Finish or undo an interrupted write", GroupID: "write", Args: exactly(1),
		Long: "A write to an image goes through a journal beside it, IMAGE.platter-journal, which holds the old and the new bytes. If the\n" +
			"power fails meanwhile, the journal stays: --back restores all old bytes, --forward writes all new ones, and either removes\n" +
			"the journal. Both refuse if these bytes have been changed since. Without a flag recover only reports what it finds.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if back && forward {
				return usage("recover: --back and --forward exclude each other")
			}
			i, err := edit.FindInterrupted(args[0], a.opt)
			if errors.Is(err, fs.ErrNotExist) && fileExists(args[0]) {
				fmt.Fprintln(cmd.OutOrStdout(), "no write to this image was interrupted")
				return nil
			}
			if err != nil {
				return err
			}
			defer i.Close()
			return recovery(cmd, i, back, forward)
		},
	}
	cmd.Flags().BoolVar(&back, "back", false, "restore the old bytes")
	cmd.Flags().BoolVar(&forward, "forward", false, "write all new bytes")
	return cmd
}

// recovery tells what was interrupted, and finishes or undoes it as the flags say.
func recovery(cmd *cobra.Command, i *edit.Interrupted, back, forward bool) error {
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, i.Summary())
	switch {
	case back:
		if err := i.Back(); err != nil {
			return err
		}
		fmt.Fprintln(out, "the image is as it was before")
	case forward:
		if err := i.Forward(); err != nil {
			return err
		}
		fmt.Fprintln(out, "the write is complete")
	default:
		fmt.Fprintln(out, "--back restores the old bytes, --forward writes all new ones")
	}
	return nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
