package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// merging are the flags of the verb merge.
type merging struct {
	creation
	how  edit.Merging
	out  string
	link bool // images that are based on this one follow
}

func mergeVerb(a *app) *cobra.Command {
	m := merging{creation: creation{values: map[string]*optionFlag{}}}
	cmd := &cobra.Command{
		Use: "merge IMAGE", Short: "Merge a differencing image into its parent, or a chain into a new image", GroupID: groupWrite, Args: exactly(1),
		Long: "Writes what IMAGE holds itself into its parent, zeros as zeros, so that the parent's disk is that of IMAGE; with --into or --levels\n" +
			"into a layer further down, with all layers between. Images of the folder that are based on IMAGE are based on that layer then.\n" +
			"IMAGE itself shows the same at every moment, also after a power cut: a file IMAGE.platter-job lies beside it until all is done,\n" +
			"and the same command continues. After a cut other programs may refuse a VMDK until that command was given again: it can expect one\n" +
			"state of its parent only, and Platter knows the other one from that file. It is refused where other images are based on a layer that changes.\n" +
			"With --out a new image gets the disk of IMAGE, or with --levels N the sum of IMAGE and the N layers below it as a child of the\n" +
			"rest, and no layer is written: that is the safer way.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if m.how.Levels < 1 && cmd.Flags().Changed("levels") {
				return usage("--levels %d: expected 1 or more", m.how.Levels)
			}
			err := a.merge(cmd.Context(), args[0], m)
			return a.refuse("merge", args[0], worded(err), m.how.DryRun)
		},
	}
	f := cmd.Flags()
	f.Var(&textFlag{&m.how.Into, "LAYER"}, "into", "merge into this layer: a path of the chain, or base for the last one")
	f.IntVar(&m.how.Levels, "levels", 0, "merge into the `N`-th layer below IMAGE (default 1); with --out: N layers with IMAGE (default: all)")
	f.BoolVar(&m.how.Delete, "delete", false, "remove the files of the merged layers at the end")
	f.BoolVar(&m.link, "relink-grandchildren", true, "have images of the folder that are based on IMAGE be based on the layer that it is merged into")
	f.Var(&textFlag{&m.out, "PATH"}, "out", "make a new image at PATH, and leave all layers alone")
	f.BoolVarP(&m.how.DryRun, "dry-run", "n", false, "change nothing, tell what would be done")
	f.BoolVar(&m.how.Force, "force", false, "although other images are based on a layer that changes, or room is short; with --out: replace a file that has the name")
	for _, o := range madeOptions() {
		m.values[o.Name] = &optionFlag{option: o}
		if f.Var(m.values[o.Name], o.Name, "with --out: "+optionHelp(o.Name)); o.Kind == disk.Switch {
			f.Lookup(o.Name).NoOptDefVal = "yes"
		}
	}
	a.progressFlags(cmd)
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("merge")+")")
	return cmd
}

func (a *app) merge(ctx context.Context, path string, m merging) error {
	if err := a.knownFormat(); err != nil {
		return err
	}
	switch {
	case m.how.Into != "" && m.how.Levels != 0:
		return usage("merge: --into and --levels exclude each other")
	case m.out != "" && (m.how.Into != "" || m.how.Delete || !m.link):
		return usage("merge: --out leaves all layers alone: it does not go with --into, --delete and --relink-grandchildren")
	case m.out == "" && m.shaped():
		return usage("merge: what a new image is like can be said with --out only")
	case m.out != "":
		return a.mergeOut(ctx, path, m)
	case strings.HasPrefix(path, engine.SamplePrefix):
		return usage("merge: %s is built in and can't be written; --out makes a new image", path)
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = path, nil // the last thing that was removed, perhaps
	}
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return err
	}
	m.how.Leave = !m.link
	if m.how.Into != "" && m.how.Into != edit.Bottom {
		if m.how.Into, err = filepath.Abs(m.how.Into); err != nil {
			return err
		}
	}
	return a.mergeIn(ctx, real, m)
}

// shaped reports whether something was said of the new image.
func (m merging) shaped() bool {
	for _, f := range m.values {
		if len(f.values) > 0 {
			return true
		}
	}
	return false
}

// mergeIn merges in place.
func (a *app) mergeIn(ctx context.Context, path string, m merging) error {
	bar := a.progress(0)
	m.how.Progress = func(done, of int64) { bar.of(done, of) }
	job, err := edit.OpenMerge(ctx, path, a.opt, m.how)
	if err != nil {
		return err
	}
	defer job.Close()
	out := report.Merged{Into: shown(job.Into), From: allShown(job.From), Stale: allShown(job.Stale), Resumed: job.Resumed, Needs: job.Needs, Grows: job.Grows}
	out.DryRun = m.how.DryRun
	switch {
	case m.how.Leave:
		out.Kept = allShown(job.Children)
	case out.DryRun:
		out.Relinked = allShown(job.Children)
	}
	if !out.DryRun {
		done, err := job.CarryOut(ctx)
		bar.done()
		if err = stopped(err, "the image shows what it did; the same command continues"); err != nil {
			return err
		}
		out.Done, out.Copied, out.Equal, out.Zero = true, done.Copied, done.Equal, done.Zero
		out.Relinked, out.Warnings = allShown(done.Relinked), done.Warnings
		for _, f := range append(done.Grown, done.Deleted...) {
			out.Files = append(out.Files, report.FileChange{Path: shown(f.Path), Before: f.Before, After: f.After})
		}
		for _, f := range done.Deleted {
			out.Deleted = append(out.Deleted, shown(f.Path))
		}
		if done.New != "" {
			out.Identity = []report.Identity{{File: shown(job.Into), Kind: done.Kind, Old: done.Old, New: done.New}}
		}
	}
	if a.warnings(out.Warnings); a.quiet && !a.json {
		return nil
	}
	return report.Merge(a.out, out, a.form())
}

// mergeOut makes a new image of layers.
func (a *app) mergeOut(ctx context.Context, path string, m merging) error {
	img, err := a.open(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	a.unfinished(img.Info())
	rest, n := img.Parent(), 0
	for ; rest != nil && (m.how.Levels == 0 || n < m.how.Levels); n++ {
		rest = rest.Parent()
	}
	if n < max(m.how.Levels, 1) {
		return usage("merge: there are %s below %s", decode.Plural(n, "layer", "layers"), decode.InQuotes(path))
	}
	bar := a.progress(img.Info().VirtualSize)
	m.opt.Values, m.opt.Allow, m.opt.Replace, m.opt.DryRun = m.given(), a.opt.Allow, m.how.Force, m.how.DryRun
	if m.opt.Format = engine.FormatOf(m.out); m.opt.Format == "" {
		m.opt.Format = img.Info().Format
	}
	if rest != nil {
		m.opt.Parent = rest.Info().Path
	}
	opt := engine.ConvertOptions{CreateOptions: m.opt, Length: -1, ZeroUnit: 4096}
	opt.Progress = bar.of
	made, err := engine.Convert(ctx, img, m.out, opt)
	bar.done()
	if err = stopped(err, "nothing was made"); err != nil {
		return err
	}
	a.warnings(made.Warnings)
	if a.quiet && !a.json {
		return nil
	}
	out := report.Merged{Into: m.out, Out: true, Copied: made.Counts.Stored}
	if made.Poured {
		out.Copied, out.Equal = made.Wrote, made.Equal
	}
	out.DryRun, out.Done, out.Warnings = m.how.DryRun, !m.how.DryRun, made.Warnings
	for l := img; l != rest; l = l.Parent() {
		out.From = append(out.From, l.Info().Path)
	}
	if rest != nil {
		out.Onto = rest.Info().Path
	}
	for _, f := range made.Files {
		out.Files = append(out.Files, report.FileChange{Path: f.Name, Before: -1, After: f.Size})
	}
	return report.Merge(a.out, out, a.form())
}

// shown is a path as a person in this folder would write it.
func shown(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}

func allShown(list []string) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = shown(p)
	}
	return out
}
