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
