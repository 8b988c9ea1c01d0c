package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/transfer"
	"platter/views/report"
)

// ExitLosses is the exit code of convert where --salvage has lost something.
const ExitLosses = 3

// stdio stands for standard input or output.
const stdio = "-"

// conversion are the flags of the verb convert.
type conversion struct {
	creation
	to, size, offset, length, zeroUnit string
	partition, jobs                    int
	hashes                             []string
	into, salvage, discard, keepID     bool

	unit int64
}

func convertVerb(a *app) *cobra.Command {
	c := conversion{creation: creation{values: map[string]*optionFlag{}}}
	cmd := &cobra.Command{
		Use: "convert SOURCE TARGET", Short: "Make a new image that holds the disk of another", GroupID: "write", Args: exactlyTwo,
		Long: "Makes a new image whose disk holds that of SOURCE, of any kind. The parents of SOURCE are merged into it, a log that was not\n" +
			"replayed is replayed in memory; SOURCE is never written. The format of TARGET is that of its name (.vhd, .vhdx, .vmdk, .raw)\n" +
			"unless --to names it. - stands for standard input (of a raw disk) or output (raw, a fixed VHD, a streamOptimized VMDK).\n" +
			"With --onto TARGET is a child that stores only what differs from its parent; with --into TARGET is there already, and its disk\n" +
			"is overwritten where it differs. A new TARGET is there as a whole or not at all.\n" +
			"Exit code 3: --salvage has lost something.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.convert(cmd.Context(), args[0], args[1], c, cmd.InOrStdin())
			return a.refuse("convert", args[1], worded(err), c.opt.DryRun)
		},
	}
	c.flags(a, cmd)
	for _, o := range madeOptions() {
		c.values[o.Name] = &optionFlag{option: o}
		if cmd.Flags().Var(c.values[o.Name], o.Name, optionHelp(o.Name)); o.Kind == disk.Switch {
			cmd.Flags().Lookup(o.Name).NoOptDefVal = "yes"
		}
	}
	a.progressFlags(cmd)
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("convert")+")")
	return cmd
}

func (c *conversion) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.VarP(&textFlag{&a.opt.Format, "FORMAT"}, "format", "f", "format of SOURCE, instead of detecting it")
	f.VarP(&textFlag{&c.to, "FORMAT"}, "to", "O", "format of TARGET: "+strings.Join(formatsMade(), ", "))
	f.Var(&textFlag{&c.size, "SIZE"}, "size", "size of the new disk (default: that of SOURCE); what is more is zeros")
	f.Var(&textFlag{&c.opt.Parent, "PATH"}, "onto", "make TARGET a child of the image at PATH, which stores only what differs")
	f.BoolVar(&c.opt.Relative, "relative", false, "store only the relative path of the parent")
	f.BoolVar(&c.into, "into", false, "write to the image TARGET, which is there already and is large enough")
	f.StringVar(&c.offset, "offset", "", "convert the disk of SOURCE from byte `N` on")
	f.StringVar(&c.length, "length", "", "convert `N` bytes of it")
	f.IntVar(&c.partition, "partition", 0, "convert partition `N` of it")
	f.Var(&textFlag{&c.zeroUnit, "SIZE"}, "zero-unit", "do not store aligned zeros of SIZE, a power of two from 512 to 1M; 0 stores everything (default 4K)")
	f.BoolVar(&c.discard, "discard", false, "lose what does not fit into a smaller disk")
	f.BoolVar(&c.salvage, "salvage", false, "make zeros of what can't be read, and list it")
	f.StringSliceVar(&c.hashes, "hash", nil, "hash the disk in passing: `ALG` is one of "+strings.Join(transfer.Algorithms(), ", ")+"; several with commas")
	f.BoolVar(&c.keepID, "keep-id", false, "give TARGET the identity of SOURCE")
	f.IntVar(&c.jobs, "jobs", 0, "read and compress with `N` workers (default: one per processor)")
	f.BoolVarP(&c.opt.DryRun, "dry-run", "n", false, "make nothing, tell what would be made")
	f.BoolVar(&c.opt.Replace, "force", false, "replace a file that has the name; with --into: write although other images have TARGET as their parent")
	f.BoolVar(&c.opt.Verify, "verify", false, "check TARGET and compare it with SOURCE before it gets its name")
}

func exactlyTwo(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usage("%s: expected 2 arguments, not %d (%s)", cmd.Name(), len(args), cmd.UseLine())
	}
	return nil
}

// parse reads what the flags say.
func (c *conversion) parse(target string) (err error) {
	c.unit = 4096
	if c.zeroUnit != "" {
		if c.unit, err = size("--zero-unit", c.zeroUnit, 0); err != nil {
			return err
		}
		if c.unit != 0 && (c.unit < transfer.Sector || c.unit > 1<<20 || c.unit&(c.unit-1) != 0) {
			return usage("--zero-unit %s: expected 0, or a power of two from 512 to 1M", c.zeroUnit)
		}
	}
	if strings.EqualFold(c.to, "vpc") {
		c.to = "vhd"
	}
	switch {
	case c.to != "" && !contains(formatsMade(), c.to):
		return usage("--to %q: expected one of %s", c.to, strings.Join(formatsMade(), ", "))
	case target == stdio && c.to == "":
		return usage("convert: standard output has no name that tells the format: --to is needed")
	case c.into && (c.opt.Parent != "" || target == stdio):
		return usage("convert: --into writes to an image that is there: it goes neither with --onto nor with standard output")
	case c.jobs < 0:
		return usage("--jobs %d: expected 0 or more", c.jobs)
	}
	c.opt.Format = c.to
	return nil
}

func (a *app) convert(ctx context.Context, source, target string, c conversion, in io.Reader) error {
	if err := a.knownFormat(); err != nil {
		return err
	}
	if err := c.parse(target); err != nil {
		return err
	}
	if target == stdio && isTerminal(a.out) {
		return usage("convert: standard output is a terminal; send the bytes to a file or a program")
	}
	digests, err := transfer.NewDigests(c.hashes)
	if err != nil {
		return exit{ExitUsage, fmt.Errorf("--hash: %w", err)}
	}
	if source == stdio {
		spooled, err := spool(ctx, in, target)
		if err != nil {
			return err
		}
		defer os.Remove(spooled)
		if source = spooled; a.opt.Format == "" {
			if format := engine.Recognise(spooled); format != "" {
				return usage("convert: standard input is a %s image: --format %s takes the disk in it, --format raw its bytes as they are", strings.ToUpper(format), format)
			}
			a.opt.Format = "raw"
		}
	}
	img, err := a.openSource(ctx, source)
	if err != nil {
		return err
	}
	defer img.Close()
	a.unfinished(img.Info())
	opt, err := c.options(ctx, a, img)
	if err != nil {
		return err
	}
	if len(c.hashes) > 0 {
		opt.Taken = func(b []byte) { _, _ = digests.Write(b) }
	}
	return a.converted(ctx, img, target, c, opt, digests)
}

// openSource opens an image; what is of no format is a raw disk if its name says so.
func (a *app) openSource(ctx context.Context, path string) (disk.Image, error) {
	img, err := a.open(ctx, path)
	if err != nil || img.Info().Format != engine.Unknown {
		return img, err
	}
	if err := img.Close(); err != nil {
		return nil, err
	}
	if engine.FormatOf(path) != "raw" {
		return nil, &disk.Error{Kind: disk.Unsupported, Op: "open", What: decode.InQuotes(path) + " is no image that is known here; with --format raw it is taken as a raw disk"}
	}
	opt := a.opt
	opt.Format = "raw"
	return engine.Open(ctx, path, opt)
}

// options are the wishes of the user about what is converted, and into what.
func (c *conversion) options(ctx context.Context, a *app, img disk.Image) (opt engine.ConvertOptions, err error) {
	c.opt.Values, c.opt.Allow = c.given(), a.opt.Allow
	if c.size != "" {
		c.opt.Values[disk.OptionSize] = c.size
	}
	opt = engine.ConvertOptions{CreateOptions: c.opt, ZeroUnit: c.unit, Discard: c.discard, Salvage: c.salvage, Width: c.jobs, KeepID: c.keepID}
	if opt.Start, err = size("--offset", c.offset, 0); err != nil {
		return opt, err
	}
	if opt.Length, err = size("--length", c.length, -1); err != nil || c.partition == 0 {
		return opt, err
	}
	p, err := partitionOf(ctx, img, c.partition)
	if err != nil {
		return opt, err
	}
	if opt.Start > p.Length || opt.Length > p.Length-opt.Start {
		return opt, &disk.Error{Kind: disk.OutOfRange, Op: "convert", What: fmt.Sprintf("partition %d has %d bytes", c.partition, p.Length)}
	}
	if opt.Length < 0 {
		opt.Length = p.Length - opt.Start
	}
	opt.Start += p.Start
	return opt, nil
}

// converted converts, and reports.
func (a *app) converted(ctx context.Context, img disk.Image, target string, c conversion, opt engine.ConvertOptions, digests *transfer.Digests) error {
	bar := a.progress(img.Info().VirtualSize)
	opt.Progress = bar.of
	r := report.Conversion{Source: img.Info(), DryRun: c.opt.DryRun, Into: c.into, Piped: target == stdio}
	var err error
	try := ""
	switch {
	case target == stdio:
		r.Converted, err = engine.Pipe(ctx, img, a.out, "disk."+c.to, opt)
	case c.into:
		r.Converted, err = a.convertInto(ctx, img, target, opt)
	default:
		r.Converted, err = engine.Convert(ctx, img, target, opt)
	}
	bar.done()
	left := "nothing was made"
	if c.into {
		left = "a part of the disk was written; the image is whole"
	}
	if err = stopped(err, left); err != nil {
		return err
	}
	if a.warnings(r.Warnings); target != stdio {
		try = tryCommand(r.Info)
	}
	r.Digests = digests.Sums()
	if err := a.tellConverted(r, target, try); err != nil {
		return err
	}
	if r.Gone > 0 {
		return exit{ExitLosses, nil}
	}
	return nil
}

// tellConverted prints the report, on standard error where the image went to standard
// output.
func (a *app) tellConverted(r report.Conversion, target, try string) error {
	out := a.out
	switch {
	case a.quiet && !a.json:
		return nil
	case target == stdio:
		out = a.errs
	}
	return report.Convert(out, r, try, a.form())
}

// convertInto writes to an image that is there.
func (a *app) convertInto(ctx context.Context, img disk.Image, target string, opt engine.ConvertOptions) (transfer.Converted, error) {
	s, err := edit.Open(ctx, target, engine.Options{Format: opt.Format, Allow: a.opt.Allow})
	if err != nil {
		return transfer.Converted{}, err
	}
	defer s.Close()
	before, err := s.Image()
	if err != nil {
		return transfer.Converted{}, err
	}
	if engine.Shares(img, before) {
		return transfer.Converted{}, usage("convert: %s is the source, or one of its files", decode.InQuotes(target))
	}
	if err := s.Childless(ctx); err != nil && !opt.Replace {
		return transfer.Converted{}, err
	}
	if err := s.Replayed(); err != nil {
		return transfer.Converted{}, err
	}
	if _, err := s.Openable(); err != nil {
		return transfer.Converted{}, err
	}
	var done transfer.Converted
	if !opt.DryRun {
		_, err = s.Straight(ctx, disk.WriteOptions{Ahead: ahead, Renew: true}, func(ctx context.Context, w disk.Writer) (err error) {
			done, err = engine.Into(ctx, img, w, opt)
			return err
		})
	}
	done.Info, done.Files = before.Info(), before.Files()
	return done, err
}

// spool keeps standard input in a file beside the target, since its length has to be
// known, and some makers read it twice.
func spool(ctx context.Context, in io.Reader, target string) (path string, err error) {
	dir := os.TempDir()
	name := "platter-*"
	if target != stdio {
		dir, name = filepath.Dir(target), "."+filepath.Base(target)+".platter-input-*"
	}
	if isTerminal(in) {
		return "", usage("convert: standard input is a terminal: send the bytes of a raw disk to it")
	}
	f, err := os.CreateTemp(dir, name)
	if err != nil {
		return "", err
	}
	if err = errors.Join(transfer.Spool(ctx, f, in), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
