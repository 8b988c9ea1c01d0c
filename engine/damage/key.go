package damage

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"platter/engine/disk"
	"platter/engine/transfer"
)

// Ending is what the name of an answer key has after that of its image.
const Ending = ".platter-key"

// Key is the answer key of a damaged image: what was done to it, and what it has to be like
// when all of it is repaired. Offsets and lengths are in bytes of the file.
type Key struct {
	Source string `json:"source"` // what was damaged, as it was named
	Format string `json:"format"`
	Seed   uint64 `json:"seed"`

	Size    int64    `json:"size"`    // of the good file
	Sum     string   `json:"sha256"`  // of the good file
	Damaged string   `json:"damaged"` // SHA-256 of the damaged file
	Chunk   int64    `json:"chunk"`   // bytes of the file that each of Sums covers
	Sums    []string `json:"sums"`    // of the good file, chunk by chunk, cut to 8 bytes
	Disk    string   `json:"disk"`    // digest of the good disk's content; empty if it could not be read

	Faults []KeyFault     `json:"faults"`
	Found  map[string]int `json:"found"` // how many findings of each code the good image has
	May    []KeyRange     `json:"may"`   // what repairs that the program offers may write besides
	Most   int64          `json:"most"`  // how long they may make the file
}

// KeyFault is a fault that was planted.
type KeyFault struct {
	Code    string      `json:"code"`
	About   string      `json:"about"`
	Text    string      `json:"text"` // of the finding
	Changes []KeyChange `json:"changes"`
}

// KeyChange is bytes that were changed. Before is longer than After where the file was cut
// off, and shorter where it grew.
type KeyChange struct {
	Offset int64  `json:"offset"`
	Before []byte `json:"before"`
	After  []byte `json:"after"`
}

// KeyRange is bytes of the good file.
type KeyRange struct {
	Offset int64  `json:"offset"`
	Before []byte `json:"before"`
}

// End is the offset after the last byte that was changed.
func (c KeyChange) End() int64 { return c.Offset + int64(max(len(c.Before), len(c.After))) }

const (
	sealHead = "platter answer key 1"
	sealNote = "The answer to what is wrong with the image beside it, for platter lesson check.\n" +
		"It is packed so that nobody reads it by accident. That is no secret: whoever wants to can unpack it.\n"
)

// ErrKey is what [Unseal] fails with, wrapped, for what is no answer key, or a damaged one.
var ErrKey = errors.New("this is no answer key, or it was changed")

// Seal packs a key into a text that tells nothing at a glance. It is no encryption.
func (k Key) Seal() ([]byte, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s%s\n", sealHead, sealNote, hex.EncodeToString(sum[:]))
	for len(text) > 0 {
		n := min(len(text), 100)
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.Bytes(), nil
}

// maxKey bounds a key, packed and unpacked, in bytes.
const maxKey = 64 << 20

// Unseal unpacks what Seal packed.
func Unseal(r io.Reader) (Key, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxKey+1))
	if err != nil {
		return Key{}, err
	}
	rest, ok := strings.CutPrefix(string(b), sealHead+"\n"+sealNote)
	if !ok || len(b) > maxKey {
		return Key{}, ErrKey
	}
	sum, text, _ := strings.Cut(rest, "\n")
	packed, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxKey+1))
	if err != nil || len(plain) > maxKey {
		return Key{}, errors.Join(ErrKey, err)
	}
	if own := sha256.Sum256(plain); hex.EncodeToString(own[:]) != sum {
		return Key{}, fmt.Errorf("%w: its own SHA-256 does not fit", ErrKey)
	}
	var k Key
	if err := json.Unmarshal(plain, &k); err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, k.sound()
}

// sound refuses numbers that no key has: it is read from a file as any image is.
func (k Key) sound() error {
	if k.Size < 0 || k.Chunk < leastChunk || (k.Size+k.Chunk-1)/k.Chunk != int64(len(k.Sums)) {
		return fmt.Errorf("%w: a file of %d bytes has no %d sums of %d bytes each", ErrKey, k.Size, len(k.Sums), k.Chunk)
	}
	for _, f := range k.Faults {
		for _, c := range f.Changes {
			if c.Offset < 0 {
				return fmt.Errorf("%w: a change at %d", ErrKey, c.Offset)
			}
		}
	}
	for _, r := range k.May {
		if r.Offset < 0 {
			return fmt.Errorf("%w: a range at %d", ErrKey, r.Offset)
		}
	}
	return nil
}

// Chunks of a file: few enough for a key, and as short as can be.
const (
	leastChunk = 4 << 10
	mostSums   = 4096
)

// sums are the digests of a file: of all, and of its chunks.
func sums(ctx context.Context, f disk.File) (sum string, chunk int64, list []string, err error) {
	for chunk = leastChunk; f.Size/chunk >= mostSums; {
		chunk *= 2
	}
	all := sha256.New()
	part, left := sha256.New(), chunk
	close := func() {
		list = append(list, hex.EncodeToString(part.Sum(nil)[:8]))
		part.Reset()
		left = chunk
	}
	err = transfer.File(ctx, f, 0, f.Size, func(b []byte) error {
		all.Write(b)
		for len(b) > 0 {
			n := min(int64(len(b)), left)
			part.Write(b[:n])
			b = b[n:]
			if left -= n; left == 0 {
				close()
			}
		}
		return nil
	})
	if left < chunk {
		close()
	}
	return hex.EncodeToString(all.Sum(nil)), chunk, list, err
}

// contentUnit is what the content of a disk is compared by, in bytes.
const contentUnit = 4 << 10

// content is a digest of what a disk holds, whichever way it is stored: of its units that are
// not zeros, each with its place.
func content(ctx context.Context, img disk.Image) (string, error) {
	if err := img.Info().Refused; err != nil {
		return "", err
	}
	h := sha256.New()
	unit := make([]byte, contentUnit)
	size, next := img.Info().VirtualSize, int64(0)
	for run, err := range disk.Runs(ctx, img, 0, size) {
		if err != nil {
			return "", err
		}
		if run.Content == disk.Zeros {
			continue
		}
		for off := max(next, run.Start/contentUnit*contentUnit); off < run.End(); off += contentUnit {
			next = off + contentUnit
			b := unit[:min(contentUnit, size-off)]
			if n, err := img.ReadAt(b, off); n < len(b) {
				return "", err
			}
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			if !isZero(b) {
				h.Write(fmt.Appendf(nil, "%d ", off))
				h.Write(b)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
