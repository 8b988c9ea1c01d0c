package disk

import (
	"context"
	"iter"

	"platter/decode"
)

// Logged is an ability of images with a write-ahead log. An image whose log
// has to be replayed shows itself as after the replay, which happens in memory.
type Logged interface {
	// Log reads the whole log, also what is not to be replayed.
	Log(ctx context.Context) (Log, error)

	// AtStep is the image as it is when the first n entries of the log have
	// been replayed: 0 is the file as it is on disk, Log.Steps the state after
	// replay. Its file is shown as it is then, too. It must be closed before
	// the image that it was asked of.
	AtStep(ctx context.Context, n int) (Image, error)
}

// Log is what an image's log holds.
type Log struct {
	Place   decode.Place // the ring; Length 0 if the image has none
	GUID    string       // the session whose entries count; the null GUID if none do
	Dirty   bool         // the image was not closed cleanly: entries count
	Steps   int          // entries to be replayed
	At      int          // entries that are replayed in this image: fewer than Steps in one of [Logged.AtStep]
	Refused error        // why the log can't be replayed; nil if it can or need not
	Entries []LogEntry   // in the order of their places
	Omitted int          // entries that are not in Entries, since there are too many
}

// LogEntry is one entry of a log, whether it counts or not.
type LogEntry struct {
	Place    decode.Place // up to the end of the ring: Length may be less than the entry's
	Offset   int64        // from the start of the log, in bytes
	Length   int64        // bytes; it may wrap around the end of the ring
	Sequence uint64
	Tail     int64 // offset in the log of the oldest entry still needed
	GUID     string
	Flushed  uint64 // size of the file, in bytes, known to be durable
	Last     uint64 // size of the file, in bytes, after replay
	Step     int    // place in the replay, from 1; 0: not replayed
	Stale    bool   // written by an earlier session
	Torn     bool   // not whole
	Why      string // why it is not replayed
	Count    int64  // descriptors

	// Descriptors reads the entry's descriptors; those of a torn entry as far
	// as they make sense.
	Descriptors iter.Seq2[LogDescriptor, error]

	// Verify reads the entry again and tells rule by rule whether it is whole.
	Verify func(ctx context.Context) ([]LogRule, error)
}

// LogRule is something that has to hold for a log entry to be whole.
type LogRule struct {
	Name  string // "checksum"
	Words string // what was found; not escaped
	Holds bool
	Place decode.Place // the bytes that it is about
}

// Active reports whether the entry is to be replayed.
func (e LogEntry) Active() bool { return e.Step > 0 }

// LogDescriptor is one change that a log entry makes.
type LogDescriptor struct {
	Kind   string       // "zero": Target is filled with zeros; "data": it is replaced
	Place  decode.Place // the descriptor
	Target decode.Place // what changes in the image's file
	Sector decode.Place // the data sector that holds the new bytes; Length 0 for none

	// Page reads the new bytes of the target; nil for zeros.
	Page func() ([]byte, error)
}
