package store

// Reasoner is an ability of files that keep what a write is for beside its bytes.
type Reasoner interface {
	// WriteFor is WriteAt with a reason in a few words: "BAT entry of block 7".
	WriteFor(p []byte, off int64, why string) (int, error)
}

// WriteFor writes to a file and says what for, if the file wants to know.
func WriteFor(f File, p []byte, off int64, why string) (int, error) {
	if r, ok := f.(Reasoner); ok {
		return r.WriteFor(p, off, why)
	}
	return f.WriteAt(p, off)
}

// AllOrNothing reports whether what is written to the files of an FS becomes
// visible all at once or not at all, so that no order of writes matters.
func AllOrNothing(fs FS) bool {
	switch fs.(type) {
	case *Tx, together:
		return true
	}
	return false
}

// Together is an FS to which is written as to a change: nothing of it counts before all of
// it does.
func Together(fs FS) FS { return together{fs} }

type together struct{ FS }

// Because is an FS that gives a reason for all that is written to its files without one.
func Because(fs FS, why string) FS { return because{fs, why} }

type because struct {
	FS
	why string
}

// OpenWrite opens a file whose writes have the reason.
func (b because) OpenWrite(name string) (File, error) {
	f, err := b.FS.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	return reasoned{f, b.why}, nil
}

type reasoned struct {
	File
	why string
}

// WriteAt writes with the reason.
func (r reasoned) WriteAt(p []byte, off int64) (int, error) { return WriteFor(r.File, p, off, r.why) }
