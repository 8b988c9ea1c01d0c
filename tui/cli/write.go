package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// writing are the flags of the verb write.
type writing struct {
	offset, length, from, fill, file string
	expectHex                        string
	zero, trim, reveal, discard      bool
	partition                        int
	allocate, renew, renewAsked      bool
	atomic, replay, force, dryRun    bool
	keepUndo                         bool

	off    int64  // on the disk, or in the file
	expect []byte // that the old bytes begin with
}

func writeVerb(a *app) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use: "write IMAGE --offset N", Short: "Write bytes, zeros or nothing to the disk", GroupID: groupWrite, Args: exactly(1),
		Long: "Writes the bytes on standard input to the virtual disk, or with --file to the container. --from takes those of a file, --fill\n" +
			"repeats a few; --zero stores zeros as cheaply as the format can; --trim gives back the room of whole blocks that the image stores,\n" +
			"which read as zeros afterwards; with --reveal those of a child show what its parent has, which is refused where that is something else, unless\n" +
			"--discard is given. Sectors that the image does not store yet get a block of their own, with the table entries that name it.\n" +
			"Up to 16 MiB go through a journal, all or nothing, and are read back and compared. What is longer goes straight to the file and\n" +
			"is synced at the end: if the power fails meanwhile, each sector holds the old or the new bytes, and the image is whole.\n" +
			"The disk gets a new content ID (DataWriteGuid, CID), by which child images notice the change; --renew=false keeps the old one.",
		RunE: func(cmd *cobra.Command, args []string) error {
			w.renewAsked = w.renew && cmd.Flags().Changed("renew")
			if err := w.parse(cmd); err != nil {
				return err
			}
			err := stopped(a.write(cmd.Context(), args[0], w, cmd.InOrStdin()), "nothing was written")
			return a.refuse("write", args[0], err, w.dryRun)
		},
	}
	w.flags(cmd)
	a.progressFlags(cmd)
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("write")+")")
	return cmd
}

// what are the flags that say what is written to the disk, and where.
func (w *writing) what(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.offset, "offset", "", "start at byte `N` (512, 0x200, 64K, 100s)")
	f.StringVar(&w.length, "length", "", "write at most `N` bytes; --fill, --zero and --trim need it")
	f.StringVar(&w.from, "from", "", "write the bytes of `FILE` instead of standard input")
	f.StringVar(&w.fill, "fill", "", "repeat the bytes `HEX`")
	f.BoolVar(&w.zero, "zero", false, "make the range read as zeros")
	f.BoolVar(&w.trim, "trim", false, "give up the whole blocks in the range; they read as zeros")
	f.BoolVar(&w.reveal, "reveal", false, "with --trim, in a child: let the parent show in these blocks instead")
	f.BoolVar(&w.discard, "discard", false, "with --reveal: although content would be lost that the parent does not have")
	f.IntVar(&w.partition, "partition", 0, "count from the start of partition `N`, and stay in it")
	f.BoolVar(&w.renew, "renew", true, "give the disk a new content ID: DataWriteGuid or CID")
}

func (w *writing) flags(cmd *cobra.Command) {
	w.what(cmd)
	f := cmd.Flags()
	f.StringVar(&w.expectHex, "expect", "", "refuse unless the old bytes begin with `HEX`")
	fileFlag(cmd, &w.file, "write to the container: to the image's first file, or to the one `NAME`d (--file=NAME)")
	f.BoolVar(&w.allocate, "allocate", true, "store what is not stored yet; --allocate=false refuses there")
	f.BoolVar(&w.atomic, "atomic", false, "all or nothing, or fail: never straight to the file")
	f.BoolVar(&w.replay, "replay", false, "first replay a log that was not replayed (VHDX), as a change of its own")
	keepUndoFlag(cmd, &w.keepUndo)
	f.BoolVarP(&w.dryRun, "dry-run", "n", false, "write nothing, tell what would be written where")
	f.BoolVar(&w.force, "force", false, "write although other images have this one as their parent, or room is short")
}

// parse reads what the flags say.
func (w *writing) parse(cmd *cobra.Command) (err error) {
	if !cmd.Flags().Changed("offset") {
		return usage("write: --offset is needed")
	}
	if w.file != "" && cmd.Flags().Changed("partition") {
		return usage("write: --partition is of the disk, --file of the container: they exclude each other")
	}
	if w.off, err = size("--offset", w.offset, 0); err != nil {
		return err
	}
	for name, text := range map[string]string{"--fill": w.fill, "--from": w.from} {
		if text == "" && cmd.Flags().Changed(name[2:]) {
			return usage("%s: nothing is given", name)
		}
	}
	w.expect, err = unhex("--expect", w.expectHex)
	return err
}

func (a *app) write(ctx context.Context, path string, w writing, in io.Reader) error {
	if strings.HasPrefix(path, engine.SamplePrefix) {
		return usage("write: %s is built in and can't be written; write to a file", path)
	}
	c, err := w.content(ctx, in)
	if err != nil {
		return err
	}
	if c.source != nil {
		defer c.source.Close()
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	j := &writeJob{app: a, writing: w, content: c, session: s, path: path}
	if err := j.prepare(ctx); err != nil {
		return err
	}
	return j.run(ctx)
}

// writeJob is a write that is under way.
type writeJob struct {
	*app
	writing
	content
	session *edit.Session
	path    string
	began   bool // bytes go straight to the file
	result  report.Written
}

// prepare makes sure that the write is possible and wanted.
func (j *writeJob) prepare(ctx context.Context) error {
	if j.file != "" && j.long() {
		return tooMuch(j.path, "--file: more than %s can't be written to the container at once")
	}
	if j.keepUndo && j.long() && !j.atomic {
		return tooMuch(j.path, "--keep-undo: more than %s can't be taken back")
	}
	if j.atomic && j.more != nil {
		return tooMuch(j.path, "--atomic: more than %s can't be written all or nothing")
	}
	if err := j.session.Settled(); err != nil {
		return err
	}
	if err := j.foreign(); err != nil {
		return err
	}
	if err := j.revealable(); err != nil {
		return err
	}
	if err := j.place(ctx); err != nil {
		return err
	}
	if err := j.childless(ctx); err != nil {
		return err
	}
	if err := j.replayed(ctx); err != nil {
		return err
	}
	if err := j.expected(); err != nil {
		return err
	}
	if !j.allocate && j.file == "" {
		if err := j.session.Stored(j.off, max(j.n, 1)); err != nil {
			return err
		}
	}
	return j.roomy(ctx)
}

// tooMuch refuses what is more than the journal takes.
func tooMuch(path, what string) error {
	return disk.Refuse(disk.RefusedLimit, disk.Limit, []decode.Place{{File: path}}, what, decode.FormatSize(mostStaged))
}

// revealable refuses to show a parent that is not there.
func (j *writeJob) revealable() error {
	img, err := j.session.Image()
	if err == nil && j.kind == "reveal" && img.Info().Parent == "" {
		err = disk.NoParent()
	}
	return err
}

// foreign refuses to take the bytes of the image's own files: they change meanwhile.
func (j *writeJob) foreign() error {
	f, ok := j.source.(*os.File)
	if !ok {
		return nil
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	img, err := j.session.Image()
	if err != nil {
		return err
	}
	if engine.Consists(img, fi) {
		return usage("--from: %s is a file of the image itself, or of its parents: copy it first", decode.InQuotes(f.Name()))
	}
	return nil
}

// place finds out where the range lies on the disk, and that it does.
func (j *writeJob) place(ctx context.Context) error {
	j.result = report.Written{Did: j.words().did, Would: j.words().would, Of: "the disk", Length: j.n, Straight: j.long() && !j.atomic}
	j.result.DryRun = j.dryRun
	img, err := j.session.Image()
	if err != nil {
		return err
	}
	within, of := img.Info().VirtualSize, "the disk"
	j.result.BlockSize = img.Info().BlockSize
	switch {
	case j.file != "":
		f, err := fileNamed(img, j.file)
		if err != nil {
			return err
		}
		within, of, j.result.Of = f.Size, f.Name, f.Name
	case img.Info().Refused != nil:
		return img.Info().Refused
	case j.partition != 0:
		p, err := partitionOf(ctx, img, j.partition)
		if err != nil {
			return err
		}
		within, of = p.Length, fmt.Sprintf("partition %d", j.partition)
		if j.off <= within {
			j.off, within = j.off+p.Start, within+p.Start
		}
	}
	j.result.Start = j.off
	atLeast := j.n
	if j.more != nil {
		atLeast = max(j.n, mostStaged+1) // it was read that far
	}
	if j.more != nil && j.n < 0 && j.off <= within && atLeast > within-j.off {
		return &disk.Error{Kind: disk.OutOfRange, Op: "write", What: fmt.Sprintf("%s ends at byte 0x%x: from 0x%x on there is room for %s, standard input has more", of, within, j.off, decode.Plural(within-j.off, "byte", "bytes"))}
	}
	if j.off > within || atLeast > within-j.off {
		return &disk.Error{Kind: disk.OutOfRange, Op: "write", What: fmt.Sprintf("%s ends at byte 0x%x: %s from 0x%x on would go past the end", of, within, decode.Plural(max(atLeast, 0), "byte", "bytes"), j.off)}
	}
	if j.n < 0 && j.more != nil {
		j.more = &bounded{j.more, within - j.off, of}
	}
	return nil
}

// bounded fails where more is read than there is room for.
type bounded struct {
	io.Reader
	left int64
	of   string
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) > b.left {
		return int(b.left), &disk.Error{Kind: disk.OutOfRange, Op: "write", What: "standard input goes on past the end of " + b.of}
	}
	b.left -= int64(n)
	return n, err
}

// childless refuses to change what other images are based on; for bytes of the
// container that is a warning.
func (j *writeJob) childless(ctx context.Context) error {
	err := j.session.Childless(ctx)
	var r *disk.Refusal
	if err == nil || !errors.As(err, &r) || !j.force && j.file == "" {
		return err
	}
	j.warn("children", r.Error(), r.Where...)
	return nil
}

func (j *writeJob) warn(code, text string, where ...decode.Place) {
	w := disk.Finding{Code: code, Severity: disk.SeverityWarning, Text: text, Where: where}
	j.result.Warnings = append(j.result.Warnings, w)
	j.warnings([]disk.Finding{w})
}

// replayed sees to it that the log was replayed in the file; for bytes of the
// container that it was not is a warning.
func (j *writeJob) replayed(ctx context.Context) error {
	err := j.session.Replayed()
	switch {
	case err == nil:
		return nil
	case j.file != "" && !j.replay:
		j.warn("dirty", err.Error(), decode.Place{File: j.path})
		return nil
	case !j.replay:
		return err
	}
	_, err = j.session.Replay(ctx)
	if j.result.Replayed = err == nil; err != nil || j.dryRun {
		return err
	}
	return j.session.Commit(ctx)
}

// expected compares the first bytes that are to be overwritten with those that the
// user expects.
func (j *writeJob) expected() error {
	switch {
	case len(j.expect) == 0:
		return nil
	case j.n >= 0 && int64(len(j.expect)) > j.n:
		return usage("--expect: %d bytes more than are written", int64(len(j.expect))-j.n)
	}
	img, err := j.session.Image()
	if err != nil {
		return err
	}
	at, plane := decode.Place{File: "the virtual disk", Offset: j.off, Length: int64(len(j.expect))}, io.ReaderAt(img)
	if j.file != "" {
		f, err := fileNamed(img, j.file)
		if err != nil {
			return err
		}
		at.File, plane = f.Name, f.Data
	}
	old := make([]byte, len(j.expect))
	if _, err := plane.ReadAt(old, j.off); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(old, j.expect) {
		return nil
	}
	return &disk.Error{Kind: disk.Damaged, Op: "write", At: at, What: fmt.Sprintf("the bytes there are %x, not %x as expected; nothing was written", old, j.expect)}
}

// roomy refuses a write that needs more room than is free: for blocks that are not
// stored yet, and for the journal, which holds old and new bytes.
func (j *writeJob) roomy(ctx context.Context) error {
	if j.force || j.gives() || j.n < 0 {
		return nil
	}
	needed := int64(0)
	if !j.result.Straight {
		needed = 2 * j.n
	}
	if j.file == "" {
		img, err := j.session.Image()
		if err != nil {
			return err
		}
		n, err := unstored(ctx, img, j.off, j.n)
		if err != nil {
			return err
		}
		needed += n
	}
	return j.session.Room(needed)
}

// unstored is how much room the blocks of a range take that the image does not store
// itself, in bytes.
func unstored(ctx context.Context, img disk.Image, off, n int64) (int64, error) {
	total := int64(0)
	for span, err := range disk.MapOwn(img, off, n) {
		if err != nil || ctx.Err() != nil {
			return 0, errors.Join(err, ctx.Err())
		}
		if span.State != disk.Data {
			total += span.Length
		}
	}
	if unit := img.Info().BlockSize; total > 0 && unit > 0 {
		total = (total + unit - 1) / unit * unit
	}
	return total, nil
}
