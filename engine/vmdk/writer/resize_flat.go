package writer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// flat makes the last file longer, and if the disk is split puts further ones after it.
// What the descriptor does not name yet harms nobody.
func (r *resizing) flat() error {
	if r.tail.Size > r.tail.End {
		r.out.Prepare = r.onlyZeros
	}
	length, files, err := r.divide(vmdk.TypeFlat, "f")
	if err != nil {
		return err
	}
	grown := r.tail.End - r.tail.Length + length
	r.rooms = []disk.Step{disk.Resize(r.tail.File, max(grown, r.tail.Size))}
	r.out.Fresh = []decode.Place{{File: r.tail.File, Offset: r.tail.End, Length: grown - r.tail.End}}
	lines := ""
	for _, e := range files {
		lines += e.line()
		r.out.New = append(r.out.New, disk.NewFile{Name: e.name, Size: e.sectors * vmdk.SectorSize, Make: made(e.name, func(ctx context.Context, to store.FS) error {
			return layFlat(ctx, to, e, 0, disk.Spec{})
		})})
		r.out.Fresh = append(r.out.Fresh, decode.Place{File: e.name, Length: e.sectors * vmdk.SectorSize})
	}
	return r.describe(length/vmdk.SectorSize, lines)
}

// onlyZeros refuses to make bytes part of the disk that its file has after it.
func (r *resizing) onlyZeros(ctx context.Context, to store.FS) error {
	at := decode.Place{File: r.tail.File, Offset: r.tail.End, Length: r.tail.Size - r.tail.End}
	if err := disk.MustBeZero(at)(ctx, to); err != nil {
		return fmt.Errorf("%w: they follow the disk in its file, and would become part of it; --out makes a new image", err)
	}
	return nil
}

// divide tells how long the last extent becomes, and which others follow it.
func (r *resizing) divide(kind, letter string) (length int64, files []piece, err error) {
	more := r.after - r.Parts.Size
	if !splits(r.spec.Text(disk.OptionType)) {
		return r.tail.Length + more, nil, nil
	}
	most := r.tail.First
	if r.tail.Count == 1 {
		most = max(splitSize, r.tail.Length)
	}
	length = r.tail.Length + min(more, max(most-r.tail.Length, 0))
	for left, n := r.tail.Length+more-length, 1; left > 0; left, n = left-most, n+1 {
		if n+r.tail.Count > maxExtents {
			return 0, nil, disk.Errorf(disk.Limit, decode.Place{File: r.Name}, "the disk would need more than %d files", maxExtents)
		}
		name, ok := r.following(n, letter)
		if !ok {
			return 0, nil, disk.Copied(decode.Place{File: r.tail.File}, "its name has no number that the next file could continue")
		}
		files = append(files, piece{kind, min(left, most) / vmdk.SectorSize, name, kind == vmdk.TypeFlat})
	}
	return length, files, nil
}

// splitSize is how long the files of VMware are, in bytes (vmdk.md 3).
const splitSize = 2047 << 20

// splits reports whether a kind of disk consists of short files.
func splits(kind string) bool {
	return strings.EqualFold(kind, splitFlat) || strings.EqualFold(kind, splitSparse) || strings.HasPrefix(kind, "2GbMaxExtent")
}

// following is the name of the n-th file after the last one: "disk-f002.vmdk" follows
// "disk-f001.vmdk".
func (r *resizing) following(n int, letter string) (string, bool) {
	ext := path.Ext(r.tail.File)
	stem := strings.TrimSuffix(r.tail.File, ext)
	digits := strings.TrimRight(stem, "0123456789")
	number, err := strconv.Atoi(stem[len(digits):])
	if err != nil || !strings.HasSuffix(digits, "-"+letter) || path.Base(r.tail.File) != r.tail.Named {
		return "", false
	}
	return fmt.Sprintf("%s%0*d%s", digits, len(stem)-len(digits), number+n, ext), true
}

// made makes a further file. One that an earlier try has left is what would be made now.
func made(name string, build disk.Step) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		if _, err := to.Stat(name); err == nil {
			return left(ctx, to, name, build)
		}
		files := &store.Target{FS: to}
		if err := build(ctx, files); err != nil {
			return errors.Join(err, files.Discard())
		}
		return files.Publish()
	}
}

// left accepts a file that is byte for byte what would be made.
func left(ctx context.Context, to store.FS, name string, build disk.Step) error {
	files := store.NewMem()
	if err := build(ctx, files); err != nil {
		return err
	}
	want, err := files.Open(name)
	if err != nil {
		return err
	}
	have, err := to.Open(name)
	if err != nil {
		return err
	}
	defer have.Close()
	same, err := equal(ctx, want, have)
	if err == nil && !same {
		err = disk.Errorf(disk.ReadOnly, decode.Place{File: name}, "a file has the name that the next extent needs, and it is not empty: move it away")
	}
	return err
}

// equal compares two files; holes are zeros.
func equal(ctx context.Context, a, b store.File) (bool, error) {
	size, err := a.Size()
	other, err2 := b.Size()
	if err = errors.Join(err, err2); err != nil || size != other {
		return false, err
	}
	for _, f := range []store.File{a, b} {
		for off := int64(0); off < size; {
			r, err := store.NextData(f, off, size)
			if errors.Is(err, io.EOF) {
				break
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return false, err
			}
			n := min(r.Length, 1<<20)
			p, q := make([]byte, n), make([]byte, n)
			if err := errors.Join(full(a, p, r.Offset), full(b, q, r.Offset)); err != nil || string(p) != string(q) {
				return false, err
			}
			off = r.Offset + n
		}
	}
	return true, nil
}

func full(f store.File, p []byte, off int64) error {
	if n, err := f.ReadAt(p, off); n < len(p) {
		return err
	}
	return nil
}
