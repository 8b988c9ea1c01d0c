package writer

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// The kinds of image, as the descriptor's createType calls them (vmdk.md 3).
const (
	monolithicSparse = "monolithicSparse"
	monolithicFlat   = "monolithicFlat"
	splitSparse      = "twoGbMaxExtentSparse"
	splitFlat        = "twoGbMaxExtentFlat"
	streamOptimized  = "streamOptimized"
	vmfs             = "vmfs"
	vmfsSparse       = "vmfsSparse"
)

// flatTypes are the kinds whose extents are nothing but data.
var flatTypes = []string{monolithicFlat, splitFlat, vmfs}

// childTypes are the kinds that can have a parent, and splitTypes those of many files.
var (
	childTypes = []string{monolithicSparse, splitSparse, vmfsSparse}
	splitTypes = []string{splitSparse, splitFlat}
)

// The options that only VMDK has.
const (
	optionSplit     = "split"
	optionAdapter   = "adapter"
	optionHardware  = "hw-version"
	optionDatabase  = "ddb"
	optionZeroGrain = "zeroed-grains"
)

// The largest disks, in bytes: an entry of a grain table reaches 2 TiB of its file, and
// ESXi knows flat disks of up to 62 TiB (vmdk.md 4.2, 11).
const (
	maxSparse = 2 << 40
	maxFlat   = 62 << 40
)

// Maker makes VMDK images (vmdk.md 3, 4.5).
type Maker struct{}

var _ disk.Maker = Maker{}

// Options are the choices that the format leaves.
func (Maker) Options() []disk.Option {
	return append([]disk.Option{
		disk.ProfileOption(),
		disk.TypeOption(defaultType, parentFits, monolithicSparse, monolithicFlat, splitSparse, splitFlat, streamOptimized, vmfs, vmfsSparse),
		disk.SectorOption(func(disk.Spec) string { return "" }, func(disk.Spec, string) error { return nil }),
		disk.RoundOption(func(disk.Spec) int64 { return vmdk.SectorSize }),
		disk.SizeOption(limit),
		grainOption(),
		{Name: optionSplit, Hint: "SIZE", Kind: disk.Bytes, Doc: "size of the files of a split disk", Min: 1 << 20, Max: 2048 << 20, Multiple: vmdk.SectorSize,
			Default: disk.Constant("2047M"), Useless: unless(splitTypes, "the disk is not split")},
		adapterOption(),
		levelOption(),
		{Name: optionHardware, Hint: "N", Kind: disk.Number, Doc: "version of the virtual hardware", Min: 1, Max: 99, Default: disk.Constant("4")},
		{Name: optionDatabase, Hint: "KEY=VALUE", Kind: disk.Lines, Doc: "an entry of the disk database; can be repeated", Check: goodEntries},
		{Name: optionZeroGrain, Kind: disk.Switch, Doc: "let a grain be marked as zeros, which VirtualBox does not read",
			Useless: unless([]string{monolithicSparse, splitSparse}, "the type has no table in which a grain could be marked as zeros")},
		disk.GeometryOption(goodGeometry),
		disk.PreallocateOption(unless(flatTypes, "only flat disks have their room from the start")),
	}, disk.IdentityOptions()...)
}

// Make makes an image of the type that the spec names.
func (Maker) Make(ctx context.Context, to store.FS, name string, spec disk.Spec) error {
	if strings.ContainsFunc(path.Base(name), func(r rune) bool { return r == '"' || r < ' ' || r == 0x7F }) {
		return disk.Wrong("image", "%q: a descriptor can't hold a name with quotes or control characters", name)
	}
	n := naming{name}
	switch spec.Text(disk.OptionType) {
	case monolithicFlat, vmfs:
		return makeFlat(ctx, to, n, spec)
	case splitFlat, splitSparse:
		return makeSplit(ctx, to, n, spec)
	case streamOptimized:
		return makeStream(ctx, to, n, spec)
	case vmfsSparse:
		return makeCowd(to, n, spec)
	}
	return makeSparse(ctx, to, n, spec)
}

// naming gives the files of a disk their names (vmdk.md 2.4).
type naming struct{ descriptor string }

// extent is the name of a further file, such as "disk-flat.vmdk".
func (n naming) extent(suffix string) string {
	stem := n.descriptor
	if ext := path.Ext(stem); strings.EqualFold(ext, ".vmdk") {
		stem = stem[:len(stem)-len(ext)]
	}
	return stem + suffix + ".vmdk"
}

// parentOf is the parent of a new image.
func parentOf(spec disk.Spec) (*reader.Image, bool) {
	if spec.Parent == nil {
		return nil, false
	}
	m, ok := spec.Parent.Image.(*reader.Image)
	return m, ok
}

// defaultType follows the parent: what lies on VMFS has redo logs. Imports take streams
// only.
func defaultType(s disk.Spec) string {
	if profile := s.Text(disk.OptionProfile); s.Parent == nil && (profile == disk.ProfileOVF || profile == disk.ProfileAWS) {
		return streamOptimized
	}
	if s.Parent != nil && slices.Contains([]string{vmfs, vmfsSparse}, s.Parent.Image.Info().Type) {
		return vmfsSparse
	}
	return monolithicSparse
}

// parentFits holds the type against the parent that is there or is not.
func parentFits(s disk.Spec, kind string) error {
	switch {
	case kind == vmfsSparse && s.Parent == nil:
		return disk.Wrong(disk.OptionType, "%s is the type of children: it needs a parent", kind)
	case s.Parent == nil:
		return nil
	case !slices.Contains(childTypes, kind):
		return disk.Wrong(disk.OptionType, "%s: a child must be one of %s", kind, strings.Join(childTypes, ", "))
	}
	m, ok := parentOf(s)
	if !ok {
		return disk.Wrong("parent", "the parent of a VMDK must be a VMDK, not %s", s.Parent.Image.Info().Format)
	}
	if _, ok := m.ContentID(); !ok {
		return disk.Wrong("parent", "the parent has no content ID by which a child could name it")
	}
	return nil
}

// limit is the largest disk. All layers of a chain have the same size (vmdk.md 9).
func limit(s disk.Spec) (int64, string) {
	kind := s.Text(disk.OptionType)
	switch {
	case s.Parent != nil:
		return s.Parent.Image.Info().VirtualSize, "a child is as large as its parent and"
	case slices.Contains(flatTypes, kind), kind == splitSparse:
		return maxFlat, "a VMDK of type " + kind
	case kind == vmfsSparse:
		return maxSparse - vmdk.SectorSize, "a VMDK of type " + kind
	}
	return maxSparse, "a VMDK of type " + kind
}

// The sizes of grains, in bytes: what the reference offers, what every program reads, and
// what nearly all write (vmdk.md 4.4).
const (
	minGrain     = 4 << 10
	maxGrain     = 32 << 20
	leastRead    = 8 << 10
	mostRead     = 1 << 20
	defaultGrain = 64 << 10
)

func grainOption() disk.Option {
	return disk.Option{
		Name: disk.OptionBlockSize, Hint: "SIZE", Kind: disk.Bytes, Doc: "size of a grain, the unit of allocation; less than the default for disks under 32M",
		Min: minGrain, Max: maxGrain, Powers: true, Default: fittingGrain,
		Useless: unless([]string{monolithicSparse, splitSparse, streamOptimized}, "the type has no grains whose size could be chosen"),
		Doubt: func(s disk.Spec, _ string) string {
			if n := s.Bytes(disk.OptionBlockSize); n != 0 && (n < leastRead || n > mostRead) {
				return "not every program reads grains outside 8K to 1M"
			}
			return ""
		},
	}
}

// fittingGrain is the usual grain, or a smaller one where a single table would describe
// more than the disk: so small a disk is not rounded up to what a table holds, and its
// grains are not larger than its files. It stops where libvmdk stops reading (vmdk.md
// 4.4, 4.5); 4 KiB can be had by asking for it.
func fittingGrain(s disk.Spec) string {
	grain, size := int64(defaultGrain), s.Bytes(disk.OptionSize)
	for size > 0 && grain > leastRead && grain*vmdk.TableEntries/2 >= size {
		grain /= 2
	}
	return fmt.Sprint(grain)
}

// unless tells why an option is useless for all but these types.
func unless(types []string, why string) func(disk.Spec) string {
	return func(s disk.Spec) string {
		if slices.Contains(types, s.Text(disk.OptionType)) {
			return ""
		}
		return why
	}
}
