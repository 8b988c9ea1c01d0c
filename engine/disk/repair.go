package disk

import (
	"context"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/store"
)

// Repair is a way to repair what a finding found.
type Repair struct {
	Title string // what it does: "recompute the checksum"
	Risk  string // what may be lost or guessed; empty for a repair that is safe without asking

	// Apply writes to the files of the image, as they are now, and to nothing
	// else. It fails where it finds out that the repair would destroy something.
	Apply func(ctx context.Context, to store.FS) error

	// Edits takes the place of Apply in formats that do not write yet: edits for
	// an [Editor] to stage, in their order.
	Edits func(ctx context.Context) ([]Edit, error)
}

// Repairer lists the ways to repair what a finding of an image found, the safest
// first; none for a finding that is not Repairable. It may read files.
type Repairer func(ctx context.Context, img Image, f Finding) ([]Repair, error)

// patchGap is the longest run of equal bytes inside an edit of [Patch]: an edit
// for each byte that differs would take more memory than the bytes.
const patchGap = 64

// Patch is what turns the bytes before, which lie at off in a file, into the
// bytes after: an edit for each run that differs, or a few that lie close
// together. Both have the same length.
func Patch(file string, off int64, before, after []byte) []Edit {
	var edits []Edit
	for at := 0; at < len(before); at++ {
		if before[at] == after[at] {
			continue
		}
		end := at + 1
		for next := end; next < len(before) && next-end <= patchGap; next++ {
			if before[next] != after[next] {
				end = next + 1
			}
		}
		edits = append(edits, Edit{File: file, Offset: off + int64(at), Data: after[at:end]})
		at = end
	}
	return edits
}

// maxRewrite bounds what [Rewrite] holds in memory, in bytes.
const maxRewrite = 16 << 20

// Rewrite reads the bytes at a place as they are now, has them changed, and
// returns the edits for what differs. A place that is not wholly in the file,
// or longer than 16 MiB, is an [Error] of kind OutOfRange.
func Rewrite(r io.ReaderAt, at decode.Place, change func([]byte)) ([]Edit, error) {
	if at.Offset < 0 || at.Length < 0 || at.Length > maxRewrite {
		return nil, &Error{Kind: OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("at most %d bytes are changed at once", maxRewrite)}
	}
	before := make([]byte, at.Length)
	if n, err := r.ReadAt(before, at.Offset); n < len(before) {
		return nil, &Error{Kind: OutOfRange, Op: "repair", At: at, What: fmt.Sprintf("only %d of %d bytes could be read", n, at.Length), Err: err}
	}
	after := append([]byte(nil), before...)
	change(after)
	return Patch(at.File, at.Offset, before, after), nil
}

// Mend is the repair of rewriting the bytes at one place.
func Mend(title, risk string, r io.ReaderAt, at decode.Place, change func([]byte)) Repair {
	return Repair{Title: title, Risk: risk, Edits: func(context.Context) ([]Edit, error) { return Rewrite(r, at, change) }}
}

// Mends is the repair of doing several others at once, on bytes that are not
// the same.
func Mends(title, risk string, parts ...Repair) Repair {
	return Repair{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]Edit, error) {
		var all []Edit
		for _, p := range parts {
			edits, err := p.Edits(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, edits...)
		}
		return all, nil
	}}
}
