package vhdx

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// judge is an image that is judged by what opening it has read.
type judge struct{ *Image }

// judge runs the checks that need no scan of the table, and refuses the
// virtual disk if one of them is fatal.
func (v judge) judge() {
	if !v.signed {
		has := "headers"
		if v.headers.current < 0 {
			has = "region tables"
		}
		v.add("1", []decode.Place{decode.At(v.place(0, 0), vhdx.IdentifierSignature)}, "the file does not start with %q, but has valid %s", vhdx.Signature, has)
	}
	v.judgeHeaders()
	v.judgeLog()
	v.judgeRegions()
	v.judgeMetadata()
	v.judgeParameters()
	v.judgeParent()
	v.release()
	for _, f := range v.findings {
		if f.Fatal && v.refused == nil {
			v.refused = v.refusal(f)
		}
	}
	if v.refused == nil && !v.sized {
		v.refused = disk.Errorf(disk.Damaged, v.place(0, 0), "the structures that place the blocks of the disk are not there")
	}
}

// refusal is the error that reading a refused disk gives.
func (v *Image) refusal(f disk.Finding) error {
	e := &disk.Error{Kind: disk.Damaged, Op: "read", What: f.Code + ": " + f.Text}
	if len(f.Where) > 0 {
		e.At = f.Where[0]
	}
	switch f.Code {
	case "vhdx/7", "vhdx/18", "vhdx/25":
		e.Kind = disk.Unsupported
	case "vhdx/34":
		e.Kind, e.What, e.Err = disk.BadChain, f.Code+": the chain of parents can't be followed", chainFault(v.parentErr)
	}
	return e
}

// chainFault is the innermost error that says what is wrong with a chain.
func chainFault(err error) error {
	var fault error
	for {
		var e *disk.Error
		if !errors.As(err, &e) {
			return fault
		}
		if e.Kind == disk.BadChain {
			fault = e
		}
		err = e.Err
	}
}

func (v judge) judgeHeaders() {
	h := &v.headers
	places := []decode.Place{v.place(vhdx.HeaderOffset(0), vhdx.HeaderSize), v.place(vhdx.HeaderOffset(1), vhdx.HeaderSize)}
	switch {
	case h.current < 0:
		v.add("4", places, "neither header is valid: %s; %s", h.copies[0].why, h.copies[1].why)
		return
	case h.tied && h.identical():
		v.addAs(v.quirk("d2v", warning), "5", places, "both headers have the sequence number %d and the same content", h.copies[0].sequence())
	case h.tied:
		f := v.finding("5", fmt.Sprintf("both headers have the sequence number %d, but different content: nobody can tell which one is current", h.copies[0].sequence()), places...)
		f.Severity, f.Fatal = severe, true
		v.keep(f)
	}
	for i, c := range h.copies {
		if !c.valid {
			v.add("3", places[i:i+1], "header %d is not valid: %s", i+1, c.why)
		}
	}
	v.judgeAgreement(places)
	v.judgeCurrent(places[h.current])
}

// quirk is the severity of what a producer is known to do: a note in its own
// images, s in others. The producer is the start of the creator's name; mkimg
// gives none.
func (v *Image) quirk(creator string, s disk.Severity) disk.Severity {
	name := vhdx.IdentifierCreator.Get(v.identifier)
	if name == creator || creator != "" && strings.HasPrefix(name, creator) {
		return info
	}
	return s
}

// judgeAgreement compares two valid headers.
func (v judge) judgeAgreement(places []decode.Place) {
	a, b := v.headers.copies[0], v.headers.copies[1]
	if !a.valid || !b.valid || v.headers.tied {
		return
	}
	switch {
	case vhdx.HeaderLogOffset.Get(a.rec) != vhdx.HeaderLogOffset.Get(b.rec) || vhdx.HeaderLogLength.Get(a.rec) != vhdx.HeaderLogLength.Get(b.rec):
		v.add("8", places, "the headers place the log differently")
	case vhdx.HeaderDataGUID.Get(a.rec) != vhdx.HeaderDataGUID.Get(b.rec):
		v.add("8", places, "the headers have different DataWriteGuids")
	}
}

func (v judge) judgeCurrent(at decode.Place) {
	h, _ := v.headers.ruling()
	field := func(f *decode.Field) []decode.Place {
		return []decode.Place{at.Sub(int64(f.Offset()), int64(f.Size()))}
	}
	if version := vhdx.HeaderVersion.Get(h); version != 1 {
		v.add("7", field(vhdx.HeaderVersion.Field()), "Version is %d, expected 1", version)
	}
	for _, g := range []decode.GUID[vhdx.Header]{vhdx.HeaderFileGUID, vhdx.HeaderDataGUID} {
		if g.Get(h) == (uuid.UUID{}) {
			v.addAs(v.quirk("", warning), "53", field(g.Field()), "%s is null", g.Field().Name())
		}
	}
	if n := vhdx.HeaderSequence.Get(h); n > math.MaxUint64-1<<16 {
		v.add("54", field(vhdx.HeaderSequence.Field()), "SequenceNumber is 0x%x, close to the last one", n)
	}
	if !isZero(vhdx.HeaderReserved.Get(h)) {
		v.addAs(warning, "6", field(vhdx.HeaderReserved.Field()), "reserved bytes of the current header are not zero")
	}
}

// CodeDirty is the code of the finding that the log has to be replayed.
const CodeDirty = "vhdx/10"

// judgeLog reports what has to be replayed, or why it can't be. The state
// before the replay can be looked at all the same.
func (v judge) judgeLog() {
	r := &v.log
	if v.headers.current < 0 {
		return
	}
	header := decode.At(v.place(vhdx.HeaderOffset(v.headers.current), 0), vhdx.HeaderLogGUID, vhdx.HeaderLogOffset)
	where := []decode.Place{header}
	if r.length > 0 {
		where = append(where, v.place(r.off, r.length))
	}
	switch {
	case r.fault != "" && v.steps == 0 && r.code != "9":
	case r.fault != "":
		v.add(r.code, where, "%s", r.fault)
	case len(v.active) > 0 && v.steps < 0:
		v.add("10", where, "the image was not closed cleanly: %s", v.replayWords())
	}
}

func (v *Image) replayWords() string {
	text := fmt.Sprintf("%d of the log's entries were replayed in memory", len(v.active))
	if len(v.active) == 1 {
		text = "one entry of the log was replayed in memory"
	}
	if v.data.grown > v.data.size {
		text += fmt.Sprintf(", which makes the file %d bytes longer", v.data.grown-v.data.size)
	}
	return text
}
