package engine

import (
	"errors"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// The codes of the findings about writes to the image's file that are not at their end.
const (
	// CodeInterrupted: a commit to the image did not come to its end.
	CodeInterrupted = "file/F2"
	// CodeRunning: another program is writing to the image, or may at any time.
	CodeRunning = "file/F4"
)

// unfinished tells what a journal beside an image and locks on it say.
func unfinished(folder store.Opener, name string) []disk.Finding {
	held := store.HeldBy(folder, name)
	switch {
	case store.IsRunning(folder, name):
		return []disk.Finding{running(name, "another platter is writing to this image now", "It is at work: what is read here may be half old and half new. Read the image again when it is done.")}
	case store.HasJournal(folder, name):
		return []disk.Finding{interrupted(name)}
	case errors.Is(held, store.ErrLocked):
		return []disk.Finding{running(name, "another program has this image open for writing: QEMU, or one that locks files as QEMU does", "What it holds in memory is not in the file yet, and what is read here may be half old and half new. Nothing is written to the image meanwhile.")}
	}
	return nil
}

func running(name, text, detail string) disk.Finding {
	return disk.Finding{Code: CodeRunning, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}}, Text: text, Detail: detail}
}

func interrupted(name string) disk.Finding {
	journal := store.JournalName(name)
	return disk.Finding{
		Code:     CodeInterrupted,
		Severity: disk.SeverityWarning,
		Where:    []decode.Place{{File: name}},
		Text:     fmt.Sprintf("an earlier write to this image was interrupted: its journal %s lies beside it", journal),
		Detail:   "Some of the planned bytes may be written and others not. The journal holds the old and the new ones; keep it with the image. Nothing more is written while it is there: platter recover puts the old bytes back (--back) or writes all new ones (--forward).",
	}
}
