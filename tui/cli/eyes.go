package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/views/report"
)

// exitDisagree is the exit code of eyes where the readers do not agree.
const exitDisagree = 3

func eyesVerb(a *app) *cobra.Command {
	var hash, noHash, all, why bool
	cmd := &cobra.Command{
		Use: "eyes IMAGE", Short: "The disk as other programs see it, and where they disagree", GroupID: "read", Args: exactly(1),
		Long: "The same file can mean different disks to different programs. Shows for each of them the disk's size, its SHA-256 or why the\n" +
			"program refuses the image; and the ranges of the disk in which they do not agree, with the table entry, bit, header or footer\n" +
			"that is the cause. QEMU, 7-Zip and the libyal libraries are held against the programs themselves, the others are known from\n" +
			"their code and documents: --why lists what each does otherwise, with its source and how sure that is.\n" +
			"Only what can differ is read, unless digests are made: of disks up to 16 GiB, and of any with --hash.\n" +
			"The exit code is 0 if all agree, 3 if they do not, or if some refuse what others open. One of them is taken with --as, by\n" +
			"read, hash, map and info.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.knownFormat(); err != nil {
				return err
			}
			e, err := engine.Eyes(cmd.Context(), args[0], a.opt)
			if err != nil {
				return err
			}
			a.unfinished(e.Image.Info())
			opt := report.EyesOptions{Hashed: hash || !noHash && e.Size() <= report.EyesHashed, Why: why, Most: 100}
			if all {
				opt.Most = 0
			}
			return errors.Join(a.eyes(cmd.Context(), e, opt), e.Close())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&hash, "hash", false, "make digests, however large the disk is")
	f.BoolVar(&noHash, "no-hash", false, "make no digests")
	f.BoolVar(&all, "all", false, "list all ranges, not only the first 100")
	f.BoolVar(&why, "why", false, "list what each program does otherwise")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("eyes")+")")
	cmd.MarkFlagsMutuallyExclusive("hash", "no-hash")
	return cmd
}

func (a *app) eyes(ctx context.Context, e *eyes.Eyes, opt report.EyesOptions) error {
	digest := func(int) eyes.Digest { return eyes.Digest{} }
	var d *eyes.Digests
	if opt.Hashed {
		d = eyes.NewDigests(e)
		digest = d.Of
	}
	bar := a.progress(e.Size())
	saw, err := report.Eyes(a.out, e, e.Compare(ctx, d, bar.set), digest, opt, a.form())
	bar.done()
	if err == nil && !saw.Agree {
		return exit{code: exitDisagree}
	}
	return err
}

// throughEyes opens an image as all programs see it, for the screen.
func (a *app) throughEyes(ctx context.Context, path, parent string) (*eyes.Eyes, error) {
	if err := a.knownFormat(); err != nil {
		return nil, err
	}
	opt := a.opt
	opt.Parent = parent
	return engine.Eyes(ctx, path, opt)
}

// asFlag adds --as to a verb that reads the disk.
func (a *app) asFlag(cmd *cobra.Command) {
	cmd.Flags().Var(&textFlag{&a.as, "READER"}, "as", "see the disk as another program does: "+strings.Join(eyes.Names(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(eyes.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// openAs opens an image as the program of --as does.
func (a *app) openAs(ctx context.Context, path string) (disk.Image, error) {
	if !contains(eyes.Names(), a.as) {
		return nil, usage("--as: no reader is called %q: there are %s", a.as, strings.Join(eyes.Names(), ", "))
	}
	if a.opt.Redundant {
		return nil, usage("--as and --tables: a reader has its own way to choose tables")
	}
	img, err := engine.OpenAs(ctx, path, a.opt, a.as)
	if err != nil {
		return nil, fmt.Errorf("--as %s: %w", a.as, err)
	}
	return img, nil
}
