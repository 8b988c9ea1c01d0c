package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/views/report"
)

// creation are the flags of the verb create.
type creation struct {
	opt    engine.CreateOptions
	extent string // make a descriptor for this file; empty: a whole image
	values map[string]*optionFlag
}

func createVerb(a *app) *cobra.Command {
	c := creation{values: map[string]*optionFlag{}}
	from, fromFormat := "", ""
	cmd := &cobra.Command{
		Use: "create IMAGE [SIZE]", Short: "Make a new, empty image", GroupID: groupWrite, Args: oneOr(2),
		Long: "Makes a new image whose disk reads as zeros, or with --parent a child that reads as its parent. The format is that of the\n" +
			"name (.vhd, .vhdx, .vmdk, .raw) unless --format names it. SIZE is needed without a parent: 512, 0x200, 64K, 10G, 100s (sectors).\n" +
			"With --describe only the descriptor of a VMDK is made, for files that are there: size and geometry are those of the files.\n" +
			"The image is there as a whole or not at all: until it is finished its files have temporary names. With the same --seed two\n" +
			"runs make the same bytes. --profile chooses defaults, and refuses what the program of that name would not take.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c.opt.Allow = a.opt.Allow
			if from != "" {
				err := a.createFrom(cmd.Context(), args, from, fromFormat, c, cmd.InOrStdin())
				return a.refuse("create", args[0], worded(err), c.opt.DryRun)
			}
			return a.create(cmd.Context(), args, c)
		},
	}
	flags := cmd.Flags()
	flags.VarP(&textFlag{&c.opt.Format, "FORMAT"}, "format", "f", "format of the image: "+strings.Join(formatsMade(), ", "))
	flags.Var(&textFlag{&c.opt.Parent, "PATH"}, "parent", "make a child of the image at PATH")
	flags.Var(&textFlag{&from, "SOURCE"}, "from", "let the disk hold that of SOURCE, as convert does")
	flags.Var(&textFlag{&fromFormat, "FORMAT"}, "from-format", "format of SOURCE, instead of detecting it")
	flags.Var(&textFlag{&c.extent, "FILE"}, "describe", "vmdk: make only the descriptor, for a flat file, a layer or a piece that is there")
	flags.BoolVar(&c.opt.Relative, "relative", false, "store only the relative path of the parent")
	for _, o := range madeOptions() {
		c.values[o.Name] = &optionFlag{option: o}
		if flags.Var(c.values[o.Name], o.Name, optionHelp(o.Name)); o.Kind == disk.Switch {
			flags.Lookup(o.Name).NoOptDefVal = "yes"
		}
	}
	flags.BoolVarP(&c.opt.DryRun, "dry-run", "n", false, "make nothing, tell what would be made")
	flags.BoolVar(&c.opt.Replace, "force", false, "replace an image that has the name, with its files; make the image although room is short")
	flags.BoolVar(&c.opt.Verify, "verify", false, "check the image and read its disk back before it gets its name")
	a.progressFlags(cmd)
	flags.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("create")+")")
	return cmd
}

// createFrom makes an image with the content of another.
func (a *app) createFrom(ctx context.Context, args []string, from, format string, c creation, in io.Reader) error {
	v := conversion{creation: c, to: c.opt.Format}
	if len(args) > 1 {
		v.size = args[1]
	}
	a.opt.Format = format
	return a.convert(ctx, from, args[0], v, in)
}

// create makes the image and reports what was made.
func (a *app) create(ctx context.Context, args []string, c creation) error {
	c.opt.Values = c.given()
	if len(args) > 1 {
		c.opt.Values[disk.OptionSize] = args[1]
	}
	if strings.EqualFold(c.opt.Format, "vpc") {
		c.opt.Format = "vhd"
	}
	if c.opt.Format != "" && !contains(engine.Formats(), c.opt.Format) {
		return usage("--format %q: expected one of %s", c.opt.Format, strings.Join(formatsMade(), ", "))
	}
	if args[0] == "-" {
		return usage("create: an image is a file: - is no name; platter convert writes a streamOptimized VMDK, or the raw disk, to standard output")
	}
	bar := a.progress(0)
	c.opt.Progress = bar.of
	var made disk.Created
	var err error
	if c.extent != "" {
		made, err = engine.Describe(ctx, args[0], c.extent, c.opt)
	} else {
		made, err = engine.Create(ctx, args[0], c.opt)
	}
	bar.done()
	if err = stopped(err, "nothing was made"); err != nil {
		return a.refuse("create", args[0], worded(err), c.opt.DryRun)
	}
	a.warnings(made.Warnings)
	if a.quiet && !a.json {
		return nil
	}
	return report.Creation(a.out, made, c.opt.DryRun, tryCommand(made.Info), a.form())
}

// given are the values of the flags that were set.
func (c creation) given() map[string]string {
	values := map[string]string{}
	for name, f := range c.values {
		if len(f.values) > 0 {
			values[name] = strings.Join(f.values, "\n")
		}
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" && values[disk.OptionTime] == "" {
		values[disk.OptionTime] = "@" + epoch
	}
	return values
}

// worded puts the dashes before the name of an option that is refused; the size is no
// flag, but an argument.
func worded(err error) error {
	var e *disk.Error
	if errors.As(err, &e) && (e.Kind == disk.WrongOption || e.Kind == disk.Limit) {
		name, _, _ := strings.Cut(e.What, ":")
		switch {
		case name == disk.OptionSize && e.Err != nil: // which calls it a size
			c := *e
			c.What, c.Err = e.Err.Error(), nil
			err = &c
		case slices.ContainsFunc(madeOptions(), func(o disk.Option) bool { return o.Name == name }), name == "format", name == "parent", name == "to":
			c := *e
			c.What = "--" + c.What
			err = &c
		}
	}
	if errors.Is(err, disk.ErrWrongOption) {
		return exit{ExitUsage, err}
	}
	return err
}

// tryCommand is how another program looks at an image.
func tryCommand(i disk.Info) string {
	path := "'" + strings.ReplaceAll(i.Path, "'", `'\''`) + "'"
	switch {
	case i.Parent != "" && i.Format != "vmdk":
		return "7z l " + path
	case i.LogicalSectorSize == 4096: // which QEMU does not open
		return "vhdiinfo " + path
	case i.Format == "vhd":
		return "qemu-img info -f vpc " + path
	case i.Format == "raw":
		return "qemu-img info -f raw " + path
	}
	return "qemu-img check -f " + i.Format + " " + path
}

// formatsMade lists the formats that can be made.
func formatsMade() []string {
	return slices.DeleteFunc(engine.Formats(), func(f string) bool { return len(engine.MakeOptions(f)) == 0 })
}

// madeOptions are the options of all formats, each name once; the size is an argument.
func madeOptions() []disk.Option {
	var list []disk.Option
	for _, f := range formatsMade() {
		for _, o := range engine.MakeOptions(f) {
			if o.Name != disk.OptionSize && !slices.ContainsFunc(list, func(p disk.Option) bool { return p.Name == o.Name }) {
				list = append(list, o)
			}
		}
	}
	return list
}

// optionHelp says what an option chooses, and which values each format takes.
func optionHelp(name string) string {
	var doc string
	var formats, ranges []string
	same, all := true, formatsMade()
	for _, f := range all {
		for _, o := range engine.MakeOptions(f) {
			if o.Name != name {
				continue
			}
			doc = o.Doc
			formats, ranges = append(formats, f), append(ranges, optionRange(f, o))
			same = same && ranges[0] == ranges[len(ranges)-1]
		}
	}
	switch only := strings.Join(formats, ", ") + " only"; {
	case same && len(formats) == len(all):
		return doc + bracketed(ranges[0])
	case same:
		return doc + bracketed(joinedWords("; ", only, ranges[0]))
	}
	for i := range formats {
		formats[i] = joinedWords(": ", formats[i], ranges[i])
	}
	return doc + " (" + strings.Join(formats, "; ") + ")"
}

// joinedWords puts two texts together, if there are two.
func joinedWords(between, a, b string) string {
	if b == "" {
		return a
	}
	return a + between + b
}

func bracketed(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// optionRange are the values that a format takes for an option, its default among them.
func optionRange(format string, o disk.Option) string {
	text := o.Range()
	def := disk.DefaultOf(engine.MakeOptions(format), o.Name)
	switch {
	case def == "" || def == disk.ProfileStrict:
		return text
	case text == "":
		return "default " + def
	}
	return text + ", default " + def
}

// oneOr takes one argument, or up to most.
func oneOr(most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < 1 || len(args) > most {
			return usage("%s: expected 1 to %d arguments, not %d (%s)", cmd.Name(), most, len(args), cmd.UseLine())
		}
		return nil
	}
}

// textFlag is a flag whose help shows what its value is.
type textFlag struct {
	to   *string
	hint string
}

// String is the value.
func (f *textFlag) String() string {
	if f.to == nil {
		return ""
	}
	return *f.to
}

// Set takes a value.
func (f *textFlag) Set(v string) error { *f.to = v; return nil }

// Type is what help shows.
func (f *textFlag) Type() string { return f.hint }

// optionFlag is the flag of an option of a maker.
type optionFlag struct {
	option disk.Option
	values []string
}

// String is the value.
func (f *optionFlag) String() string { return strings.Join(f.values, " ") }

// Set takes a value; only options of several keep those before it.
func (f *optionFlag) Set(v string) error {
	if f.option.Kind != disk.Lines {
		f.values = nil
	}
	f.values = append(f.values, v)
	return nil
}

// Type is what help shows.
func (f *optionFlag) Type() string {
	if f.option.Kind == disk.Switch {
		return ""
	}
	return f.option.Hint
}
