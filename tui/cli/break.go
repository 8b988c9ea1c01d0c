package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine/damage"
	"platter/engine/edit"
	"platter/views/report"
)

// breaking are the flags of the verb break.
type breaking struct {
	faults []string
	seed   uint64
	out    string
	list   bool
	force  bool
}

func breakVerb(a *app) *cobra.Command {
	var b breaking
	cmd := &cobra.Command{
		Use: "break SOURCE --out IMAGE", Short: "Make a damaged copy to practise on, with an answer key", GroupID: groupWrite,
		Long: "Copies an image, or a built-in sample, and plants faults in the copy, each of which the check finds by its code. SOURCE is not\n" +
			"changed. --fault takes a code (vhd/V034), random, or random,3 for three of them, and can be repeated; the same --seed plants the same.\n" +
			"What was planted stands in IMAGE" + damage.Ending + ", packed so that nobody reads it by accident; that is no encryption. platter lesson\n" +
			"check IMAGE tells how far it was repaired, and whether anything else was changed. --list names all faults, with SOURCE those of its format.",
		Args: atMostImages(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if b.list {
				return a.listFaults(cmd.Context(), args)
			}
			if len(args) == 0 || b.out == "" {
				return usage("break: expected a SOURCE and --out IMAGE; --list names the faults")
			}
			return a.refuse("break", b.out, a.breakImage(cmd.Context(), args[0], b), false)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&b.faults, "fault", []string{"random"}, "plant the fault `CODE`, or random, or random,N; can be repeated")
	f.Uint64Var(&b.seed, "seed", 1, "what decides at random: the same `N` plants the same")
	f.StringVar(&b.out, "out", "", "make the damaged copy at `PATH`")
	f.BoolVar(&b.list, "list", false, "name the faults, and make nothing")
	f.BoolVar(&b.force, "force", false, "replace files that have the names")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print warnings only")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("break")+")")
	return cmd
}

// atMostImages is atMost for a verb.
func atMostImages(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage("%s: expected at most %d argument, not %d (%s)", cmd.Name(), n, len(args), cmd.UseLine())
		}
		return nil
	}
}

func (a *app) listFaults(ctx context.Context, args []string) error {
	list := damage.Faults()
	if len(args) > 0 {
		img, err := a.open(ctx, args[0])
		if err != nil {
			return err
		}
		list = damage.Called(img.Info().Format, "")
		if err := img.Close(); err != nil {
			return err
		}
	}
	return report.Faults(a.out, list, a.form())
}

func (a *app) breakImage(ctx context.Context, source string, b breaking) error {
	img, err := a.open(ctx, source)
	if err != nil {
		return err
	}
	defer img.Close()
	wishes, err := wished(img.Info().Format, b.faults)
	if err != nil {
		return err
	}
	key, err := edit.Break(ctx, img, b.out, edit.Breaking{Wishes: wishes, Seed: b.seed, Replace: b.force})
	if err = stopped(err, "nothing was made"); err != nil {
		return err
	}
	if a.quiet && !a.json {
		return nil
	}
	broken := report.Broken{Path: b.out, Key: b.out + damage.Ending, Faults: len(key.Faults)}
	broken.Done = true
	for _, path := range []string{b.out, broken.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		broken.Files = append(broken.Files, report.FileChange{Path: filepath.ToSlash(path), Before: -1, After: info.Size()})
	}
	return report.Break(a.out, broken, a.form())
}

// wished are the faults that flags ask for.
func wished(format string, flags []string) (list []damage.Wish, err error) {
	if len(damage.Called(format, "")) == 0 {
		return nil, fmt.Errorf("break: no faults are known for the format %s; those of vhd, vhdx and vmdk are", format)
	}
	for _, text := range flags {
		word, number, counted := strings.Cut(text, ",")
		if word == "random" {
			n := 1
			if counted {
				if n, err = strconv.Atoi(number); err != nil || n < 1 || n > mostFaults {
					return nil, usage("--fault %s: expected a number from 1 to %d after the comma", text, mostFaults)
				}
			}
			list = append(list, damage.Random(format, n)...)
			continue
		}
		faults := damage.Called(format, text)
		if text == "" || len(faults) == 0 {
			return nil, usage("--fault %s: no fault of %s has this code; platter break --list names them", text, format)
		}
		list = append(list, faults)
	}
	return list, nil
}

// mostFaults bounds how many faults are planted at random.
const mostFaults = 20
