package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// resizing are the flags of the verb resize.
type resizing struct {
	shrink, discard, moveGPT, replay, dryRun, force bool
	preallocate, geometry, target                   string
}

func resizeVerb(a *app) *cobra.Command {
	var r resizing
	cmd := &cobra.Command{
		Use: "resize IMAGE (SIZE | +SIZE | -SIZE)", Short: "Give the disk another size", GroupID: groupWrite, Args: exactlyTwo,
		Long: "Gives the virtual disk another size where it lies: what it gains reads as zeros, what it has stays. Partitions and file systems\n" +
			"are the guest's to enlarge, or to make smaller first. A smaller disk needs --shrink, and is refused if a partition ends or anything\n" +
			"but zeros lies past the new end; --discard drops that. What the format can't do in place --out does, by a new image.\n" +
			"Of a chain only the top layer grows, and of a chain of VMDKs none does. All structures change through a journal, all or nothing;\n" +
			"what has to be moved is copied first, so that the image is whole at each moment.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := stopped(a.resize(cmd.Context(), args[0], args[1], r), "the disk has its old size")
			return a.refuse("resize", args[0], worded(err), r.dryRun)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&r.shrink, "shrink", false, "allow a smaller size")
	f.BoolVar(&r.discard, "discard", false, "with --shrink: lose what lies past the new end")
	f.StringVar(&r.target, "out", "", "make a new image of that size at `PATH`, and leave this one alone")
	f.StringVar(&r.preallocate, "preallocate", disk.PreallocateOff, "room for what a fixed, flat or raw disk gains: `HOW` is off (a hole in the file), reserve or full (written with zeros)")
	f.BoolVar(&r.moveGPT, "move-gpt", false, "move the backup of a GUID partition table to the new end")
	f.StringVar(&r.geometry, "geometry", "auto", "geometry that the image names (vhd, vmdk): auto, max (65535/16/255), or `C/H/S`")
	f.BoolVar(&r.replay, "replay", false, "first replay a log that was not replayed (VHDX), as a change of its own")
	f.BoolVarP(&r.dryRun, "dry-run", "n", false, "change nothing, tell what would be written where")
	f.BoolVar(&r.force, "force", false, "although other images have this one as their parent, or room is short; with --out: replace a file that has the name")
	_ = cmd.RegisterFlagCompletionFunc("preallocate", cobra.FixedCompletions(preallocations, cobra.ShellCompDirectiveNoFileComp))
	a.progressFlags(cmd)
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("resize")+")")
	return cmd
}

// preallocations are the words that --preallocate takes.
var preallocations = []string{disk.PreallocateOff, disk.PreallocateReserve, disk.PreallocateFull}

// negative puts sizes below 0 where they are no flags: at the end, after two dashes.
func negative(args []string) []string {
	var rest, sizes []string
	for i, arg := range args {
		if arg == "--" {
			return args
		}
		if len(arg) > 1 && arg[0] == '-' && arg[1] >= '0' && arg[1] <= '9' && contains(args[:i], "resize") {
			sizes = append(sizes, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if len(sizes) == 0 {
		return args
	}
	return append(append(rest, "--"), sizes...)
}

// newSize reads a size, which may be counted from the old one.
func newSize(text string, old int64) (int64, error) {
	sign := text[:min(len(text), 1)]
	if sign != "+" && sign != "-" {
		sign = ""
	}
	n, err := decode.ParseSize(text[len(sign):])
	if err != nil {
		return 0, exit{ExitUsage, fmt.Errorf("resize: %q: %w", text, err)}
	}
	switch {
	case n > math.MaxInt64, sign == "+" && int64(n) > math.MaxInt64-old:
		return 0, disk.Errorf(disk.Limit, decode.Place{}, "size: %s is more than any disk has", text)
	case sign == "+":
		return old + int64(n), nil
	case sign == "-" && int64(n) >= old:
		return 0, usage("resize: %s leaves nothing of a disk of %s bytes", text, decode.Grouped(old))
	case sign == "-":
		return old - int64(n), nil
	case n == 0:
		return 0, usage("resize: a disk of 0 bytes is none")
	}
	return int64(n), nil
}

func (a *app) resize(ctx context.Context, path, size string, r resizing) error {
	if strings.HasPrefix(path, engine.SamplePrefix) && r.target == "" && !r.dryRun {
		return usage("resize: %s is built in and can't be written; --out makes a new image", path)
	}
	if why := unchangeable(path); why != "" && r.target == "" {
		return disk.Errorf(disk.ReadOnly, decode.Place{File: path}, "%s, and has the size that it has; --out makes a new image", why)
	}
	if !contains(preallocations, r.preallocate) {
		return usage("--preallocate %q: expected off, reserve or full", r.preallocate)
	}
	if g := (disk.Spec{Values: map[string]string{disk.OptionGeometry: r.geometry}}); r.geometry != "auto" {
		if _, ok := g.Geometry(); !ok {
			return usage("--geometry %q: expected auto, max, or three numbers such as 1024/16/63", r.geometry)
		}
	}
	s, err := a.sessionOn(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	img, err := s.Image()
	if err != nil {
		return err
	}
	if err := img.Info().Refused; err != nil {
		return err
	}
	j := &resizeJob{app: a, resizing: r, session: s, path: path, before: img, bar: a.progress(0)}
	if err := j.measure(size); err != nil {
		return err
	}
	if r.target != "" {
		return j.anew(ctx)
	}
	return j.run(ctx)
}

// sessionOn opens an image to change it; what is of no format is a raw disk if its name
// says so.
func (a *app) sessionOn(ctx context.Context, path string) (*edit.Session, error) {
	if err := a.knownFormat(); err != nil {
		return nil, err
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return nil, err
	}
	img, err := s.Image()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if img.Info().Format != engine.Unknown || engine.FormatOf(path) != "raw" {
		return s, nil
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	opt := a.opt
	opt.Format = "raw"
	return edit.Open(ctx, path, opt)
}

// resizeJob is a resize that is under way.
type resizeJob struct {
	*app
	resizing
	session *edit.Session
	path    string
	before  disk.Image
	size    int64 // the new one
	bar     *progress
	result  report.Resized
}

// measure finds out the new size: whole sectors.
func (j *resizeJob) measure(text string) error {
	info := j.before.Info()
	j.result.Before, j.result.DryRun = info.VirtualSize, j.dryRun
	asked, err := newSize(text, info.VirtualSize)
	if err != nil {
		return err
	}
	unit := max(info.LogicalSectorSize, 512)
	if asked > math.MaxInt64-unit {
		return disk.Errorf(disk.Limit, decode.Place{}, "size: %s is more than any disk has", text)
	}
	j.size = (asked + unit - 1) / unit * unit
	if j.result.After = j.size; asked == info.VirtualSize {
		j.size, j.result.After = asked, asked
	} else if j.size != asked {
		j.warn("option/"+disk.OptionSize, fmt.Sprintf("the disk gets %s bytes instead of %s: its size is rounded up to whole sectors (%s bytes)", decode.Grouped(j.size), decode.Grouped(asked), decode.Grouped(unit)))
	}
	switch {
	case j.size < info.VirtualSize && !j.shrink:
		return usage("resize: %s bytes are less than the %s that the disk has: --shrink makes it smaller", decode.Grouped(j.size), decode.Grouped(info.VirtualSize))
	case j.discard && !j.shrink:
		return usage("resize: --discard loses what --shrink cuts off: it needs that")
	}
	return nil
}

func (j *resizeJob) warn(code, text string, where ...decode.Place) {
	w := disk.Finding{Code: code, Severity: disk.SeverityWarning, Text: text, Where: where}
	j.result.Warnings = append(j.result.Warnings, w)
	j.warnings([]disk.Finding{w})
}

// run gives the disk its size in place.
func (j *resizeJob) run(ctx context.Context) error {
	if j.size == j.result.Before {
		j.result.Done = !j.dryRun
		return j.tell()
	}
	plan, err := j.prepare(ctx)
	if err != nil {
		return err
	}
	j.result.Moved = plan.Moved
	if j.result.GPT, j.result.MovedGPT = plan.GPT, plan.Moves; plan.GPT && !plan.Moves {
		j.warn("gpt", "the backup of the partition table stays where the disk ended: the guest has to move it (sgdisk -e), or --move-gpt does")
	}
	for _, w := range plan.Warnings {
		j.warn(w.Code, w.Text, w.Where...)
	}
	if j.dryRun {
		return j.rehearsed(ctx, plan)
	}
	err = plan.CarryOut(ctx)
	j.bar.done()
	if err != nil && !errors.Is(err, edit.ErrUnfinished) {
		return err
	}
	after, e := engine.Open(context.WithoutCancel(ctx), j.path, j.opened())
	if e != nil {
		return errors.Join(err, e)
	}
	defer after.Close()
	j.result.Files, j.result.Identity = changedFiles(j.before, after), renewedMark(j.path, j.before, after)
	if j.result.Done = err == nil; err != nil {
		j.result.Error = oneLine(err)
		return errors.Join(err, j.tell())
	}
	return j.tell()
}

// opened are the options by which the image was opened.
func (j *resizeJob) opened() engine.Options {
	opt := j.opt
	opt.Format = j.before.Info().Format
	return opt
}

// prepare makes sure that the disk can get its size.
func (j *resizeJob) prepare(ctx context.Context) (*edit.Resize, error) {
	if err := j.session.Childless(ctx); err != nil {
		var r *disk.Refusal
		if !j.force || !errors.As(err, &r) {
			return nil, err
		}
		j.warn("children", r.Error(), r.Where...)
	}
	if j.replay {
		if did, err := j.session.Replay(ctx); err != nil || did && j.dryRun {
			return nil, errors.Join(err, usage("resize: --replay writes to the file, and --dry-run does not: replay the log first (platter repair)"))
		}
		if err := j.session.Commit(ctx); err != nil {
			return nil, err
		}
	}
	plan, err := j.session.Resize(ctx, edit.Sizing{
		NewSize: disk.NewSize{Size: j.size, Geometry: j.geometry}, Discard: j.discard, MoveGPT: j.moveGPT, Preallocate: j.preallocate, Progress: j.bar.of,
	})
	if err != nil {
		return nil, err
	}
	if !j.force {
		if err := j.session.Room(plan.Needs); err != nil {
			return nil, err
		}
	}
	told, err := j.session.Openable()
	for _, text := range told {
		j.warn("file", text)
	}
	return plan, errors.Join(err, j.session.Journalable())
}

// rehearsed tells what would be written.
func (j *resizeJob) rehearsed(ctx context.Context, plan *edit.Resize) error {
	files, err := plan.Rehearse(ctx)
	if err != nil {
		return err
	}
	j.result.Files = rehearsedFiles(j.before, files)
	for _, f := range plan.New {
		j.result.Files = append(j.result.Files, report.FileChange{Path: f.Name, Before: -1, After: f.Size})
	}
	if term, old := markOf(j.before); term != "" {
		j.result.Identity = []report.Identity{{File: j.path, Kind: term, Old: old}}
	}
	more := 0
	if j.result.Plan, more, err = rehearsedPlan(ctx, j.before, files); more > 0 {
		j.warn("plan", fmt.Sprintf("the plan lists the first %d ranges, %s more would be written", maxPlan, decode.Grouped(int64(more))))
	}
	return errors.Join(err, j.tell())
}

func (j *resizeJob) tell() error {
	if j.quiet && !j.json {
		return nil
	}
	return report.Resize(j.app.out, j.result, j.form())
}
