package cli

import (
	"context"
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// run writes, and reports.
func (j *writeJob) run(ctx context.Context) error {
	before, err := j.session.Image()
	if err != nil {
		return err
	}
	err = j.trimmable(ctx, before)
	switch {
	case err != nil || j.result.Nothing:
	case j.result.Straight:
		err = j.straight(ctx, before)
	default:
		err = j.journaled(ctx, before)
	}
	if err != nil {
		return j.failed(err)
	}
	j.result.Done = !j.dryRun
	if j.quiet && !j.json {
		return nil
	}
	return report.Write(j.out, j.result, j.form())
}

// failed reports how far a write came that did not go through the journal, and what
// holds after a signal.
func (j *writeJob) failed(err error) error {
	switch {
	case errors.Is(err, context.Canceled) && !several(err):
		j.result.Interrupted = true
		err = stopped(err, j.holds())
	case !j.began || refusalOf(err).Reason != "" && j.result.Bytes == 0:
		return err
	case j.result.Bytes == 0 || errors.As(err, new(edit.Unsure)):
		j.result.Bytes = 0
		err = fmt.Errorf("%w; each sector of the range holds its old or its new content", err)
	default:
		err = fmt.Errorf("%v; %s bytes from byte 0x%x on were written, the rest was not", err, decode.Grouped(j.result.Bytes), j.result.Start)
	}
	if j.result.Error = oneLine(err); j.json {
		return errors.Join(err, report.Write(j.out, j.result, j.form()))
	}
	return err
}

// several reports whether more than one thing went wrong: after a signal, something else.
func several(err error) bool {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	causes := list.Unwrap()
	return len(causes) > 1 || len(causes) == 1 && several(causes[0])
}

// holds says what the disk holds after a write that a signal has stopped.
func (j *writeJob) holds() string {
	if !j.began {
		return "nothing was written"
	}
	of := ""
	if j.n > 0 {
		of = " of " + decode.Grouped(j.n)
	}
	return fmt.Sprintf("%s%s bytes from byte 0x%x on were done and are on disk; each sector after them holds its old or its new content, and the image is whole", decode.Grouped(j.result.Bytes), of, j.result.Start)
}

// journaled stages the write and commits it, all or nothing.
func (j *writeJob) journaled(ctx context.Context, before disk.Image) error {
	blocks, err := j.stage(ctx)
	if err != nil {
		return err
	}
	j.result.Stored, j.result.Dropped = blocks.Stored, blocks.Dropped
	if len(j.session.Plan()) == 0 && (!j.renewAsked || j.kind == "trim") {
		j.result.Nothing = true
		switch {
		case j.kind == "reveal":
			j.result.Why = "no whole block in the range hides the parent, the content stays as it is"
		case j.kind == "trim" && j.result.Why == "":
			j.keeps("the format has no way to give these blocks back without showing something else")
		}
		return nil
	}
	if err := j.renewed(ctx); err != nil {
		return err
	}
	if j.result.Plan, err = planned(ctx, j.session); err != nil {
		return err
	}
	if err := j.openable(); err != nil {
		return err
	}
	after, err := j.session.Image()
	if err != nil {
		return err
	}
	j.changes(before, after)
	if j.dryRun {
		return nil
	}
	if err := commit(ctx, j.session, j.keepUndo); err != nil {
		return err
	}
	j.result.Bytes = j.n
	return nil
}

// openable warns of what is to be known of the files before they are written to.
func (j *writeJob) openable() error {
	told, err := j.session.Openable()
	for _, text := range told {
		j.warn("file", text)
	}
	if err == nil && !j.result.Straight {
		err = j.session.Journalable()
	}
	return err
}

// stage makes the change.
func (j *writeJob) stage(ctx context.Context) (edit.Blocks, error) {
	if j.file != "" {
		img, err := j.session.Image()
		if err != nil {
			return edit.Blocks{}, err
		}
		f, err := fileNamed(img, j.file)
		if err != nil {
			return edit.Blocks{}, err
		}
		return edit.Blocks{}, j.session.Stage("write", disk.Edit{File: f.Name, Offset: j.off, Data: j.data})
	}
	if j.data != nil {
		return j.session.Write(ctx, "write", j.off, j.data)
	}
	return j.session.Through(ctx, j.kind, func(ctx context.Context, w disk.Writer) error {
		return j.do(ctx, w, func(int64) {})
	})
}

// renewed stages a new content ID. That an image has none matters only to a user who
// has asked for it.
func (j *writeJob) renewed(ctx context.Context) error {
	if !j.renew || j.file != "" && !j.renewAsked {
		return nil
	}
	title, err := j.session.Renew(ctx)
	if err == nil && title == "" && j.renewAsked {
		return disk.Errorf(disk.Unsupported, decode.Place{File: j.path}, "--renew: this image has no content ID; nothing was written")
	}
	return err
}

// straight writes to the file itself.
func (j *writeJob) straight(ctx context.Context, before disk.Image) error {
	if _, ok := engine.Renewal(before); !ok && j.renewAsked {
		return disk.Errorf(disk.Unsupported, decode.Place{File: j.path}, "--renew: this image has no content ID; nothing was written")
	}
	if j.dryRun {
		return j.tried(ctx, before)
	}
	if err := j.openable(); err != nil {
		return err
	}
	bar := j.progress(j.n)
	blocks, err := j.session.Straight(ctx, disk.WriteOptions{Ahead: ahead, Renew: j.renew}, func(ctx context.Context, w disk.Writer) error {
		j.began = true
		return j.do(ctx, w, func(n int64) {
			j.result.Bytes += n
			bar.set(j.result.Bytes)
		})
	})
	bar.done()
	if j.kind == "trim" && err == nil && blocks.Dropped == 0 && !j.result.Nothing {
		j.keeps("none of these blocks can be given back without showing something else")
	}
	if j.result.Nothing {
		return err
	}
	j.result.Stored, j.result.Dropped = blocks.Stored, blocks.Dropped
	if err != nil && j.result.Bytes == 0 && !errors.Is(err, context.Canceled) {
		return err
	}
	if err == nil {
		j.result.Length = j.result.Bytes
	}
	after, e := engine.Open(context.WithoutCancel(ctx), j.path, j.opt)
	if e != nil {
		return errors.Join(err, e)
	}
	j.changes(before, after)
	return errors.Join(err, after.Close())
}

// ahead is how much room is taken at once, in bytes, where much is written.
const ahead = 64 << 20

// tried is a dry run of a long write: the format's writer carries it out in a rehearsal.
func (j *writeJob) tried(ctx context.Context, before disk.Image) error {
	if err := j.openable(); err != nil {
		return err
	}
	bar, bytes := j.progress(j.n), int64(0)
	files, blocks, err := j.session.Rehearse(ctx, disk.WriteOptions{Ahead: ahead, Renew: j.renew}, func(ctx context.Context, w disk.Writer) error {
		return j.bring(ctx, w, j.off, func(n int64) {
			bytes += n
			bar.set(bytes)
		})
	})
	bar.done()
	if err != nil {
		return err
	}
	j.result.Length, j.result.Stored, j.result.Dropped = bytes, blocks.Stored, blocks.Dropped
	j.result.Nothing = len(files) == 0
	if term, old := markOf(before); j.renew && term != "" && !j.result.Nothing {
		j.result.Identity = append(j.result.Identity, report.Identity{File: j.path, Kind: term, Old: old})
	}
	j.result.Files = rehearsedFiles(before, files)
	more := 0
	if j.result.Plan, more, err = rehearsedPlan(ctx, before, files); more > 0 {
		j.warn("plan", fmt.Sprintf("the plan lists the first %d ranges, %s more would be written", maxPlan, decode.Grouped(int64(more))))
	}
	return err
}

// changes compares the image before and after.
func (j *writeJob) changes(before, after disk.Image) {
	j.result.Files = append(j.result.Files, changedFiles(before, after)...)
	for _, i := range renewedMark(j.path, before, after) {
		if j.dryRun {
			i.New = "" // it is made at random
		}
		j.result.Identity = append(j.result.Identity, i)
	}
}

// changedFiles are the sizes of an image's files before and after a change; of new ones
// there is none before.
func changedFiles(before, after disk.Image) (list []report.FileChange) {
	sizes := map[string]int64{}
	for _, f := range before.Files() {
		sizes[f.Name] = f.Size
	}
	for _, f := range after.Files() {
		old, ok := sizes[f.Name]
		if !ok {
			old = -1
		}
		list = append(list, report.FileChange{Path: f.Name, Before: old, After: f.Size})
	}
	return list
}

// renewedMark is the mark of the content before and after a change, if it has changed.
func renewedMark(path string, before, after disk.Image) []report.Identity {
	term, old := markOf(before)
	if _, v := markOf(after); v != old {
		return []report.Identity{{File: path, Kind: term, Old: old, New: v}}
	}
	return nil
}

// markOf is the mark of the content; empty if the image has none.
func markOf(img disk.Image) (term, value string) {
	if m, ok := img.(disk.Marked); ok {
		return m.Mark()
	}
	return "", ""
}
