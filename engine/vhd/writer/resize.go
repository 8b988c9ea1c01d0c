package writer

import (
	"context"
	"strconv"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// resizing is an image whose disk gets another size (vhd.md 14).
type resizing struct {
	*image
	spec   disk.Spec
	after  int64
	footer []byte // as it will be
	out    disk.Resizing
}

// Resize finds out how the disk gets another size, see [disk.Resizer]. The
// identity stays (vhd.md 14).
func Resize(ctx context.Context, i disk.Image, to disk.NewSize) (disk.Resizing, error) {
	img := i.(*reader.Image)
	if err := trusted(ctx, img); err != nil {
		return disk.Resizing{}, err
	}
	p := img.Parts()
	r := &resizing{image: &image{p}, spec: to.Spec(), after: to.Size, out: disk.Resizing{Before: p.Virtual, After: to.Size}}
	r.spec.Values[disk.OptionBlockSize] = strconv.FormatInt(p.Table.BlockSize, 10)
	if err := r.allowed(); err != nil {
		return disk.Resizing{}, err
	}
	if p.Kind == vhd.Differencing {
		r.out.Warnings = append(r.out.Warnings, disk.Finding{Code: "vhd/V046", Severity: disk.SeverityWarning, Where: []decode.Place{{File: p.Source.Name}},
			Text: "the disk gets another size than its parent: Windows and Hyper-V refuse such a VHD (0xC03A0017), other programs read zeros past the end of the parent; --out makes an image that stands alone"})
	}
	r.footer = tailFooter(p)
	editFooter(r.footer, r.editFooter)
	var err error
	switch {
	case p.Kind == vhd.Fixed:
		err = r.fixed()
	case to.Size < p.Virtual:
		err = r.shrink(ctx)
	default:
		err = r.grow(ctx)
	}
	return r.out, err
}

// allowed refuses what no size can be given to, and sizes that the format does not have.
func (r *resizing) allowed() error {
	at := decode.At(r.place(r.Rules.Off, 0), vhd.FooterSavedState)
	if vhd.FooterSavedState.Get(r.Footer) == 1 {
		return disk.Refuse(disk.RefusedUntrusted, disk.ReadOnly, []decode.Place{at},
			"a virtual machine in saved state uses the disk, and would find another one: wake and shut it down first, or say that there is none (platter repair --code vhd/V021)")
	}
	most, whose := limit(r.spec)
	if r.after > most {
		return disk.Errorf(disk.Limit, decode.Place{File: r.Source.Name}, "%s is too large: %s holds at most %s", decode.ShortSize(uint64(r.after)), whose, decode.ShortSize(uint64(most)))
	}
	if g, ok := r.spec.Geometry(); ok {
		if err := goodGeometry(r.spec, g); err != nil {
			return err
		}
	}
	if below := r.Parent; below != nil && r.after > r.Virtual && below.Info().VirtualSize > r.Virtual {
		return disk.Copied(r.place(0, 0), "the parent is larger than the disk, and would show in what the disk gains")
	} else if below != nil && r.after < below.Info().VirtualSize {
		return disk.Copied(r.place(0, 0), "a differencing VHD can't be smaller than its parent, which has %s bytes", decode.Grouped(below.Info().VirtualSize))
	}
	return nil
}

// editFooter sets what a footer says of the size. The original one stays, unless it were the
// larger: Xen Orchestra refuses such a disk (V016).
func (r *resizing) editFooter(f decode.Record[vhd.Footer]) {
	vhd.FooterOriginalSize.Put(f, min(vhd.FooterOriginalSize.Get(f), uint64(r.after)))
	vhd.FooterCurrentSize.Put(f, uint64(r.after))
	setGeometry(f, newGeometry(r.spec))
}

// fixed moves the footer. A journal can't hold what a long cut takes away: there the
// footer at the new end comes first, and cutting the file off behind it is one operation.
func (r *resizing) fixed() error {
	if r.Tail.Off != r.Virtual || !r.Tail.Valid {
		return disk.Copied(r.place(r.Tail.Off, r.Tail.Length), "the footer does not follow the disk")
	}
	end := r.after + vhd.FooterSize
	if r.after > r.Virtual {
		r.out.Switch = disk.Steps(r.resize(end), disk.Clear(r.place(r.Tail.Off, r.Tail.Length)), r.put(r.after, r.footer))
		r.out.Fresh = []decode.Place{r.place(r.Virtual, r.after-r.Virtual)}
		return nil
	}
	r.out.Switch = r.put(r.after, r.footer)
	r.out.Finish, r.out.Late = disk.Durably(r.Source.Name, r.resize(end)), true
	if b, err := r.head(r.after, vhd.FooterSize); err == nil && string(b) == string(r.footer) {
		r.out.Dropped = []store.Range{{Offset: r.after, Length: vhd.FooterSize}} // an earlier try was cut short there
	}
	return nil
}

// head reads bytes of the file.
func (r *resizing) head(off, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := r.Source.File.ReadAt(b, off)
	return b, err
}
