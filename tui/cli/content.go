package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"platter/engine/disk"
	"platter/engine/store"
)

// mostStaged is how many bytes go through the journal, all or nothing; what is longer
// goes straight to the file.
const mostStaged = store.MaxStaged / 2

// content is what a range of the disk is to hold.
type content struct {
	kind   string    // write, fill, zero, trim or reveal
	loses  bool      // content that the parent does not have may be lost
	n      int64     // bytes; -1: as many as there will be
	data   []byte    // all of it, where it is held in memory
	more   io.Reader // all of it, where it is not
	source io.Closer // nil: nothing has to be closed
}

// long reports whether it goes straight to the file.
func (c content) long() bool { return c.more != nil || c.data == nil && c.n > mostStaged }

// gives reports whether it needs no room.
func (c content) gives() bool { return c.kind == "zero" || c.kind == "trim" || c.kind == "reveal" }

// phrases are what is said of a kind.
type phrases struct{ did, would string }

// words are those of the kind.
func (c content) words() phrases {
	return map[string]phrases{
		"write": {"wrote", "write"}, "fill": {"filled", "fill"}, "zero": {"zeroed", "zero"}, "trim": {"trimmed", "trim"},
		"reveal": {"revealed the parent in", "reveal the parent in"},
	}[c.kind]
}

// content is what the flags ask for.
func (w *writing) content(ctx context.Context, in io.Reader) (content, error) {
	n, err := size("--length", w.length, -1)
	if err != nil {
		return content{}, err
	}
	given := 0
	for _, is := range []bool{w.from != "", w.fill != "", w.zero, w.trim} {
		if is {
			given++
		}
	}
	switch {
	case w.reveal && !w.trim:
		return content{}, usage("write: --reveal goes with --trim")
	case w.discard && !w.reveal:
		return content{}, usage("write: --discard goes with --reveal: nothing else looks for what would be lost")
	case given > 1:
		return content{}, usage("write: --from, --fill, --zero and --trim exclude each other")
	case w.from != "" || given == 0:
		return w.input(ctx, in, n)
	case n < 0:
		return content{}, usage("write: --fill, --zero and --trim need --length")
	case w.file != "" && w.fill == "":
		return content{}, usage("write: --zero and --trim are for the disk, not for the container (--file)")
	case w.zero:
		return content{kind: "zero", n: n}, nil
	case w.reveal:
		return content{kind: "reveal", loses: w.discard, n: n}, nil
	case w.trim:
		return content{kind: "trim", n: n}, nil
	}
	return filling(w.fill, n)
}

// filling repeats bytes that are given as hex.
func filling(text string, n int64) (content, error) {
	pattern, err := unhex("--fill", text)
	if err != nil {
		return content{}, err
	}
	if len(pattern) == 0 {
		return content{}, usage("--fill: no bytes to repeat")
	}
	c := content{kind: "fill", n: n}
	pattern = bytes.Repeat(pattern, (pieceLength+len(pattern)-1)/len(pattern)) // a few bytes at a time are slow
	all := io.LimitReader(&repeated{pattern: pattern}, n)
	if n > mostStaged {
		c.more = all
		return c, nil
	}
	c.data, err = io.ReadAll(all)
	return c, err
}

func unhex(flag, text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, usage("%s: %q is not hex", flag, text)
	}
	return b, nil
}

// repeated reads a pattern again and again.
type repeated struct {
	pattern []byte
	at      int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.pattern[r.at:])
	for n < len(p) {
		n += copy(p[n:], r.pattern)
	}
	r.at = (r.at + len(p)) % len(r.pattern)
	return len(p), nil
}

// input takes the bytes of a file or of standard input, at most n; all of them where
// that is below 0.
func (w *writing) input(ctx context.Context, in io.Reader, n int64) (content, error) {
	c := content{kind: "write", n: n}
	name := "standard input"
	if w.from != "" && w.from != "-" {
		f, err := os.Open(w.from)
		if err != nil {
			return c, err
		}
		name, in, c.source = "--from", f, f
	} else if isTerminal(in) {
		return c, usage("write: standard input is a terminal: send the bytes to it, or give --from FILE")
	}
	if rest := remaining(in); rest >= 0 && (n < 0 || rest < n) {
		c.n = rest
	} else if rest < 0 {
		c.n = -1 // as many as come, up to n
		in = newPatient(ctx, in)
	}
	if n >= 0 {
		in = io.LimitReader(in, n)
	}
	data, err := io.ReadAll(io.LimitReader(in, mostStaged+1))
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > mostStaged {
		c.more = io.MultiReader(bytes.NewReader(data), in)
		return c, nil
	}
	c.n, c.data = int64(len(data)), data
	return c, nil
}

// remaining is how many bytes a file has left; -1 for what is no file.
func remaining(in io.Reader) int64 {
	f, ok := in.(*os.File)
	if !ok {
		return -1
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return -1
	}
	return max(info.Size()-at, 0)
}

// How much is done between two syncs, and how much is written at once, in bytes. What
// is zeroed or trimmed costs table entries only, mostly.
const (
	syncEvery      = 256 << 20
	syncEveryZeros = 16 << 30
	pieceLength    = 1 << 20
	wholeSectors   = 4096 // a piece ends with a sector of any size: none is written in two parts
)

// bring does it to a disk from a byte on, and counts the bytes that are done.
func (c content) bring(ctx context.Context, w disk.Writer, off int64, done func(n int64)) error {
	switch {
	case c.kind == "zero":
		return c.stretches(ctx, w, off, w.Zero, done)
	case c.kind == "trim":
		return c.stretches(ctx, w, off, w.Trim, done)
	case c.kind == "reveal":
		return c.revealed(ctx, w, off, done)
	case c.more == nil:
		n, err := w.WriteAt(c.data, off)
		done(int64(n))
		return err
	}
	buf := make([]byte, pieceLength)
	for since := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(c.more, buf[:pieceLength-off%pieceLength])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			n = max(n-int(off+int64(n))%wholeSectors, 0)
		}
		if n > 0 {
			if _, err := w.WriteAt(buf[:n], off); err != nil {
				return err
			}
			off, since = off+int64(n), since+int64(n)
			done(int64(n))
		}
		if last {
			return nil
		}
		if err == nil && since >= syncEvery {
			since, err = 0, w.Sync(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// revealed lets the parent show, unless content would be lost that is to be kept: that
// is looked for before anything changes.
func (c content) revealed(ctx context.Context, w disk.Writer, off int64, done func(n int64)) error {
	r, ok := w.(disk.Revealer)
	if !ok {
		return disk.NoParent()
	}
	if !c.loses {
		loss, err := r.Hides(ctx, off, c.n)
		if err == nil {
			err = loss.Refusal()
		}
		if err != nil {
			return err
		}
	}
	return c.stretches(ctx, w, off, r.Reveal, done)
}

// stretches does a long change piece by piece, each durable before the next.
func (c content) stretches(ctx context.Context, w disk.Writer, off int64, do func(ctx context.Context, off, n int64) error, done func(n int64)) error {
	for end := off + c.n; off < end; {
		n := min(syncEveryZeros, end-off)
		if err := do(ctx, off, n); err != nil {
			return err
		}
		if err := w.Sync(ctx); err != nil {
			return err
		}
		off += n
		done(n)
	}
	return nil
}
