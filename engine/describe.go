package engine

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	vmdkwriter "platter/engine/vmdk/writer"
)

// CodeOver is the code of the warning that a file is longer than the disk it becomes.
const CodeOver = "file/F12"

// inFolder opens the files of one folder by their names.
type inFolder struct{ store.FS }

// OpenFile opens a file of the folder.
func (f inFolder) OpenFile(name string) (store.File, string, error) {
	file, err := f.Open(name)
	return file, name, err
}

// Describe makes the VMDK descriptor that is missing for a file which is there: a flat
// file, a layer of a disk, or one of the numbered pieces. It lies in the folder of the
// file. What the file does not tell, as [Create] does for a new disk, the options choose; a
// layer needs its parent.
func Describe(ctx context.Context, file, extent string, opt CreateOptions) (disk.Created, error) {
	f, err := makerFor(file, opt.Format)
	if err != nil {
		return disk.Created{}, err
	}
	if f.name != "vmdk" {
		return disk.Created{}, disk.Wrong("describe", "only a VMDK has a descriptor, not a %s", f.name)
	}
	folder, name, err := store.OpenTarget(file)
	if err != nil {
		return disk.Created{}, err
	}
	defer folder.Close()
	dir, err := resolved(filepath.Dir(extent))
	if err != nil {
		return disk.Created{}, err
	}
	if own, err := resolved(filepath.Dir(file)); err != nil || own != dir {
		return disk.Created{}, disk.Wrong("describe", "the file has to lie in the folder of its descriptor: move it there, or the descriptor to it")
	}
	size, err := sizeOf(opt.Values)
	if err != nil {
		return disk.Created{}, err
	}
	d, err := vmdkwriter.Describe(inFolder{folder}, filepath.Base(extent), size)
	if err != nil {
		return disk.Created{}, err
	}
	if d.Names(name) {
		return disk.Created{}, disk.Wrong("describe", "the descriptor can't have the name of what it describes")
	}
	if d.Layer() && opt.Parent == "" {
		return disk.Created{}, disk.Wrong("parent", "%s is a layer over another disk, and does not say which: name that", decode.InQuotes(filepath.Base(extent)))
	}
	return describe(ctx, file, name, f, folder, d, opt)
}

// sizeOf is the size that was asked for; 0 if none was.
func sizeOf(values map[string]string) (int64, error) {
	text := values[disk.OptionSize]
	if text == "" {
		return 0, nil
	}
	n, err := decode.ParseSize(text)
	if err != nil || n == 0 || n > 1<<62 {
		return 0, disk.Wrong(disk.OptionSize, "%q is no size", text)
	}
	return int64(n), nil
}

func describe(ctx context.Context, file, name string, f format, folder *store.Folder, d *vmdkwriter.Described, opt CreateOptions) (disk.Created, error) {
	base, err := openBase(ctx, file, opt)
	if err != nil {
		return disk.Created{}, err
	}
	values := map[string]string{}
	for k, v := range opt.Values {
		values[k] = v
	}
	values[disk.OptionSize] = fmt.Sprint(d.Size)
	if base != nil {
		defer base.Image.Close()
		delete(values, disk.OptionSize)
	}
	spec, doubts, err := disk.Resolve(f.make.Options(), disk.Spec{Values: values, Parent: base})
	if err != nil {
		return disk.Created{}, err
	}
	c := creation{ctx: ctx, format: f, path: file, name: name, opt: opt, folder: folder, spec: spec, describe: d}
	c.made.Warnings = append(doubts, outside(base, name)...)
	if n := d.Over(); n > 0 {
		c.made.Warnings = append(c.made.Warnings, disk.Finding{Code: CodeOver, Severity: disk.SeverityWarning, Where: []decode.Place{{File: path.Base(name)}},
			Text: fmt.Sprintf("the file has %d bytes more than the disk, which is taken to be %d bytes long: say another SIZE if they belong to it", n, d.Size)})
	}
	if err := c.run(); err != nil {
		return disk.Created{}, err
	}
	return c.made, nil
}
