package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// ConvertOptions say how the disk of an image becomes that of a new one.
type ConvertOptions struct {
	CreateOptions // the new image; with a parent it stores what differs from that

	Start, Length int64          // the part of the source's disk, in bytes; a length below 0: up to the end
	ZeroUnit      int64          // aligned zeros of so many bytes are not stored; 0: everything is
	Discard       bool           // what does not fit into a smaller disk is lost
	Salvage       bool           // what can't be read becomes zeros
	Width         int            // how many workers read and compress; 0: one per processor
	KeepID        bool           // the new image gets the identity of the source
	Taken         func(b []byte) // is told the bytes of the disk in their order; may be nil
}

// Convert makes a new image at file whose disk holds that of an image, all or nothing as
// [Create] does. The source is only read. Content that would not fit is a [disk.Refusal]
// for the reason loss.
func Convert(ctx context.Context, src disk.Image, file string, opt ConvertOptions) (transfer.Converted, error) {
	v, err := newConversion(ctx, src, opt)
	if err != nil {
		return transfer.Converted{}, err
	}
	format, err := makerFor(file, opt.Format)
	if err != nil {
		return transfer.Converted{}, err
	}
	c, err := prepare(ctx, format, file, v.opt.CreateOptions)
	if err != nil {
		return transfer.Converted{}, err
	}
	defer c.close()
	c.content = v
	if err := v.fits(c.spec.Bytes(disk.OptionSize)); err != nil {
		return transfer.Converted{}, err
	}
	defer v.close()
	if err := c.run(); err != nil {
		return transfer.Converted{}, err
	}
	return v.result(c.made), nil
}

// Pipe is [Convert] to a writer: a raw disk, a fixed VHD or a streamOptimized VMDK, which is
// what is made of these formats unless another type is asked for. The name is what the image calls itself.
func Pipe(ctx context.Context, src disk.Image, to io.Writer, name string, opt ConvertOptions) (transfer.Converted, error) {
	v, err := newConversion(ctx, src, opt)
	if err != nil {
		return transfer.Converted{}, err
	}
	f, err := named(opt.Format)
	if err != nil || f.make == nil {
		return transfer.Converted{}, errors.Join(err, disk.Wrong("format", "%q can't be made", opt.Format))
	}
	values, flows := map[string]string{}, piped[f.name]
	maps.Copy(values, v.opt.Values)
	if _, given := values[disk.OptionType]; !given && flows != "" {
		values[disk.OptionType] = flows
	}
	spec, doubts, err := disk.Resolve(f.make.Options(), disk.Spec{Values: values, Width: opt.Width})
	if err != nil {
		return transfer.Converted{}, err
	}
	if kind := spec.Text(disk.OptionType); f.name != "raw" && kind != flows {
		wrong := disk.OptionType
		if flows == "" {
			wrong, kind = "to", "" // no type of it is
		}
		return transfer.Converted{}, disk.Wrong(wrong, "%s can't be written from front to back: to a pipe go raw, a fixed VHD, and a streamOptimized VMDK", strings.TrimSpace(f.name+" "+kind))
	}
	size := spec.Bytes(disk.OptionSize)
	if err := v.fits(size); err != nil {
		return transfer.Converted{}, err
	}
	defer v.close()
	if spec.Filling, err = v.open(ctx, 1); err != nil {
		return transfer.Converted{}, err
	}
	if err := errors.Join(f.make.Make(ctx, store.NewPipe(to), name, spec), v.filling.Finish()); err != nil {
		return transfer.Converted{}, err
	}
	made := disk.Created{Warnings: doubts, Info: disk.Info{Path: name, Format: f.name, Type: spec.Text(disk.OptionType), VirtualSize: size}}
	return v.result(made), nil
}

// piped are the types of each format that are made from front to back.
var piped = map[string]string{"vhd": "fixed", "vmdk": "streamOptimized"}

// Into makes the disk of an image that is open for writing hold that of another, from
// byte 0 on. The image must be as large at least; what lies after becomes zeros.
func Into(ctx context.Context, src disk.Image, w disk.Writer, opt ConvertOptions) (transfer.Converted, error) {
	v, err := newConversion(ctx, src, opt)
	if err != nil {
		return transfer.Converted{}, err
	}
	if err := v.fits(w.Size()); err != nil {
		return transfer.Converted{}, err
	}
	defer v.close()
	if _, err := v.open(ctx, 1); err != nil {
		return transfer.Converted{}, err
	}
	err = v.pour(ctx, w)
	return v.result(disk.Created{}), err
}

// conversion is the content of a new image.
type conversion struct {
	ctx     context.Context
	src     disk.Image
	opt     ConvertOptions
	filling *transfer.Filling
	poured  bool
	equal   int64
	wrote   int64
}

func newConversion(ctx context.Context, src disk.Image, opt ConvertOptions) (*conversion, error) {
	info := src.Info()
	if opt.Length < 0 {
		opt.Length = max(info.VirtualSize-opt.Start, 0)
	}
	if opt.Start < 0 || opt.Start > info.VirtualSize || opt.Length > info.VirtualSize-opt.Start {
		return nil, &disk.Error{Kind: disk.OutOfRange, Op: "convert", What: fmt.Sprintf("%d bytes from offset %d on: the disk has %d", opt.Length, opt.Start, info.VirtualSize)}
	}
	if opt.Length == 0 {
		return nil, &disk.Error{Kind: disk.OutOfRange, Op: "convert", What: "there is nothing to convert: the part is empty"}
	}
	values := map[string]string{disk.OptionSize: strconv.FormatInt(opt.Length, 10)}
	if opt.KeepID {
		if _, err := uuid.Parse(info.ID); err != nil {
			return nil, disk.Wrong("keep-id", "the source has no UUID that could be kept")
		}
		values[disk.OptionID] = info.ID
	}
	for name, value := range opt.Values {
		values[name] = value
	}
	opt.Values = values
	return &conversion{ctx: ctx, src: src, opt: opt}, nil
}

// fits refuses a disk that is too small for what is not zero.
func (v *conversion) fits(size int64) error {
	if size >= v.opt.Length {
		return nil
	}
	want := transfer.Wanted{Start: v.opt.Start + size, Length: v.opt.Length - size, Unit: transfer.Sector, Salvage: v.opt.Salvage, Width: v.opt.Width}
	v.opt.Length = size
	if v.opt.Discard {
		return nil
	}
	rest, err := transfer.NewFilling(v.ctx, v.src, want)
	if err != nil {
		return err
	}
	defer rest.Close()
	r, err := rest.NextData(0)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	at := decode.Place{File: disk.VirtualDisk, Offset: want.Start + r.Offset, Length: r.Length}
	return disk.Refuse(disk.RefusedLoss, disk.OutOfRange, []decode.Place{at}, "a disk of %s bytes is too small: at byte 0x%x of the disk there are data, which would be lost",
		decode.Grouped(size), at.Offset)
}

// open begins to read the source, in so many passes.
func (v *conversion) open(ctx context.Context, passes int64) (*transfer.Filling, error) {
	want := transfer.Wanted{Start: v.opt.Start, Length: v.opt.Length, Unit: v.opt.ZeroUnit, Width: v.opt.Width, Salvage: v.opt.Salvage, Taken: v.opt.Taken}
	if v.opt.Progress != nil {
		done := int64(0)
		want.Passed = func(n int64) {
			done += n
			v.opt.Progress(done, passes*v.opt.Length)
		}
	}
	var err error
	v.filling, err = transfer.NewFilling(ctx, v.src, want)
	return v.filling, err
}

func (v *conversion) close() {
	if v.filling != nil {
		v.filling.Close()
	}
}

// pour writes the content to a disk that has something already.
func (v *conversion) pour(ctx context.Context, w disk.Writer) (err error) {
	v.poured = true
	if v.equal, v.wrote, err = v.filling.Pour(ctx, w); err != nil {
		return err
	}
	if rest := w.Size() - v.opt.Length; rest > 0 {
		return w.Zero(ctx, v.opt.Length, rest)
	}
	return nil
}

// result adds to what was made what was found on the way.
func (v *conversion) result(made disk.Created) transfer.Converted {
	r := transfer.Converted{Created: made, Size: v.opt.Length, Poured: v.poured, Equal: v.equal, Wrote: v.wrote}
	if v.filling != nil {
		r.Counts = v.filling.Counts()
		r.Lost, r.Gone = v.filling.Lost()
	}
	return r
}

// twice are the types whose makers go through the content two times: their tables come
// before the data.
var twice = map[string]bool{"monolithicSparse": true, "twoGbMaxExtentSparse": true}

// fill makes the image, with its content.
func (v *conversion) fill(c *creation, to *store.Target) error {
	passes := int64(1)
	if c.spec.Parent == nil && twice[c.spec.Text(disk.OptionType)] {
		passes = 2
	}
	filling, err := v.open(c.ctx, passes)
	if err != nil {
		return err
	}
	c.spec.Width = v.opt.Width
	if c.spec.Parent == nil {
		c.spec.Filling = filling
		return errors.Join(c.format.make.Make(c.ctx, to, c.name, c.spec), filling.Finish())
	}
	if err := c.format.make.Make(c.ctx, to, c.name, c.spec); err != nil {
		return err
	}
	w, err := WriteIn(c.ctx, to, c.name, c.path, Options{Format: c.format.name, Parent: c.opt.Parent, Allow: c.opt.Allow}, disk.WriteOptions{Ahead: aheadOfPour})
	if err != nil {
		return err
	}
	return errors.Join(v.pour(c.ctx, w), w.Close(context.WithoutCancel(c.ctx)))
}

// aheadOfPour is how much room for new blocks a child takes at once, in bytes.
const aheadOfPour = 64 << 20

// verify holds the new image against the source.
func (v *conversion) verify(c *creation, img disk.Image) error {
	want := transfer.Wanted{Start: v.opt.Start, Length: v.opt.Length, Unit: transfer.Sector, Width: v.opt.Width, Salvage: v.opt.Salvage}
	if v.opt.Progress != nil {
		done := int64(0)
		want.Passed = func(n int64) {
			done += n
			v.opt.Progress(done, v.opt.Length)
		}
	}
	f, err := transfer.NewFilling(c.ctx, v.src, want)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Verify(c.ctx, img)
}

// Shares reports whether two images, or the parents of either, have a file in common.
func Shares(a, b disk.Image) bool {
	for ; b != nil; b = b.Parent() {
		dir := filepath.Dir(b.Info().Path)
		for _, f := range b.Files() {
			if fi, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Name))); err == nil && Consists(a, fi) {
				return true
			}
		}
	}
	return false
}
