package engine

import (
	"errors"
	"fmt"
	"strings"

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
	// CodeForeign: journals of other images lie in the folder.
	CodeForeign = "file/F5"
	// CodeMerging: a merge of the image did not come to its end.
	CodeMerging = "file/F10"
)

// unfinished tells what journals in an image's folder and locks on it say.
func unfinished(folder store.Opener, name string, id store.FileID) []disk.Finding {
	held := store.HeldBy(folder, name)
	found := store.FindJournals(folder, name, id)
	var list []disk.Finding
	if store.HasJob(folder, name) {
		list = append(list, merging(folder, name))
	}
	switch {
	case store.IsRunning(folder, name):
		list = append(list, running(name, "another platter is writing to this image now", "It is at work: what is read here may be half old and half new. Read the image again when it is done."))
	case store.HasJournal(folder, name):
		list = append(list, interrupted(name, "its journal "+store.JournalName(name)+" lies beside it", name))
	case errors.Is(held, store.ErrLocked):
		list = append(list, running(name, "another program has this image open for writing: QEMU, or one that locks files as QEMU does", "What it holds in memory is not in the file yet, and what is read here may be half old and half new. Nothing is written to the image meanwhile."))
	}
	var foreign []string
	for _, f := range found {
		switch {
		case f.Own:
			list = append(list, interrupted(name, fmt.Sprintf("its journal %s was written when the file was called %s, or for another name of it", f.Name, f.Image), name))
		case f.Part:
			list = append(list, interrupted(name, fmt.Sprintf("it is a part of %s, whose journal is %s", f.Image, f.Name), f.Image))
		default:
			foreign = append(foreign, f.Name)
		}
	}
	if len(foreign) > 0 {
		list = append(list, disk.Finding{Code: CodeForeign, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}},
			Text:   fmt.Sprintf("%s of other images %s in the folder: %s", decode.Plural(len(foreign), "journal", "journals"), lie(len(foreign)), strings.Join(foreign[:min(len(foreign), 3)], ", ")),
			Detail: "Each belongs to the image whose name it begins with. That image may be torn: platter recover tells."})
	}
	return list
}

// merging says that a merge of an image is not at its end.
func merging(folder store.Opener, name string) disk.Finding {
	how := "was interrupted"
	if errors.Is(store.HeldBy(folder, store.JobName(name)), store.ErrLocked) {
		how = "is under way"
	}
	return disk.Finding{
		Code:     CodeMerging,
		Severity: disk.SeverityWarning,
		Where:    []decode.Place{{File: name}},
		Text:     "a merge of this image into a layer below it " + how + ": " + store.JobName(name) + " lies beside it",
		Detail: "The layer below holds old and new content, but this image shows what it did, and so do those based on it. " +
			"Other programs may refuse a VMDK for the moment: its parent may have another CID than it expects. Write to none of them: the same command, platter merge " + name + ", comes to the end.",
	}
}

func lie(n int) string {
	if n == 1 {
		return "lies"
	}
	return "lie"
}

func running(name, text, detail string) disk.Finding {
	return disk.Finding{Code: CodeRunning, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}}, Text: text, Detail: detail}
}

// interrupted says that a write to a file did not come to its end; the image under whose
// name it is recovered may be another.
func interrupted(name, how, recover string) disk.Finding {
	return disk.Finding{
		Code:     CodeInterrupted,
		Severity: disk.SeverityWarning,
		Where:    []decode.Place{{File: name}},
		Text:     "an earlier write to this image was interrupted: " + how,
		Detail: "Some of the planned bytes may be written and others not; the journal beside the image knows, keep it there. " +
			"Nothing more is written while it is there: platter recover " + recover + " shows what is open; it puts the old bytes back or, where the journal holds them all, writes the new ones.",
	}
}
