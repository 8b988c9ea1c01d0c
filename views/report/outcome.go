package report

import (
	"platter/decode"
	"platter/engine/disk"
)

// Outcome is what the reports of all verbs that write have in common.
type Outcome struct {
	Done   bool
	DryRun bool
	Error  string // why not all was done; empty if it was

	Interrupted bool // a signal has stopped it
	Warnings    []disk.Finding
	Refused     Refusal
	Identity    []Identity
	Files       []FileChange
	Plan        []Planned
}

// Refusal says why a verb has left everything as it was.
type Refusal struct {
	Reason   disk.Reason // empty: it has not refused
	Message  string
	Where    []decode.Place
	Override string // the flag that makes it happen all the same; empty for none
}

// Identity is an identity that has changed, or would.
type Identity struct {
	File string
	Kind string // in the format's words: "CID"
	Old  string // empty: there was none
	New  string // empty: it is not known before it is made
}

// FileChange is what became of a file. Sizes are in bytes.
type FileChange struct {
	Path          string
	Before, After int64 // -1: there is no such file; both: nobody knows
}

// Planned is a range of a file that is written, and what for.
type Planned struct {
	File           string
	Offset, Length int64
	What           string
}

// outcome writes what the documents of all verbs that write begin with.
func (d *document) outcome(o Outcome) {
	d.bool("done", o.Done)
	d.bool("dry_run", o.DryRun)
	d.words("error", orElse(o.Error, o.Refused.Message))
	d.bool("interrupted", o.Interrupted)
	d.list("warnings")
	for _, w := range o.Warnings {
		d.item()
		d.words("code", w.Code)
		d.text("message", w.Text)
		d.located("where", w.Where)
		d.close()
	}
	d.close()
	d.refusal(o.Refused)
	d.list("identity")
	for _, i := range o.Identity {
		d.item()
		d.text("file", i.File)
		d.text("kind", i.Kind)
		d.words("old", i.Old)
		d.words("new", i.New)
		d.close()
	}
	d.close()
	d.list("files")
	for _, f := range o.Files {
		d.item()
		d.text("path", f.Path)
		d.size("size_before", f.Before)
		d.size("size_after", f.After)
		d.bool("created", f.Before < 0 && f.After >= 0)
		d.bool("deleted", f.After < 0 && f.Before >= 0)
		d.close()
	}
	d.close()
	d.planned(o.Plan)
}

// refusal writes why nothing was done; null if something was.
func (d *document) refusal(r Refusal) {
	if r.Reason == "" {
		d.null("refused")
		return
	}
	d.object("refused")
	d.text("reason", string(r.Reason))
	d.text("message", r.Message)
	d.located("where", r.Where)
	d.words("override", r.Override)
	d.close()
}

// planned lists what would be written; null where nothing is only planned.
func (d *document) planned(list []Planned) {
	if list == nil {
		d.null("plan")
		return
	}
	d.list("plan")
	for _, p := range list {
		d.item()
		d.text("file", p.File)
		d.number("offset", p.Offset)
		d.number("length", p.Length)
		d.text("what", p.What)
		d.close()
	}
	d.close()
}

// size writes a size that below 0 stands for the absence of.
func (d *document) size(name string, n int64) {
	if n < 0 {
		d.null(name)
		return
	}
	d.number(name, n)
}

// located lists places with the files that they are in.
func (d *document) located(name string, list []decode.Place) {
	d.list(name)
	for _, at := range list {
		d.item()
		d.place(at)
		d.close()
	}
	d.close()
}
