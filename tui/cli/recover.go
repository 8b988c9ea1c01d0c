package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
	"platter/views/report"
)

// recovering is what recover was told to do.
type recovering struct {
	back, forward bool
	yes           bool
}

func recoverVerb(a *app) *cobra.Command {
	var r recovering
	cmd := &cobra.Command{
		Use: "recover IMAGE", Short: "Finish or undo an interrupted write", GroupID: groupWrite, Args: exactly(1),
		Long: "A write to an image goes through a journal beside it, IMAGE.platter-journal, which holds the old and the new bytes. If the\n" +
			"power fails meanwhile, the journal stays: --back restores all old bytes, --forward writes all new ones, and either removes\n" +
			"the journal. Both refuse if these bytes have been changed since, and touch no file but those of the image. Without one of\n" +
			"them recover only reports what it finds. Files, places and sizes are listed first; then it asks, unless --yes is given.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.back && r.forward {
				return usage("recover: --back and --forward exclude each other")
			}
			return a.recover(cmd, args[0], r)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&r.back, "back", false, "restore the old bytes")
	flags.BoolVar(&r.forward, "forward", false, "write all new bytes")
	flags.BoolVar(&r.yes, "yes", false, "don't ask")
	flags.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("recover")+")")
	return cmd
}

// recover tells what was interrupted, and finishes or undoes it as the flags say.
func (a *app) recover(cmd *cobra.Command, path string, r recovering) error {
	i, err := edit.FindInterrupted(cmd.Context(), path, a.opt)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fileExists(path):
		nothing := report.Recovery{State: "none", Summary: "no write to this image was interrupted", Direction: r.direction(), Done: r.direction() != ""}
		return report.Recovered(a.out, nothing, report.Refusal{}, a.form())
	case errors.Is(err, store.ErrRunning) && r.direction() == "":
		running := report.Recovery{State: "running", Summary: "another platter is writing to this image now; nothing is interrupted"}
		return report.Recovered(a.out, running, report.Refusal{}, a.form())
	case err != nil:
		return a.refuse("recover", path, err, r.direction() == "")
	}
	defer i.Close()
	if r.forward && i.Torn {
		return a.refuse("recover", path, i.Forward(), false)
	}
	found := recovery(i, r)
	if r.direction() == "" {
		if err := report.Recovered(a.out, found, report.Refusal{}, a.form()); err != nil || a.json {
			return err
		}
		ways := "--back restores the old bytes, --forward writes all new ones"
		if i.Torn {
			ways = "--back removes it; there is no way forward, since it does not hold all new bytes"
		}
		fmt.Fprintln(a.out, ways)
		return nil
	}
	return a.carryOut(cmd, path, i, found, r)
}

// recovery is what is reported of an interrupted write.
func recovery(i *edit.Interrupted, r recovering) report.Recovery {
	found := report.Recovery{State: "interrupted", Summary: i.Summary(), Direction: r.direction(), Steps: i.Steps(), Sizes: i.Sizes()}
	if i.Torn {
		found.State = "begun"
	}
	return found
}

func (r recovering) direction() string {
	switch {
	case r.back:
		return "back"
	case r.forward:
		return "forward"
	}
	return ""
}

// carryOut shows the plan, asks, and goes back or forward.
func (a *app) carryOut(cmd *cobra.Command, path string, i *edit.Interrupted, found report.Recovery, r recovering) error {
	if !a.json {
		if err := report.Recovered(a.out, found, report.Refusal{}, report.Text); err != nil {
			return err
		}
	}
	question := "put these old bytes back?"
	switch {
	case i.Torn:
		question = "remove the unfinished journal?"
	case r.forward:
		question = "write these new bytes?"
	}
	if err := a.confirmed(cmd, r, question); err != nil {
		refused := report.Refusal{Reason: disk.RefusedConfirm, Message: err.Error(), Override: "--yes"}
		if a.json {
			err = errors.Join(err, report.Recovered(a.out, found, refused, report.JSON))
		}
		return err
	}
	act, outcome := i.Back, "the image is as it was before"
	if i.Torn {
		outcome = "the unfinished journal is removed; the image was not touched"
	}
	if r.forward {
		act, outcome = i.Forward, "the write is complete"
	}
	if err := act(); err != nil {
		return a.refuse("recover", path, err, r.direction() == "")
	}
	if found.Done = true; a.json {
		return report.Recovered(a.out, found, report.Refusal{}, report.JSON)
	}
	fmt.Fprintln(a.out, outcome)
	return nil
}

// confirmed asks the person at the terminal, unless told not to.
func (a *app) confirmed(cmd *cobra.Command, r recovering, question string) error {
	if r.yes {
		return nil
	}
	in := cmd.InOrStdin()
	if !isTerminal(in) || !isTerminal(a.errs) {
		return errors.New("recover: nothing was written: look at the plan, then give --yes")
	}
	fmt.Fprint(a.errs, question+" [y/N] ")
	line, _ := bufio.NewReader(in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("recover: nothing was written")
	}
	return nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
