// Package cli is the command line: it parses, opens, calls and prints. Every
// verb is the plain form of a screen, and prints through views/report.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/sample"
	"platter/views/report"
	"platter/views/theme"
)

// The exit codes of all verbs but check, compare and eyes.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// groupWrite is the group of the verbs that write.
const groupWrite = "write"

// app is one run of the program.
type app struct {
	out, errs io.Writer
	opt       engine.Options
	as        string // the program through whose eyes the disk is seen
	json      bool
	noState   bool
	bars      bool // tell how far long jobs are
	quiet     bool
}

// exit is an error with an exit code of its own. Err may be nil: the verb has
// said everything already.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return exit{ExitUsage, fmt.Errorf(format, args...)} }

// Run executes the command line args, without the program's name, and returns
// the exit code. Reports go to out, errors and progress to errs.
func Run(ctx context.Context, args []string, out, errs io.Writer) int {
	printed := &counted{Writer: out}
	a := &app{out: printed, errs: errs, bars: isTerminal(errs)}
	root := a.root()
	root.SetArgs(negative(args))
	root.SetOut(printed)
	root.SetErr(errs)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitDone
	}
	code := ExitFailed
	var e exit
	if errors.As(err, &e) {
		if code = e.code; e.err == nil {
			return code
		}
	}
	changes := cmd.GroupID == groupWrite
	if changes && printed.n == 0 && (a.json || asked(args)) {
		dryRun, _ := cmd.Flags().GetBool("dry-run") // false for a verb without it
		_ = report.Failed(out, cmd.Name(), report.Outcome{DryRun: dryRun, Error: oneLine(err), Interrupted: errors.Is(err, context.Canceled)})
	}
	if changes || !errors.Is(err, context.Canceled) {
		fmt.Fprintln(errs, "platter: "+oneLine(err))
	}
	return code
}

// interrupted is the error of a verb that a signal has stopped, with what holds now.
type interrupted struct{ holds string }

func (e interrupted) Error() string { return "interrupted: " + e.holds }

func (e interrupted) Unwrap() error { return context.Canceled }

// stopped tells what holds where a signal has stopped a verb; other errors stay.
func stopped(err error, holds string) error {
	var told interrupted
	if errors.Is(err, context.Canceled) && !errors.As(err, &told) {
		return interrupted{holds}
	}
	return err
}

// counted counts what is printed, in bytes: a document that was begun is not begun again.
type counted struct {
	io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

// asked reports whether a command line that could not be parsed asks for a document.
func asked(args []string) bool {
	for _, a := range args {
		switch a {
		case "--json", "--json=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

// oneLine words an error for the terminal, whatever it quotes from an image. What several
// causes say alike is said once.
func oneLine(err error) string {
	var lines []string
	for _, l := range strings.Split(err.Error(), "\n") {
		if !contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return decode.Printable(strings.Join(lines, "; "))
}

func (a *app) root() *cobra.Command {
	var l looks
	root := &cobra.Command{
		Use:           "platter [IMAGE]",
		Version:       version(),
		Short:         "Look into VHD, VHDX and VMDK disk images",
		Long:          about(),
		Args:          atMost(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, args []string) error { return a.start(cmd, args, l) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit{ExitUsage, err} })
	flags := root.PersistentFlags()
	flags.StringVar(&a.opt.Format, "format", "", "open as `FORMAT` ("+strings.Join(engine.Formats(), ", ")+") instead of detecting it")
	flags.StringVar(&a.opt.Parent, "parent", "", "use the image at `PATH` as the parent of a differencing image")
	flags.BoolVar(&a.opt.AnyParent, "any-parent", false, "read a differencing image over the file that has its parent's name, although its identity is another")
	flags.StringArrayVar(&a.opt.Allow, "allow", nil, "let the image name files in `FOLDER` too; can be repeated")
	flags.BoolVar(&a.noState, "no-state", false, "leave no trace: no list of recent files, no bookmarks and notes")
	_ = root.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(engine.Formats(), cobra.ShellCompDirectiveNoFileComp))
	looksFlags(root, &l)
	root.AddGroup(&cobra.Group{ID: "read", Title: "Verbs that read:"}, &cobra.Group{ID: groupWrite, Title: "Verbs that write:"}, &cobra.Group{ID: "help", Title: "Help:"})
	root.SetHelpCommandGroupID("help")
	root.SetCompletionCommandGroupID("help")
	root.AddCommand(a.verbs()...)
	return root
}

// looksFlags adds the flags of the screens.
func looksFlags(cmd *cobra.Command, l *looks) {
	cmd.Flags().StringVar(&l.theme, "theme", "", "colours of the screens: `NAME` is one of "+strings.Join(theme.Names(), ", "))
	cmd.Flags().StringVar(&l.color, "color", "", "colours to send: `WHEN` is one of "+strings.Join(colorModes, ", ")+"; otherwise NO_COLOR and the terminal decide")
	cmd.Flags().BoolVar(&l.noMouse, "no-mouse", false, "leave the mouse to the terminal")
	_ = cmd.RegisterFlagCompletionFunc("theme", cobra.FixedCompletions(theme.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// version is that of the module, and the commit that the program was built from, as far as
// the build knows them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += ", commit " + s.Value
		}
	}
	return text + ", " + info.GoVersion
}

func about() string {
	var b strings.Builder
	b.WriteString("Platter shows what VHD, VHDX and VMDK disk images are made of, down to the byte.\n\n" +
		"Given an image, it opens its screens; without a terminal it prints what `platter info` prints.\n" +
		"Images are opened read-only. Built-in samples can be given like images:\n")
	for _, s := range sample.All() {
		fmt.Fprintf(&b, "\n  %-14s %s", engine.SamplePrefix+s.Name, s.About)
	}
	b.WriteString("\n\n" + aboutConfig() + "\nSee platter keys --help for what it can hold.")
	return b.String()
}

// aboutConfig says where the configuration file is looked for.
func aboutConfig() string {
	if path := configPath(); path != "" {
		return "The configuration file is " + path + "; it is optional."
	}
	return "The configuration file is platter/config.toml in the user's configuration folder; there is no such folder here."
}

// verbs lists all verbs, in the order in which help shows them.
func (a *app) verbs() []*cobra.Command {
	return []*cobra.Command{
		infoVerb(a), treeVerb(a), layoutVerb(a), mapVerb(a), partitionsVerb(a), logVerb(a), explainVerb(a),
		checkVerb(a), chainVerb(a), searchVerb(a), readVerb(a), hashVerb(a), compareVerb(a), eyesVerb(a), serveVerb(a), lessonVerb(a),
		createVerb(a), convertVerb(a), resizeVerb(a), mergeVerb(a), rebaseVerb(a), compactVerb(a),
		repairVerb(a), patchVerb(a), breakVerb(a), writeVerb(a), setVerb(a), revertVerb(a), recoverVerb(a),
		docVerb(a), keysVerb(a),
	}
}

// verb makes a verb that reports on an image; it takes --json.
func (a *app) verb(use, short, long string, run func(ctx context.Context, img disk.Image) error) *cobra.Command {
	cmd := a.imageVerb(use, short, long, run)
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema(cmd.Name())+")")
	return cmd
}

// imageVerb makes a verb that opens the image in its first argument.
func (a *app) imageVerb(use, short, long string, run func(ctx context.Context, img disk.Image) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, GroupID: "read", Args: exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			img, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if cmd.Name() != "check" { // which says so itself
				a.unfinished(img.Info())
			}
			return errors.Join(run(cmd.Context(), img), img.Close())
		},
	}
}

// unfinished warns of an image that may be half old and half new, whatever is asked
// about it.
func (a *app) unfinished(info disk.Info) {
	for _, f := range info.Findings {
		if f.Code == engine.CodeInterrupted || f.Code == engine.CodeRunning || f.Code == engine.CodeMerging {
			fmt.Fprintln(a.errs, "platter: warning: "+oneLine(errors.New(f.Text)))
		}
	}
}

// tablesFlag adds --tables to a verb that reads the disk.
func (a *app) tablesFlag(cmd *cobra.Command) {
	cmd.Flags().Var(&tableSet{&a.opt.Redundant}, "tables", "read by one `SET` of tables, where a VMDK has two: first or redundant")
	_ = cmd.RegisterFlagCompletionFunc("tables", cobra.FixedCompletions(tableSets, cobra.ShellCompDirectiveNoFileComp))
}

// tableSets are the words that --tables takes.
var tableSets = []string{"first", "redundant"}

// tableSet is the value of --tables.
type tableSet struct{ redundant *bool }

func (t *tableSet) String() string {
	if t.redundant != nil && *t.redundant {
		return tableSets[1]
	}
	return tableSets[0]
}

func (t *tableSet) Set(s string) error {
	if !contains(tableSets, s) {
		return fmt.Errorf("expected one of %s", strings.Join(tableSets, ", "))
	}
	*t.redundant = s == tableSets[1]
	return nil
}

func (t *tableSet) Type() string { return "SET" }

// open opens an image as the flags say.
func (a *app) open(ctx context.Context, path string) (disk.Image, error) {
	if err := a.knownFormat(); err != nil {
		return nil, err
	}
	if a.as != "" {
		return a.openAs(ctx, path)
	}
	img, err := engine.Open(ctx, path, a.opt)
	if err == nil && a.opt.AnyParent {
		a.forced(img)
	}
	return img, err
}

// forced warns of parents of another identity that are read all the same.
func (a *app) forced(img disk.Image) {
	for ; img != nil; img = img.Parent() {
		if l, ok := img.(disk.Linked); ok && l.Link().Forced != nil {
			fmt.Fprintln(a.errs, "platter: warning: "+oneLine(fmt.Errorf("the parent of %s is another disk, or was changed since: %w: what is read from it may be wrong, and nothing tells where", filepath.Base(img.Info().Path), l.Link().Forced)))
		}
	}
}

func (a *app) knownFormat() error {
	if a.opt.Format != "" && !contains(engine.Formats(), a.opt.Format) {
		return usage("format %q: expected one of %s", a.opt.Format, strings.Join(engine.Formats(), ", "))
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (a *app) form() report.Form {
	if a.json {
		return report.JSON
	}
	return report.Text
}

func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s: expected %s, not %d (%s)", cmd.Name(), decode.Plural(n, "argument", "arguments"), len(args), cmd.UseLine())
		}
		return nil
	}
}

func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage("%q is not a verb, and only one image can be opened; see platter --help", args[0])
		}
		return nil
	}
}
