package writer

import (
	"context"
	"errors"
	"fmt"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// The kinds of image, as [disk.Info] calls them.
const (
	fixedType        = "fixed"
	dynamicType      = "dynamic"
	differencingType = "differencing"
)

// optionLogSize is the one option that only VHDX has.
const optionLogSize = "log-size"

// The usual blocks, those of Windows (vhdx.md 12), in bytes.
const (
	dynamicBlock = 32 << 20
	otherBlock   = 2 << 20
)

// maxLog is the longest log that a header can name, and usualLog the longest that
// openvmm takes (vhdx.md 3), in bytes.
const (
	maxLog   = 4095 << 20
	usualLog = 1 << 30
)

// physicalSector is the usual physical sector size, that of Windows.
const physicalSector = 4096

// Maker makes VHDX images (vhdx.md 12).
type Maker struct{}

var _ disk.Maker = Maker{}

// Options are the choices that the format leaves.
func (Maker) Options() []disk.Option {
	identity := disk.IdentityOptions()
	for i := range identity {
		if identity[i].Name == disk.OptionID {
			identity[i].Useless = ofParent
		}
	}
	return append([]disk.Option{
		disk.ProfileOption(),
		disk.TypeOption(defaultType, parentFits, dynamicType, fixedType, differencingType),
		disk.SectorOption(defaultSector, goodSector),
		blockSizeOption(),
		{Name: optionLogSize, Hint: "SIZE", Kind: disk.Bytes, Doc: "size of the log", Min: vhdx.MiB, Max: maxLog, Multiple: vhdx.MiB,
			Default: disk.Constant("1M"), Doubt: longLog},
		disk.RoundOption(func(s disk.Spec) int64 { logical, _ := s.SectorSizes(physicalSector); return logical }),
		disk.SizeOption(limit),
		disk.PreallocateOption(onlyFixed),
	}, identity...)
}

// Make makes an image of the type that the spec names.
func (Maker) Make(ctx context.Context, to store.FS, name string, spec disk.Spec) (err error) {
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	switch spec.Text(disk.OptionType) {
	case fixedType:
		return makeFixed(ctx, f, spec)
	case differencingType:
		return makeChild(f, spec)
	}
	return makeDynamic(ctx, f, spec)
}

func defaultType(s disk.Spec) string {
	if s.Parent != nil {
		return differencingType
	}
	return dynamicType
}

// parentFits holds the type against the parent that is there or is not.
func parentFits(s disk.Spec, kind string) error {
	switch {
	case kind == differencingType && s.Parent == nil:
		return disk.Wrong(disk.OptionType, "a differencing image needs a parent")
	case kind != differencingType && s.Parent != nil:
		return disk.Wrong(disk.OptionType, "a %s image has no parent", kind)
	case s.Parent != nil && s.Parent.Image.Info().Format != "vhdx":
		return disk.Wrong("parent", "the parent of a VHDX must be a VHDX, not %s", s.Parent.Image.Info().Format)
	}
	return nil
}

// parentOf is the parent of a new image.
func parentOf(spec disk.Spec) (*reader.Image, bool) {
	if spec.Parent == nil {
		return nil, false
	}
	v, ok := spec.Parent.Image.(*reader.Image)
	return v, ok
}

func defaultSector(s disk.Spec) string {
	if s.Parent == nil {
		return "512/4096"
	}
	i := s.Parent.Image.Info()
	return fmt.Sprintf("%d/%d", i.LogicalSectorSize, i.PhysicalSectorSize)
}

// goodSector demands that parent and child agree: the guest sees one disk (vhdx.md 7).
func goodSector(s disk.Spec, value string) error {
	logical, _ := disk.Spec{Values: map[string]string{disk.OptionSector: value}}.SectorSizes(physicalSector)
	if s.Parent != nil && logical != s.Parent.Image.Info().LogicalSectorSize {
		return disk.Wrong(disk.OptionSector, "%d: the parent has sectors of %d bytes", logical, s.Parent.Image.Info().LogicalSectorSize)
	}
	return nil
}

func blockSizeOption() disk.Option {
	return disk.Option{
		Name: disk.OptionBlockSize, Hint: "SIZE", Kind: disk.Bytes, Doc: "size of a block, the unit of allocation",
		Min: vhdx.MinBlockSize, Max: vhdx.MaxBlockSize, Powers: true,
		Default: func(s disk.Spec) string {
			if s.Text(disk.OptionType) == dynamicType {
				return fmt.Sprint(dynamicBlock)
			}
			return fmt.Sprint(otherBlock)
		},
	}
}

func longLog(s disk.Spec, _ string) string {
	if s.Bytes(optionLogSize) > usualLog {
		return "not every program takes a log of more than 1G"
	}
	return ""
}

func limit(disk.Spec) (int64, string) { return vhdx.MaxDiskSize, "a VHDX" }

func onlyFixed(s disk.Spec) string {
	if s.Text(disk.OptionType) != fixedType {
		return "only a fixed VHDX has its room from the start"
	}
	return ""
}

func ofParent(s disk.Spec) string {
	if s.Parent != nil {
		return "a child has the disk's identity from its parent"
	}
	return ""
}
