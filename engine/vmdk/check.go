package vmdk

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Check examines the descriptor, the headers and all tables, and unpacks every
// compressed grain (vmdk.md 12). It never writes.
func (m *Image) Check(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := newChecker(ctx, m, yield)
		c.whole = true
		c.out.Repeat(m.src.Notes)
		c.headers()
		c.chain()
		c.contents()
		c.layers()
		c.finish()
	}
}

// examineHeaders runs the checks that scan no table.
func (m *Image) examineHeaders() []disk.Finding {
	var list []disk.Finding
	c := newChecker(context.Background(), m, func(f disk.Finding, _ error) bool {
		list = append(list, f)
		return true
	})
	c.out.Repeat(m.src.Notes)
	c.headers()
	c.secondSets()
	c.chain()
	c.out.Rest()
	return list
}

// checker hands out what is found. Once nobody listens, going is false and
// everything it is asked to report is dropped.
type checker struct {
	ctx     context.Context
	m       *Image
	out     disk.Reporter
	stopped bool
	failed  error  // the file could not be read: the check is not complete
	whole   bool   // the image's own check, which may look around in the folder
	errors  bool   // nothing but errors is wanted
	left    int    // with errors: how many table entries may still be looked at
	light   bool   // with errors: no grain is read
	leveled bool   // copies of a table that differ after a crash are no doubt
	kept    bool   // zeros that nothing names stay where they are: they may be a grain whose entry is lost
	doubt   string // the code of a finding with which the tables do not tell what is free; empty: none
}

func newChecker(ctx context.Context, m *Image, yield func(disk.Finding, error) bool) *checker {
	c := &checker{ctx: ctx, m: m}
	c.out = disk.NewReporter(func(f disk.Finding, err error) bool {
		c.stopped = !yield(f, err)
		return !c.stopped
	})
	return c
}

func (c *checker) going() bool {
	return !c.stopped && c.failed == nil && c.ctx.Err() == nil && !(c.errors && c.left <= 0)
}

// spend takes table entries off those that may still be looked at.
func (c *checker) spend(n int64) {
	if c.errors {
		c.left -= int(min(n, int64(c.left)))
	}
}

// lost reports that n bytes of the disk, from a place in the file on, can't be read.
func (c *checker) lost(n, from int64, code string, at decode.Place, format string, args ...any) {
	if f, ok := c.costing(n, disk.SeverityError, code, []decode.Place{at}, format, args...); ok {
		f.Needs = from + n
		c.out.Report(f)
	}
}

// found reports a finding; the code is the number of the check in vmdk.md 12.
func (c *checker) found(severity disk.Severity, code string, where []decode.Place, format string, args ...any) {
	if f, ok := c.finding(severity, code, where, format, args...); ok {
		c.out.Report(f)
	}
}

// finding makes one, unless nobody wants it. The code may have a condition, see [disk.Rule].
func (c *checker) finding(severity disk.Severity, conditioned string, where []decode.Place, format string, args ...any) (disk.Finding, bool) {
	return c.costing(0, severity, conditioned, where, format, args...)
}

// costing is finding where so many bytes of the disk can't be read because of it.
func (c *checker) costing(lost int64, severity disk.Severity, conditioned string, where []decode.Place, format string, args ...any) (disk.Finding, bool) {
	code := disk.BaseCode(conditioned)
	c.suspect(severity, code)
	if c.stopped || c.errors && severity < disk.SeverityError || c.out.FullLosing("vmdk/"+code, lost) {
		return disk.Finding{}, false
	}
	f := disk.Finding{Severity: severity, Where: where}
	can := !c.errors && c.repairable(code, f) && !(c.kept && code == "G12")
	unsure := c.errors || !c.whole && inFolder[code] // why there is no repair is not said
	f = rules.Finding("vmdk", conditioned, fmt.Sprintf(format, args...), can || unsure, where...)
	f.Severity, f.Repairable, f.Lost = severity, can, lost
	f.Fatal = severity == disk.SeverityError && c.m.refused != nil && touches(where, c.m.refused.At)
	return f, true
}

func (c *checker) error(code string, at decode.Place, format string, args ...any) {
	c.found(disk.SeverityError, code, []decode.Place{at}, format, args...)
}

func (c *checker) warn(code string, at decode.Place, format string, args ...any) {
	c.found(disk.SeverityWarning, code, []decode.Place{at}, format, args...)
}

func (c *checker) note(code string, at decode.Place, format string, args ...any) {
	c.found(disk.SeverityInfo, code, []decode.Place{at}, format, args...)
}

func touches(where []decode.Place, at decode.Place) bool {
	for _, p := range where {
		if p.File == at.File && p.Offset <= at.End() && at.Offset <= p.End() {
			return true
		}
	}
	return false
}

// finish tells what was left out and why the check ended.
func (c *checker) finish() {
	if c.stopped {
		return
	}
	c.out.Rest()
	if err := cmp.Or(c.failed, c.ctx.Err()); err != nil {
		c.out.Fail(err)
	}
}

// headers runs all checks of this layer that scan no table.
func (c *checker) headers() {
	m := c.m
	if m.text != nil && c.descriptor() {
		c.settings()
		c.geometry()
	}
	c.extents()
	for _, f := range m.files {
		s := f.sparse
		if s != nil && f.rebuilt != nil {
			c.rebuilt(s)
		}
		if s != nil && s.unmarked {
			c.magic(s, 0, "header")
		}
		if s != nil && s.footerUnmarked {
			c.magic(s, s.footer, "footer")
		}
		switch {
		case s == nil:
		case s.textMode.moved():
			c.textual(s)
		case s.kind == vmdk.KindCowd:
			c.cowdHeader(s)
		case s.kind == vmdk.KindSeSparse:
			c.seHeader(s)
		default:
			c.hostedHeader(s)
			c.streamTail(s)
		}
	}
}

// contents runs the checks of the tables, and what they lead to.
func (c *checker) contents() {
	for _, f := range c.m.files {
		if f.sparse != nil && f.sparse.grid != nil && c.going() {
			c.tables(f.sparse)
		}
	}
}

// joined gathers places for a finding.
func joined(places ...decode.Place) []decode.Place { return places }
