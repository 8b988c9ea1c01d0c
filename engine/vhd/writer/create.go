package writer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// The kinds of image, as [disk.Info] calls them.
const (
	fixedType        = "fixed"
	dynamicType      = "dynamic"
	differencingType = "differencing"
)

// optionCreator is the one option that only VHD has.
const optionCreator = "creator"

// The sizes of blocks, in bytes: those that all programs read, and the usual one.
// Programs disagree about the bitmap of smaller ones (vhd.md 9).
const (
	minBlock     = 4 << 10
	maxBlock     = 256 << 20
	defaultBlock = 2 << 20
	oldBlock     = 512 << 10 // the other size that Microsoft tested
)

// maxSize is the largest disk, in bytes: 2040 GiB (vhd.md 15).
const maxSize = 2040 << 30

// Maker makes VHD images (vhd.md 12).
type Maker struct{}

var _ disk.Maker = Maker{}

// Options are the choices that the format leaves.
func (Maker) Options() []disk.Option {
	return append([]disk.Option{
		disk.ProfileOption(),
		disk.TypeOption(defaultType, parentFits, dynamicType, fixedType, differencingType),
		disk.SectorOption(disk.Constant("512"), only512),
		blockSizeOption(),
		disk.RoundOption(func(disk.Spec) int64 { return vhd.Sector }),
		disk.SizeOption(limit),
		disk.GeometryOption(goodGeometry),
		{Name: optionCreator, Hint: "CODE", Kind: disk.Text, Doc: "four characters that name the program that made the image",
			Default: disk.Constant("pltr"), Check: goodCreator},
		disk.PreallocateOption(onlyFixed),
	}, datable(disk.IdentityOptions())...)
}

// datable refuses dates that the format can't hold: it counts seconds from 2000 on, in 32
// bits.
func datable(list []disk.Option) []disk.Option {
	for i, o := range list {
		if o.Name != disk.OptionTime {
			continue
		}
		list[i].Check = func(s disk.Spec, value string) error {
			if err := o.Check(s, value); err != nil {
				return err
			}
			s.Values = map[string]string{disk.OptionTime: value}
			if n := s.Time().Unix() - vhd.Epoch().Unix(); n < 0 || n > math.MaxUint32 {
				return disk.Wrong(disk.OptionTime, "%s: a VHD counts seconds from 2000-01-01 on, up to 2136", value)
			}
			return nil
		}
	}
	return list
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
		return makeChild(ctx, f, spec)
	}
	return makeDynamic(ctx, f, spec)
}

func defaultType(s disk.Spec) string {
	switch {
	case s.Parent != nil:
		return differencingType
	case s.Text(disk.OptionProfile) == disk.ProfileAzure:
		return fixedType
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
	case s.Parent != nil && s.Parent.Image.Info().Format != "vhd":
		return disk.Wrong("parent", "the parent of a VHD must be a VHD, not %s", s.Parent.Image.Info().Format)
	}
	return nil
}

func only512(_ disk.Spec, value string) error {
	if value != "512" && value != "512/512" {
		return disk.Wrong(disk.OptionSector, "%s: a VHD has sectors of 512 bytes only", value)
	}
	return nil
}

func blockSizeOption() disk.Option {
	return disk.Option{
		Name: disk.OptionBlockSize, Hint: "SIZE", Kind: disk.Bytes, Doc: "size of a block, the unit of allocation",
		Min: minBlock, Max: maxBlock, Powers: true,
		Default: func(s disk.Spec) string {
			if s.Parent != nil && s.Parent.Image.Info().BlockSize >= minBlock {
				return fmt.Sprint(s.Parent.Image.Info().BlockSize)
			}
			return fmt.Sprint(defaultBlock)
		},
		Useless: func(s disk.Spec) string {
			if s.Text(disk.OptionType) == fixedType {
				return "a fixed VHD has no blocks"
			}
			return ""
		},
		Doubt: func(s disk.Spec, _ string) string {
			if n := s.Bytes(disk.OptionBlockSize); n != 0 && n != defaultBlock && n != oldBlock {
				return "Microsoft tested 512K and 2M only, and not every program reads other blocks"
			}
			return ""
		},
	}
}

// limit is the largest disk: the format's, or what the blocks can be addressed
// with, since an entry of the table is the number of a sector in 32 bits (vhd.md 15).
func limit(s disk.Spec) (int64, string) {
	block := s.Bytes(disk.OptionBlockSize)
	if block == 0 {
		return maxSize, "a VHD"
	}
	perBlock := (block+vhd.BitmapBytes(block))/vhd.Sector + 1 // a sector more than pays for the entries
	if most := math.MaxUint32 / perBlock * block; most < maxSize && block < defaultBlock {
		return most / vhd.Sector * vhd.Sector, "a VHD with blocks of " + decode.ShortSize(uint64(block))
	}
	return maxSize, "a VHD"
}

// goodGeometry refuses a geometry that shows more than there is: QEMU would show the
// footer of a fixed disk (vhd.md 3.3).
func goodGeometry(s disk.Spec, g disk.Geometry) error {
	switch size := s.Bytes(disk.OptionSize); {
	case g.Cylinders < 1 || g.Cylinders > math.MaxUint16 || g.Heads < 1 || g.Heads > math.MaxUint8 || g.Sectors < 1 || g.Sectors > math.MaxUint8:
		return disk.Wrong(disk.OptionGeometry, "expected 1 to 65535 cylinders, 1 to 255 heads, 1 to 255 sectors")
	case geometryOf(g) != vhd.Largest && geometryOf(g).Size() > size:
		return disk.Wrong(disk.OptionGeometry, "%d/%d/%d is %d bytes, more than the disk's %d", g.Cylinders, g.Heads, g.Sectors, geometryOf(g).Size(), size)
	}
	return nil
}

func geometryOf(g disk.Geometry) vhd.Geometry {
	return vhd.Geometry{Cylinders: uint16(g.Cylinders), Heads: uint8(g.Heads), Sectors: uint8(g.Sectors)}
}

func goodCreator(_ disk.Spec, value string) error {
	if len(value) > vhd.FooterCreator.Size() {
		return disk.Wrong(optionCreator, "%q: expected at most 4 characters", value)
	}
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' {
			return disk.Wrong(optionCreator, "%q: expected ASCII characters", value)
		}
	}
	return nil
}

func onlyFixed(s disk.Spec) string {
	if s.Text(disk.OptionType) != fixedType {
		return "only a fixed VHD has its room from the start"
	}
	return ""
}
