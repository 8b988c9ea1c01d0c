package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// ErrUnfit: a record of a journal that no commit writes, or of a file that is none
// of the image's. It arrives inside a RecordError.
var ErrUnfit = errors.New("the journal does not fit the image")

// RecordError says which record of a journal is not followed, and why. It matches
// ErrUnfit.
type RecordError struct {
	Record int    // counted from 1
	File   string // as the journal names it
	Offset int64  // bytes
	What   string
}

// Error names the record, its file and its place.
func (e *RecordError) Error() string {
	return fmt.Sprintf("record %d of the journal, of %s at offset 0x%x: %s", e.Record, strconv.Quote(e.File), e.Offset, e.What)
}

// Unwrap gives ErrUnfit.
func (e *RecordError) Unwrap() error { return ErrUnfit }

func unfit(steps []Step, i int, format string, args ...any) error {
	return &RecordError{i + 1, steps[i].File, steps[i].Offset, fmt.Sprintf(format, args...)}
}

// wellFormed checks that steps are what a plan consists of: file by file, first
// growth, then bytes ascending, a cut last, with all the old bytes that are lost.
// Anybody can write a journal.
func wellFormed(steps []Step) error {
	seen := map[string]bool{}
	for from := 0; from < len(steps); {
		name := steps[from].File
		if seen[name] {
			return unfit(steps, from, "the file comes twice")
		}
		seen[name] = true
		to := from + 1
		for to < len(steps) && steps[to].File == name {
			to++
		}
		if err := formOfFile(steps, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// formOfFile checks the steps of one file, which are [from, to) of all.
func formOfFile(steps []Step, from, to int) error {
	end := int64(0)                // of the bytes so far
	before := int64(math.MaxInt64) // size of the file; unknown unless it grows
	after := int64(math.MaxInt64)  // size that it gets
	for i, s := range steps[from:to] {
		i += from
		if s.Offset < 0 || s.SizeBefore < 0 || s.SizeAfter < 0 || s.Offset > math.MaxInt64-int64(len(s.New)) {
			return unfit(steps, i, "an offset or a size of 8 EiB or more")
		}
		switch {
		case s.SizeAfter > s.SizeBefore && i == from:
			before, after = s.SizeBefore, s.SizeAfter
			if s.Offset != before || len(s.Old)+len(s.New) > 0 {
				return unfit(steps, i, "growth from %d bytes on with bytes of its own", before)
			}
			continue
		case s.SizeAfter < s.SizeBefore && i == to-1 && before == math.MaxInt64:
			if s.Offset != s.SizeAfter || s.SizeAfter < end || len(s.New) > 0 {
				return unfit(steps, i, "a cut to %d bytes, below bytes that are written", s.SizeAfter)
			}
			if lost := s.SizeBefore - s.SizeAfter; int64(len(s.Old)) != lost {
				return unfit(steps, i, "a cut of %d bytes with %d old ones: expected all of them", lost, len(s.Old))
			}
			continue
		case s.Resizes():
			return unfit(steps, i, "a length of %d bytes out of order", s.SizeAfter)
		}
		if err := formOfWrite(steps, i, end, before, after); err != nil {
			return err
		}
		end = s.Offset + int64(len(s.New))
	}
	return nil
}

// formOfWrite checks a step that keeps the file's length. The bytes before it end at
// end; the file has the sizes before and after.
func formOfWrite(steps []Step, i int, end, before, after int64) error {
	s := steps[i]
	want := max(min(int64(len(s.New)), before-s.Offset), 0)
	switch {
	case len(s.New) == 0:
		return unfit(steps, i, "nothing to do")
	case s.SizeBefore != 0:
		return unfit(steps, i, "a length that stays")
	case s.Offset < end:
		return unfit(steps, i, "bytes out of order: those before it end at 0x%x", end)
	case s.Offset+int64(len(s.New)) > after:
		return unfit(steps, i, "bytes past the file's end at 0x%x", after)
	case int64(len(s.Old)) != want:
		return unfit(steps, i, "%d bytes over %d old ones: expected %d", len(s.New), len(s.Old), want)
	}
	return nil
}

// Allow has the journal followed in further files than the image's own. They must be
// those that the image itself names: a journal comes with an image, from anybody.
func (j *Journal) Allow(files ...string) { j.files = append(j.files, files...) }

// Fits checks that the journal concerns no file but the image's own and those allowed.
func (j *Journal) Fits() error {
	for i, s := range j.Steps {
		if s.File != j.Image && !slices.Contains(j.files, s.File) {
			return unfit(j.Steps, i, "the image does not name this file, and only its own files are recovered")
		}
	}
	return nil
}

// Preview stages in a change what rolling would make of the image's own file, for
// the side of a torn image from which it tells the names of its other files.
func (j *Journal) Preview(tx *Tx, forward bool) error {
	f, err := tx.OpenWrite(j.Image)
	if err != nil {
		return err
	}
	defer f.Close()
	t := target{File: f, name: j.Image}
	for _, s := range j.Steps {
		if s.File == j.Image {
			t.steps = append(t.steps, s)
		}
	}
	if forward {
		return t.carryOutAll()
	}
	return t.takeBackAll()
}
