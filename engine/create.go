package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	vmdkwriter "platter/engine/vmdk/writer"
)

// CreateOptions say which image shall be made, and how.
type CreateOptions struct {
	Format   string            // one of [Formats]; empty: by the name of the file
	Values   map[string]string // of the maker's options, by their names
	Parent   string            // path of the parent of a differencing image
	Relative bool              // store only the relative path of the parent
	Replace  bool              // a file that has the name gives way, and it does not matter that room is short
	Verify   bool              // check the image, and read its disk back, before it gets its name
	DryRun   bool              // make nothing, only tell what would be made
	Allow    []string          // further folders that the parent may name files in

	Progress func(done, of int64) // is told how many bytes are written, then how many are verified; may be nil
}

// MakeOptions are the options of a format's maker; none if the format can't be made.
func MakeOptions(formatName string) []disk.Option {
	f, err := named(formatName)
	if err != nil || f.make == nil {
		return nil
	}
	return f.make.Options()
}

// FormatOf is the format that a new file's name stands for; empty if none.
func FormatOf(file string) string {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".vhd", ".avhd", ".vpc":
		return "vhd"
	case ".vhdx", ".avhdx":
		return "vhdx"
	case ".vmdk":
		return "vmdk"
	case ".raw", ".img", ".dd", ".bin":
		return "raw"
	}
	return ""
}

// Create makes a new image at path, all or nothing: until it is finished and its
// profile is content with it, there are only files with temporary names, and after a
// failure nothing. A file that is there already is [fs.ErrExist].
func Create(ctx context.Context, file string, opt CreateOptions) (disk.Created, error) {
	f, err := makerFor(file, opt.Format)
	if err != nil {
		return disk.Created{}, err
	}
	c, err := prepare(ctx, f, file, opt)
	if err != nil {
		return disk.Created{}, err
	}
	defer c.close()
	if err := c.run(); err != nil {
		return disk.Created{}, err
	}
	return c.made, nil
}

// rounded tells that the disk is larger than was asked for, unless that was asked for too.
func (c *creation) rounded() []disk.Finding {
	asked, err := decode.ParseSize(c.opt.Values[disk.OptionSize])
	is := c.spec.Bytes(disk.OptionSize)
	if err != nil || uint64(is) == asked || c.opt.Values[disk.OptionRound] != "" {
		return nil
	}
	unit := c.spec.Bytes(disk.OptionRound)
	return []disk.Finding{{Code: "option/" + disk.OptionSize, Severity: disk.SeverityWarning, Where: []decode.Place{{File: c.name}},
		Text: fmt.Sprintf("the disk has %s bytes instead of %s: its size is rounded up to whole %s (%s bytes)", decode.Grouped(is), decode.Grouped(int64(asked)), unitName(unit), decode.Grouped(unit))}}
}

// unitName is what a size is a multiple of.
func unitName(unit int64) string {
	if unit == 512 || unit == 4096 {
		return "sectors"
	}
	return "pieces"
}

// prepare opens what the making of an image needs, and settles what it shall be like.
func prepare(ctx context.Context, f format, file string, opt CreateOptions) (*creation, error) {
	folder, name, err := store.OpenTarget(file)
	if err != nil {
		return nil, err
	}
	c := &creation{ctx: ctx, format: f, path: file, name: name, opt: opt, folder: folder}
	base, err := openBase(ctx, file, opt)
	if err != nil {
		c.close()
		return nil, err
	}
	c.spec.Parent = base
	spec, doubts, err := disk.Resolve(f.make.Options(), disk.Spec{Values: opt.Values, Parent: base})
	if err != nil {
		c.close()
		return nil, err
	}
	c.spec = spec
	c.made.Warnings = slices.Concat(doubts, c.rounded(), outside(base, name))
	return c, nil
}

// close closes the parent and the folder.
func (c *creation) close() {
	if c.spec.Parent != nil {
		c.spec.Parent.Image.Close()
	}
	c.folder.Close()
}

// CodeOutside is the code of the warning that the parent of a new image lies where no
// image may lead by itself.
const CodeOutside = "file/F7"

// outside warns of a parent that is not found without help.
func outside(base *disk.Base, name string) []disk.Finding {
	if base == nil || !strings.HasPrefix(base.Relative, "../") {
		return nil
	}
	return []disk.Finding{{Code: CodeOutside, Severity: disk.SeverityWarning, Where: []decode.Place{{File: name}},
		Text: fmt.Sprintf("the parent lies outside the folder of the image, at %s: platter follows it there only with --allow or --parent", decode.InQuotes(base.Relative))}}
}

// makerFor is the format of a new image.
func makerFor(file, demanded string) (format, error) {
	if demanded == "" {
		if demanded = FormatOf(file); demanded == "" {
			return format{}, disk.Wrong("format", "the name %q does not tell it: expected one of %s", filepath.Base(file), strings.Join(Formats(), ", "))
		}
	}
	return named(demanded)
}

// openBase opens the parent of a new image; nil if it shall have none.
func openBase(ctx context.Context, file string, opt CreateOptions) (*disk.Base, error) {
	if opt.Parent == "" {
		return nil, nil
	}
	img, err := Open(ctx, opt.Parent, Options{Allow: opt.Allow})
	if err != nil {
		return nil, err
	}
	b, err := describeBase(img, file, opt)
	if err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return b, nil
}

func describeBase(img disk.Image, file string, opt CreateOptions) (*disk.Base, error) {
	if err := img.Info().Refused; err != nil {
		return nil, &disk.Error{Kind: disk.BadChain, What: "the parent " + decode.InQuotes(opt.Parent) + " can't be read", Err: err}
	}
	if err := steady(img); err != nil {
		return nil, err
	}
	parent, err := resolved(opt.Parent)
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(parent)
	if err != nil {
		return nil, err
	}
	b := &disk.Base{Image: img, Changed: fi.ModTime()}
	dir, err := resolved(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(dir, parent); err == nil {
		b.Relative = slashed(rel)
	}
	if !opt.Relative {
		b.Absolute = parent
	}
	return b, nil
}

// steady refuses a parent while a write to it is not at its end: recovering it would make
// another parent of it.
func steady(img disk.Image) error {
	for _, f := range img.Info().Findings {
		if f.Code == CodeInterrupted {
			return &disk.Error{Kind: disk.BadChain, At: decode.Place{File: img.Info().Path}, What: "the parent is not in a steady state: " + f.Text + ": platter recover comes first"}
		}
	}
	return nil
}

// resolved is an absolute path without links.
func resolved(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// creation is the making of one image.
type creation struct {
	ctx    context.Context
	format format
	path   string
	name   string // in the folder
	opt    CreateOptions
	folder *store.Folder
	spec   disk.Spec
	old    []disk.File // further files of the image that is replaced
	made   disk.Created

	content  *conversion           // what the disk gets; nil for zeros, or what the parent holds
	describe *vmdkwriter.Described // the descriptor alone is made; nil for a whole image
}

// run makes the image under temporary names, looks at it, and publishes it.
func (c *creation) run() error {
	if err := c.vacant(); err != nil {
		return err
	}
	if err := c.roomy(); err != nil && c.describe == nil {
		return err
	}
	to := &store.Target{FS: c.folder, Replace: c.opt.Replace}
	if c.opt.DryRun {
		to.FS = planned{store.NewMem(), c.folder}
	}
	err := c.fill(to)
	if err == nil {
		err = errors.Join(c.apart(to), c.inspect(to))
	}
	if err == nil {
		err = c.ctx.Err()
	}
	c.made.Removed, c.made.Before = c.removed(), c.before()
	if err != nil || c.opt.DryRun {
		return errors.Join(err, to.Discard())
	}
	if err := to.Publish(); err != nil {
		return err
	}
	return c.tidy()
}

// fill makes the files, and what they hold.
func (c *creation) fill(to *store.Target) error {
	if c.content != nil {
		return c.content.fill(c, to)
	}
	if c.describe != nil {
		return c.describe.Write(to, c.name, c.spec)
	}
	c.spec.Progress = c.counter(c.spec.Bytes(disk.OptionSize))
	return c.format.make.Make(c.ctx, to, c.name, c.spec)
}

// maxLayout bounds how many regions are listed.
const maxLayout = 64

// inspect opens what was made and asks the profile for its opinion.
func (c *creation) inspect(to *store.Target) (err error) {
	file, err := to.Open(c.name)
	if err != nil {
		return err
	}
	img, err := OpenIn(c.ctx, to, c.name, file, c.path, Options{Format: c.format.name, Parent: c.opt.Parent, Allow: c.opt.Allow})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, img.Close()) }()
	c.made.Info, c.made.Files, c.made.GrowsTo = img.Info(), img.Files(), growsTo(img.Info())
	if c.made.Info.Refused != nil {
		return c.made.Info.Refused
	}
	for r, err := range img.Regions(c.ctx) {
		if err != nil {
			return err
		}
		if c.made.Layout = append(c.made.Layout, r); len(c.made.Layout) == maxLayout {
			break
		}
	}
	if c.opt.DryRun {
		c.preview(img)
	}
	if err := c.judge(img); err != nil || !c.opt.Verify {
		return err
	}
	c.made.Verified = true
	return c.verify(img)
}

// judge lets the profile refuse the image. Azure refuses an upload for whatever its
// profile finds.
func (c *creation) judge(img disk.Image) error {
	p, ok := img.(disk.Profiler)
	if !ok {
		return nil
	}
	profile := c.spec.Text(disk.OptionProfile)
	for f, err := range p.CheckProfile(c.ctx, profile) {
		switch {
		case err != nil:
			return err
		case f.Severity == disk.SeverityError, profile == disk.ProfileAzure:
			return disk.Errorf(disk.Limit, decode.Place{}, "profile %s: %s", profile, f.Text)
		case f.Severity == disk.SeverityWarning:
			c.made.Warnings = append(c.made.Warnings, f)
		}
	}
	return nil
}

// growsTo is how large the files become when every block of the disk is stored.
func growsTo(i disk.Info) int64 {
	blocks := int64(0)
	if i.BlockSize > 0 {
		blocks = (i.VirtualSize + i.BlockSize - 1) / i.BlockSize
	}
	switch {
	case i.FileSize >= i.VirtualSize || blocks == 0:
		return i.FileSize
	case i.Type == "streamOptimized":
		return 0 // it depends on the content
	case i.Format == "vhd":
		return i.FileSize + blocks*(i.BlockSize+vhd.BitmapBytes(i.BlockSize))
	}
	return i.FileSize + blocks*i.BlockSize
}

// planned is a folder as it would be after a run that writes nothing: new files are in
// memory.
type planned struct {
	*store.Mem
	folder *store.Folder
}

// Open opens a new file, or one of the folder.
func (p planned) Open(name string) (store.File, error) {
	f, err := p.Mem.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return p.folder.Open(name)
	}
	return f, err
}

// Stat describes a new file, or one of the folder.
func (p planned) Stat(name string) (store.Info, error) {
	i, err := p.Mem.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return p.folder.Stat(name)
	}
	return i, err
}

// Resolve follows the rules of the folder.
func (p planned) Resolve(from, claimed string) (string, error) {
	return p.folder.Resolve(from, claimed)
}
