package engine

import (
	"bytes"
	"context"
	"errors"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// What becomes a hole: zeros in whole pieces of this size. Smaller ones would tear the
// file apart and give little.
const punchPiece = 64 << 10

// Punch makes holes of the zeros in an image's files, which takes their room from the
// host, and changes no byte. It returns how many bytes became holes, or would in a dry
// run. Where a file can't have holes it is an [disk.Error] of kind Unsupported.
func Punch(ctx context.Context, in store.FS, img disk.Image, dryRun bool, progress func(done, total int64)) (punched int64, err error) {
	total, done := img.Info().FileSize, int64(0)
	for _, f := range img.Files() {
		p := puncher{file: f, dryRun: dryRun, progress: func(at int64) {
			if progress != nil {
				progress(done+at, total)
			}
		}}
		err := p.open(in)
		if err == nil {
			err = errors.Join(p.all(ctx), p.close())
		}
		if punched += p.punched; err != nil {
			return punched, err
		}
		done += f.Size
	}
	return punched, nil
}

// puncher makes holes in one file.
type puncher struct {
	file     disk.File
	to       store.File // nil in a dry run
	dryRun   bool
	progress func(at int64)
	start    int64 // of the zeros that were met last,
	length   int64 // and how many these are
	punched  int64
}

func (p *puncher) open(in store.FS) (err error) {
	if !p.dryRun {
		p.to, err = in.OpenWrite(p.file.Name)
	}
	return err
}

func (p *puncher) close() error {
	if p.to == nil {
		return nil
	}
	err := error(nil)
	if p.punched > 0 {
		err = p.to.Sync()
	}
	return errors.Join(err, p.to.Close())
}

// all goes through what is stored of the file. It is read from the file that is locked.
func (p *puncher) all(ctx context.Context) error {
	buf, zeros := make([]byte, punchPiece), make([]byte, punchPiece)
	for r, err := range disk.FileRuns(ctx, p.file, 0, p.file.Size) {
		if err != nil {
			return err
		}
		if r.Content == disk.Zeros {
			continue
		}
		for at := (r.Start + punchPiece - 1) / punchPiece * punchPiece; at+punchPiece <= r.Start+r.Length; at += punchPiece {
			if err := ctx.Err(); err != nil {
				return err
			}
			if n, err := p.source().ReadAt(buf, at); n < len(buf) {
				return err
			}
			if bytes.Equal(buf, zeros) {
				if err := p.zeros(at); err != nil {
					return err
				}
			}
			p.progress(at)
		}
	}
	return p.flush()
}

func (p *puncher) source() interface {
	ReadAt(b []byte, off int64) (int, error)
} {
	if p.to != nil {
		return p.to
	}
	return p.file.Data
}

// zeros takes a piece of zeros; those that follow each other become one hole.
func (p *puncher) zeros(at int64) error {
	if p.length > 0 && p.start+p.length == at {
		p.length += punchPiece
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.start, p.length = at, punchPiece
	return nil
}

// flush makes the hole.
func (p *puncher) flush() error {
	if p.length == 0 {
		return nil
	}
	if p.to != nil {
		err := store.Punch(p.to, p.start, p.length)
		if errors.Is(err, store.ErrNoHoles) {
			return disk.Errorf(disk.Unsupported, decode.Place{File: p.file.Name}, "its file system makes no holes in files")
		}
		if err != nil {
			return err
		}
	}
	p.punched, p.length = p.punched+p.length, 0
	return nil
}
