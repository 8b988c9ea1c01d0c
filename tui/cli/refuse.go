package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/views/report"
)

// overrides are the flags by which a refusal is passed over.
var overrides = map[disk.Reason]string{
	disk.RefusedExists:   "--force",
	disk.RefusedChildren: "--force",
	disk.RefusedSiblings: "--force",
	disk.RefusedSpace:    "--force",
	disk.RefusedLoss:     "--discard",
	disk.RefusedDirty:    "--replay",
}

// refusalOf is the refusal that an error is; one without a reason if it is none.
func refusalOf(err error) report.Refusal {
	r := report.Refusal{Message: oneLine(err)}
	var refused *disk.Refusal
	var e *disk.Error
	switch {
	case errors.As(err, &refused):
		r.Reason, r.Where = refused.Reason, refused.Where
	case errors.Is(err, fs.ErrExist):
		r.Reason = disk.RefusedExists
	case errors.Is(err, store.ErrUnfit), errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrTorn):
		r.Reason = disk.RefusedUntrusted
	case errors.Is(err, store.ErrChanged):
		r.Reason = disk.RefusedChanged
	case errors.Is(err, store.ErrLocked):
		r.Reason = disk.RefusedLocked
	case errors.Is(err, disk.ErrLimit):
		r.Reason = disk.RefusedLimit
	case errors.Is(err, disk.ErrChain):
		r.Reason = disk.RefusedLink
	}
	if r.Where == nil && errors.As(err, &e) && e.At.File != "" {
		r.Where = append(r.Where, e.At)
	}
	if r.Override = overrides[r.Reason]; refused != nil && r.Reason == disk.RefusedChanged {
		r.Override = "--force" // else the bytes themselves are others
	}
	return r
}

// replaying are the verbs that replay a log themselves, with --replay.
var replaying = []string{"write", "resize", "compact", "explain"}

// refuse words a refusal to change the image at a path as a document where one is asked
// for, and else tells which flag passes it over.
func (a *app) refuse(verb, path string, err error, dryRun bool) error {
	if err == nil {
		return nil
	}
	r := refusalOf(err)
	if r.Where == nil {
		r.Where = []decode.Place{{File: path}}
	}
	if r.Reason == disk.RefusedDirty && !slices.Contains(replaying, verb) {
		r.Override = ""
		err = fmt.Errorf("%w: platter repair replays it", err)
		r.Message = oneLine(err)
	}
	if a.json && r.Reason != "" {
		return errors.Join(err, report.Refused(a.out, verb, r, dryRun))
	}
	if r.Override != "" {
		return fmt.Errorf("%w (%s does it all the same)", err, r.Override)
	}
	return err
}

// warnings prints warnings, unless they are in the document.
func (a *app) warnings(list []disk.Finding) {
	for _, w := range list {
		if !a.json {
			fmt.Fprintln(a.errs, "platter: warning: "+oneLine(errors.New(w.Text)))
		}
	}
}
