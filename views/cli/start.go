package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// start is what the program does without a verb.
func (a *app) start(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("an image is needed where there is no terminal; see platter --help")
	}
	img, err := a.open(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	return errors.Join(a.info(cmd.Context(), img), img.Close())
}
