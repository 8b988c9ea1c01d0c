package damage

import (
	"context"
	"fmt"

	"platter/engine/disk"
)

// NewKey begins the answer key of an image that is still good: what it is like.
func NewKey(ctx context.Context, img disk.Image, source string, seed uint64) (Key, error) {
	if n := len(img.Files()); n != 1 {
		return Key{}, &disk.Error{Kind: disk.Unsupported, Op: "break", What: fmt.Sprintf("the image consists of %d files; only one of a single file is damaged", n)}
	}
	k := Key{Source: source, Format: img.Info().Format, Seed: seed, Size: img.Files()[0].Size, Found: map[string]int{}}
	found, err := codes(ctx, img)
	if err != nil {
		return k, err
	}
	for code, list := range found {
		k.Found[code] = len(list)
	}
	if k.Disk, err = content(ctx, img); err != nil && ctx.Err() != nil {
		return k, err
	}
	k.Sum, k.Chunk, k.Sums, err = sums(ctx, img.Files()[0])
	return k, err
}

// Sum is the SHA-256 of the image's file.
func Sum(ctx context.Context, img disk.Image) (string, error) {
	sum, _, _, err := sums(ctx, img.Files()[0])
	return sum, err
}

// Fault adds a fault that was planted.
func (k *Key) Fault(p Planted, changes []KeyChange) {
	k.Faults = append(k.Faults, KeyFault{p.Code, p.About, p.Finding.Text, changes})
}

// mostAllowed bounds the bytes that a key remembers of what repairs may write.
const mostAllowed = 16 << 20

// Allow adds bytes that a repair writes, as they are in the good file, and the length that it
// gives the file. What is known already is not added again.
func (k *Key) Allow(offset int64, before []byte, size int64) error {
	k.Most = max(k.Most, size)
	total := len(before)
	for _, r := range k.May {
		if r.Offset <= offset && offset+int64(len(before)) <= r.Offset+int64(len(r.Before)) {
			return nil
		}
		total += len(r.Before)
	}
	if total > mostAllowed {
		return fmt.Errorf("the repairs of this damage write more than %d bytes; choose other faults", mostAllowed)
	}
	if len(before) > 0 {
		k.May = append(k.May, KeyRange{offset, before})
	}
	return nil
}
