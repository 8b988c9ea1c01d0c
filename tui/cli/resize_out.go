package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/guest"
	"platter/engine/store"
	"platter/views/report"
)

// anew makes a new image of the new size, of the same kind as far as one that stands alone
// can be.
func (j *resizeJob) anew(ctx context.Context) error {
	backup, found, err := guest.FindBackup(ctx, j.before)
	if err != nil {
		return err
	}
	j.result.GPT = found && backup.Found()
	j.result.MovedGPT = j.result.GPT && j.moveGPT
	if j.result.MovedGPT {
		if err := backup.Fits(j.size); err != nil {
			return err
		}
	}
	if j.size < j.result.Before && !j.discard {
		if err := engine.Spared(ctx, j.before, j.size, gone(backup, j.result.MovedGPT)...); err != nil {
			return err
		}
	}
	bar := j.progress(j.size)
	opt := engine.ConvertOptions{Length: min(j.size, j.result.Before), ZeroUnit: 4096, Discard: true}
	opt.Progress, opt.Values, opt.Format = bar.of, j.shape(), j.before.Info().Format
	opt.Replace, opt.DryRun, opt.Allow = j.force, j.dryRun, j.opt.Allow
	made, err := engine.Convert(ctx, j.before, j.target, opt)
	bar.done()
	if err != nil {
		return err
	}
	for _, w := range made.Warnings {
		j.warn(w.Code, w.Text, w.Where...)
	}
	for _, f := range made.Files {
		j.result.Files = append(j.result.Files, report.FileChange{Path: f.Name, Before: -1, After: f.Size})
	}
	j.result.Identity = []report.Identity{{File: j.target, Kind: "id", New: made.Info.ID}}
	j.result.Out = j.target
	if j.dryRun {
		return j.tell()
	}
	if j.result.MovedGPT {
		if err := j.moveIn(ctx, backup); err != nil {
			return err
		}
	} else if j.result.GPT {
		j.warn("gpt", "the backup of the partition table is where the disk ended: the guest has to move it (sgdisk -e), or --move-gpt does")
	}
	j.result.Done = true
	return j.tell()
}

// shape are the options of a new image that make it like the old one.
func (j *resizeJob) shape() map[string]string {
	values := alike(j.before.Info())
	values[disk.OptionSize] = strconv.FormatInt(j.size, 10)
	for _, o := range engine.MakeOptions(j.before.Info().Format) {
		switch {
		case o.Name == disk.OptionGeometry && j.geometry != "auto":
			values[o.Name] = j.geometry
		case o.Name == disk.OptionPreallocate && j.preallocate != disk.PreallocateOff:
			values[o.Name] = j.preallocate
		}
	}
	return values
}

// alike are the options that make a new image of the kind of another: a child where that
// is one and gets a parent, else one that stands alone.
func alike(info disk.Info) map[string]string {
	values := map[string]string{}
	for _, o := range engine.MakeOptions(info.Format) {
		switch {
		case o.Name == disk.OptionType && info.Parent == "" && contains(o.Words, info.Type):
			values[o.Name] = info.Type
		case o.Name == disk.OptionSector && info.Format == "vhdx":
			values[o.Name] = fmt.Sprintf("%d/%d", info.LogicalSectorSize, info.PhysicalSectorSize)
		case o.Name == disk.OptionBlockSize && info.BlockSize > 0 && (info.Format != "vmdk" || info.Parent == ""):
			values[o.Name] = strconv.FormatInt(info.BlockSize, 10)
		}
	}
	return values
}

// gone is what a smaller disk may lose: the backup of a partition table that moves.
func gone(b guest.Backup, moves bool) []store.Range {
	if !moves {
		return nil
	}
	return b.Ranges()
}

// moveIn moves the backup of the partition table in the new image.
func (j *resizeJob) moveIn(ctx context.Context, backup guest.Backup) error {
	opt := j.opened()
	opt.Parent = ""
	s, err := edit.Open(ctx, j.target, opt)
	if err != nil {
		return err
	}
	_, err = s.Through(ctx, "move the backup of the partition table", func(_ context.Context, w disk.Writer) error { return backup.Move(w, j.size) })
	if err == nil {
		err = s.Commit(ctx)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return disk.Errorf(disk.ReadOnly, decode.Place{File: j.target}, "the new image was made, but the backup of its partition table was not moved: %v", err)
	}
	return nil
}
