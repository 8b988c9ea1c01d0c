package writer

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// moveLog gives the image a log at a place where it can be (9): the one with
// the entries that are to be replayed if it is found, else a new one.
func (v *image) moveLog(disk.Finding) []disk.Repair {
	var list []disk.Repair
	if v.Dirty && v.Log.Length == 0 {
		list = v.pointToLog()
	}
	risk := "the place that the headers give the log is given up"
	if v.Lost {
		risk = "what the log held is lost: tables may be half written"
	}
	return append(list, disk.Repair{Title: "give the image a new, empty log", Risk: v.longer(risk, roundUp(v.Grown)+vhdx.MiB), Apply: v.newLog})
}

// pointToLog is for a log that is found elsewhere.
func (v *image) pointToLog() []disk.Repair {
	for _, l := range v.LikelyLogs() {
		if l.GUID = v.Log.GUID; v.HasEntries(l) {
			return v.one(fix{title: fmt.Sprintf("the log is at 0x%x: say so in the headers", l.Off), risk: "that it is this log is a guess, by its LogGuid",
				header: func(h decode.Record[vhdx.Header]) { placeLog(h, l.Off, l.Length) }})
		}
	}
	return nil
}

func placeLog(h decode.Record[vhdx.Header], off, length int64) {
	vhdx.HeaderLogOffset.Put(h, uint64(off))
	vhdx.HeaderLogLength.Put(h, uint32(length))
}

// newLog replays what can be replayed and gives the image an empty log.
func (v *image) newLog(ctx context.Context, to store.FS) error {
	at := func(off int64) disk.Step {
		return v.updateHeaders(v.Current, false, func(h decode.Record[vhdx.Header]) {
			placeLog(h, off, vhdx.MiB)
			closed(h)
		})
	}
	free, err := v.Unclaimed(ctx, vhdx.MiB, vhdx.MiB)
	switch {
	case err != nil:
		return err
	case free:
		return disk.Steps(v.replay, at(vhdx.MiB))(ctx, to)
	}
	return disk.Steps(v.replay, v.inFreshRoom(vhdx.MiB, at))(ctx, to)
}

// closed makes a header say that the log is empty.
func closed(h decode.Record[vhdx.Header]) { vhdx.HeaderLogGUID.Put(h, uuid.UUID{}) }

// replayInFile writes what the log holds to its places (10).
func (v *image) replayInFile(disk.Finding) []disk.Repair {
	return v.one(fix{title: "replay the log in the file", risk: v.longer("", roundUp(v.Grown)), header: closed, body: v.replay})
}

// replay makes the file what it is with the log replayed.
func (v *image) replay(ctx context.Context, to store.FS) error {
	if v.Grown > v.Size {
		return disk.Steps(v.resize(roundUp(v.Grown)), v.writeLogged)(ctx, to)
	}
	return v.writeLogged(ctx, to)
}

// writeLogged writes what the log holds to its places in a file that is long
// enough.
func (v *image) writeLogged(ctx context.Context, to store.FS) error {
	return v.Replay(ctx, func(off, end int64, b []byte) error {
		if b == nil {
			return disk.Clear(v.place(off, end-off))(ctx, to)
		}
		return v.put(off, b)(ctx, to)
	})
}

// giveUpLog forgets a log that can't be replayed (11), if the tables are whole
// without it.
func (v *image) giveUpLog(disk.Finding) []disk.Repair {
	return v.one(fix{title: "give up what the log holds", risk: "the last changes of the tables are lost; it is done only if the tables are whole without them", reads: true, header: closed,
		body: func(ctx context.Context, _ store.FS) error { return v.TablesWhole(ctx) }})
}

// lengthen gives a file that was cut off its length back (12), replays the log
// and marks the blocks that were after the cut.
func (v *image) lengthen(disk.Finding) []disk.Repair {
	return []disk.Repair{{
		Title: "lengthen the file with zeros, replay the log and mark the lost blocks as undefined",
		Risk:  v.longer("what was past the end of the file stays lost; find an uncut copy first", int64(min(v.Log.Needs, math.MaxInt64))),
		Apply: func(ctx context.Context, to store.FS) error {
			parts, err := v.Lengthened(ctx)
			if err != nil {
				return err
			}
			after := &image{parts}
			size := max(roundUp(int64(v.Log.Needs)), roundUp(after.Grown))
			return disk.Steps(after.resize(size), after.writeLogged, after.markLost(v.Size), after.updateHeaders(after.Current, true, closed))(ctx, to)
		},
	}}
}

// markLost marks the blocks that lie past the end of the file as undefined.
func (v *image) markLost(end int64) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		for index, err := range v.Owners(ctx, end) {
			if err != nil {
				return err
			}
			if err := v.changeEntryAt(index, func(uint64) uint64 { return vhdx.Undefined })(ctx, to); err != nil {
				return err
			}
		}
		return nil
	}
}
