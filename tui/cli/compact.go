package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
	"platter/views/report"
)

// compacting are the flags of the verb compact.
type compacting struct {
	zeros, dedupe, punch, sort, discard, replay, dryRun, force, guestFree bool
	target                                                                string
}

func compactVerb(a *app) *cobra.Command {
	var c compacting
	cmd := &cobra.Command{
		Use: "compact IMAGE", Short: "Make the image's files shorter", GroupID: groupWrite, Args: exactly(1),
		Long: "Gives up blocks that are zeros and room that belongs to nothing, moves the last blocks into the gaps, and cuts the files. The disk\n" +
			"and its identity stay. In a child a block of zeros is given up only where the format has a mark for zeros, or no parent stores\n" +
			"anything; --dedupe-parent gives up what the parent holds too. --punch-only moves nothing and makes holes of the zeros in the files:\n" +
			"all that can be done for fixed, flat and raw disks. --guest-free first makes zeros of the blocks that an ext2, ext3 or ext4 on the\n" +
			"disk calls free: what deleted files held is gone then. --out writes a new image of the same kind, in the order of the disk.\n" +
			"The image is whole at each moment: after a power cut the same command goes on. It is refused while a table can't be believed, and\n" +
			"where bytes that nothing refers to are not zero and the disk does not hold them elsewhere: they may be a block that lost its entry.",
		RunE: func(cmd *cobra.Command, args []string) error {
			err := stopped(a.compact(cmd.Context(), args[0], c), "the image is whole, and the same command goes on")
			return a.refuse("compact", args[0], worded(err), c.dryRun)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.target, "out", "", "write a new image to `PATH`, and leave this one alone")
	f.BoolVar(&c.zeros, "zeros", true, "give up blocks of zeros; --zeros=false only closes gaps, and does not read the blocks")
	f.BoolVar(&c.dedupe, "dedupe-parent", false, "in a child: give up blocks that hold what the parent holds")
	f.BoolVar(&c.guestFree, "guest-free", false, "give up blocks that a file system on the disk calls free (ext2, ext3, ext4, cleanly unmounted)")
	f.BoolVar(&c.punch, "punch-only", false, "move nothing: make holes of the zeros in the files")
	f.BoolVar(&c.sort, "sort", false, "with --out: blocks in the order of the disk, as they are written there anyway")
	f.BoolVar(&c.discard, "discard", false, "give up bytes that nothing refers to, and what freed blocks still hold, although they are not zero")
	f.BoolVar(&c.replay, "replay", false, "first replay a log that was not replayed (VHDX), as a change of its own")
	f.BoolVarP(&c.dryRun, "dry-run", "n", false, "change nothing, tell what would become of the files")
	f.BoolVar(&c.force, "force", false, "although other images have this one as their parent (VHD); with --out: replace a file that has the name")
	a.progressFlags(cmd)
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("compact")+")")
	return cmd
}

func (a *app) compact(ctx context.Context, path string, c compacting) error {
	switch {
	case strings.HasPrefix(path, engine.SamplePrefix) && c.target == "" && !c.dryRun:
		return usage("compact: %s is built in and can't be written; --out makes a new image", path)
	case c.guestFree && c.target != "":
		return usage("compact: --guest-free changes the disk, and goes without --out: compact the copy")
	case c.sort && c.target == "":
		return usage("compact: --sort goes with --out: blocks that are moved where they lie go into the gaps")
	case c.punch && (c.target != "" || c.dedupe):
		return usage("compact: --punch-only changes nothing but holes: it goes neither with --out nor with --dedupe-parent")
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
	if err := img.Info().Refused; err != nil && !c.punch {
		return err
	}
	j := &compactJob{app: a, compacting: c, session: s, path: path, before: img, bar: a.progress(0)}
	j.result.DryRun, j.result.BlockSize, j.result.Punching = c.dryRun, img.Info().BlockSize, c.punch
	if j.result.Host[0], err = onHost(ctx, img); err != nil {
		return err
	}
	j.result.Size, j.result.Host[1] = [2]int64{img.Info().FileSize, img.Info().FileSize}, -1
	if c.target != "" {
		return j.anew(ctx)
	}
	return j.run(ctx)
}

// compactJob is a compaction that is under way.
type compactJob struct {
	*app
	compacting
	session *edit.Session
	path    string
	before  disk.Image
	bar     *progress
	freed   *edit.Freed // nil: what a guest calls free stays
	result  report.Compacting
}

// onHost is how much room an image's files take, in bytes: what is no hole, where the host
// does not tell.
func onHost(ctx context.Context, img disk.Image) (int64, error) {
	total, dir := int64(0), filepath.Dir(img.Info().Path)
	for _, f := range img.Files() {
		if fi, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Name))); err == nil {
			if n, known := store.HostBytes(fi); known {
				total += n
				continue
			}
		}
		for r, err := range disk.FileRuns(ctx, f, 0, f.Size) {
			if err != nil {
				return 0, err
			}
			if r.Content == disk.Stored {
				total += r.Length
			}
		}
	}
	return total, nil
}

func (j *compactJob) warn(code, text string, where ...decode.Place) {
	w := disk.Finding{Code: code, Severity: disk.SeverityWarning, Text: text, Where: where}
	j.result.Warnings = append(j.result.Warnings, w)
	j.warnings([]disk.Finding{w})
}

// run compacts the image where it lies.
func (j *compactJob) run(ctx context.Context) error {
	if err := j.prepare(ctx); err != nil {
		return err
	}
	opt := disk.CompactOptions{Zeros: j.zeros, Parent: j.dedupe, Discard: j.discard, Progress: j.bar.of}
	var files []store.Rehearsed
	var err error
	first := j.freeing()
	switch {
	case j.punch:
		err = j.punched(ctx, first)
	case j.dryRun:
		files, j.result.Compacted, err = j.session.RehearseCompact(ctx, opt, first...)
	default:
		j.result.Compacted, err = j.session.Compact(ctx, opt, first...)
	}
	j.bar.done()
	if err == nil {
		j.guests()
	}
	if r := (*disk.Refusal)(nil); errors.As(err, &r) && r.Reason == disk.RefusedStream {
		return disk.Refuse(r.Reason, disk.Unsupported, r.Where, "the grains of a stream are compressed and lie one after the other: a stream is compacted into a new file only (--out)")
	}
	if err != nil {
		return err
	}
	if j.dryRun {
		if j.result.Files = rehearsedFiles(j.before, files); len(files) > 0 {
			j.sized()
		}
		return j.tell()
	}
	opened := j.opt
	opened.Format = j.before.Info().Format
	after, err := engine.Open(context.WithoutCancel(ctx), j.path, opened)
	if err != nil {
		return err
	}
	defer after.Close()
	j.result.Files = changedFiles(j.before, after)
	j.sized()
	if j.result.Host[1], err = onHost(context.WithoutCancel(ctx), after); err != nil {
		return err
	}
	j.result.Done = true
	return j.tell()
}

// freeing is what is done before anything else: nothing, or zeros for what a guest calls free.
func (j *compactJob) freeing() []edit.Task {
	if !j.guestFree {
		return nil
	}
	j.freed, j.result.GuestFree = &edit.Freed{}, true
	return []edit.Task{edit.FreeGuest(j.before, j.freed, j.bar.of)}
}

// punched makes holes of the zeros, and of what a guest calls free.
func (j *compactJob) punched(ctx context.Context, first []edit.Task) (err error) {
	switch {
	case len(first) > 0 && j.dryRun:
		_, _, err = j.session.Rehearse(ctx, disk.WriteOptions{}, first...)
	case len(first) > 0:
		_, err = j.session.Straight(ctx, disk.WriteOptions{}, first...)
	}
	if err != nil {
		return err
	}
	j.result.Punched, err = j.session.Punch(ctx, j.dryRun, j.bar.of)
	return err
}

// guests counts what was free in the guest, and warns of the volumes of which that is not
// known.
func (j *compactJob) guests() {
	if j.freed == nil {
		return
	}
	j.result.Freed, j.result.FreedBytes = j.freed.Dropped, j.freed.Bytes
	for _, v := range j.freed.Volumes {
		if v.Refused == nil {
			j.result.Volumes, j.result.Free = j.result.Volumes+1, j.result.Free+v.Free
		} else {
			j.warn("guest", fmt.Sprintf("nothing of the volume at byte 0x%x is given up as free: %v", v.Start, v.Refused))
		}
	}
}

// sized takes the sizes of the files.
func (j *compactJob) sized() {
	j.result.Size = [2]int64{}
	for _, f := range j.result.Files {
		j.result.Size[0] += f.Before
		j.result.Size[1] += f.After
	}
}

// prepare makes sure that the image can be compacted.
func (j *compactJob) prepare(ctx context.Context) error {
	if j.before.Info().Format == "vhd" && !j.punch || j.guestFree { // whose children remember when the file was last changed, or show what is given up
		if err := j.session.Childless(ctx); err != nil {
			var r *disk.Refusal
			if !j.force || !errors.As(err, &r) {
				return err
			}
			j.warn("children", r.Error(), r.Where...)
		}
	}
	if j.replay {
		if did, err := j.session.Replay(ctx); err != nil || did && j.dryRun {
			return errors.Join(err, usage("compact: --replay writes to the file, and --dry-run does not: replay the log first (platter repair)"))
		}
		if err := j.session.Commit(ctx); err != nil {
			return err
		}
	}
	if err := j.session.Replayed(); err != nil {
		return err
	}
	if j.dryRun {
		return nil
	}
	told, err := j.session.Openable()
	for _, text := range told {
		j.warn("file", text)
	}
	return err
}

// anew writes a new image of the same kind.
func (j *compactJob) anew(ctx context.Context) error {
	info := j.before.Info()
	opt := engine.ConvertOptions{Length: -1, ZeroUnit: 4096}
	opt.Progress, opt.Values, opt.Format = j.bar.of, alike(info), info.Format
	opt.Replace, opt.DryRun, opt.Allow = j.force, j.dryRun, j.opt.Allow
	opt.Values[disk.OptionSize] = strconv.FormatInt(info.VirtualSize, 10)
	if p := j.before.Parent(); p != nil {
		opt.Parent = p.Info().Path
		if info.VirtualSize == p.Info().VirtualSize {
			delete(opt.Values, disk.OptionSize)
		}
	}
	_, noUUID := uuid.Parse(info.ID)
	opt.KeepID = noUUID == nil && (info.Format == "vhd" || info.Format == "vhdx" && opt.Parent == "")
	made, err := engine.Convert(ctx, j.before, j.target, opt)
	j.bar.done()
	if err != nil {
		return err
	}
	for _, w := range made.Warnings {
		j.warn(w.Code, w.Text, w.Where...)
	}
	j.result.Size[1] = 0
	for _, f := range made.Files {
		j.result.Files = append(j.result.Files, report.FileChange{Path: f.Name, Before: -1, After: f.Size})
		j.result.Size[1] += f.Size
	}
	if !opt.KeepID {
		j.result.Identity = []report.Identity{{File: j.target, Kind: "id", Old: info.ID, New: made.Info.ID}}
	}
	if list, err := j.session.Children(ctx); err == nil && len(list) > 0 {
		j.warn("children", fmt.Sprintf("%s based on this image, and not on the new one", decode.Plural(len(list), "image is", "images are")))
	}
	j.result.Out, j.result.Done = j.target, !j.dryRun
	return j.tell()
}

func (j *compactJob) tell() error {
	if j.quiet && !j.json {
		return nil
	}
	return report.Compact(j.app.out, j.result, j.form())
}
