package vmdk

import (
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
		c := &checker{ctx: ctx, m: m, yield: yield, count: map[string]int{}, whole: true}
		for _, f := range m.src.Notes {
			c.stopped = c.stopped || !c.yield(f, nil)
		}
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
	c := &checker{ctx: context.Background(), m: m, count: map[string]int{}, yield: func(f disk.Finding, err error) bool {
		list = append(list, f)
		return true
	}}
	for _, f := range m.src.Notes {
		c.yield(f, nil)
	}
	c.headers()
	c.chain()
	c.summarise()
	return list
}

// checker hands out what is found. Once nobody listens, going is false and
// everything it is asked to report is dropped.
type checker struct {
	ctx     context.Context
	m       *Image
	yield   func(disk.Finding, error) bool
	count   map[string]int
	order   []string
	stopped bool
	failed  error // the file could not be read: the check is not complete
	whole   bool  // the image's own check, which may look around in the folder
	errors  bool  // nothing but errors is wanted
	left    int   // with errors: how many table entries may still be looked at
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

// found reports a finding; the code is the number of the check in vmdk.md 12.
func (c *checker) found(severity disk.Severity, code string, where []decode.Place, format string, args ...any) {
	if c.stopped || c.errors && severity < disk.SeverityError {
		return
	}
	if c.count[code] == 0 {
		c.order = append(c.order, code)
	}
	if c.count[code]++; c.count[code] > disk.PerCode {
		return
	}
	f := disk.Finding{Code: "vmdk/" + code, Severity: severity, Where: where, Text: fmt.Sprintf(format, args...), Detail: checkDetails[code]}
	f.Fatal = severity == disk.SeverityError && c.m.refused != nil && touches(where, c.m.refused.At)
	if !c.errors {
		c.mended(code, &f)
	}
	c.stopped = !c.yield(f, nil)
}

// mended adds the repairs of a finding, or why there are none.
func (c *checker) mended(code string, f *disk.Finding) {
	f.Repairs = c.m.repairs(code, f, c.whole)
	f.Repairable = len(f.Repairs) > 0
	if why := unmended[code]; why != "" && len(f.Repairs) == 0 && (c.whole || folderRemedies[code] == nil) {
		f.Detail += " " + why
	}
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
	c.summarise()
	err := c.failed
	if err == nil {
		err = c.ctx.Err()
	}
	if err != nil && !c.stopped {
		c.yield(disk.Finding{}, err)
	}
}

func (c *checker) summarise() {
	for _, code := range c.order {
		if more := c.count[code] - disk.PerCode; more > 0 && !c.stopped {
			c.stopped = !c.yield(disk.Finding{
				Code: "vmdk/" + code, Severity: disk.SeverityInfo, Where: []decode.Place{c.m.main.place(0, 0)},
				Text: fmt.Sprintf("%d more findings of this kind are not listed", more), Detail: checkDetails[code],
			}, nil)
		}
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
		switch {
		case s == nil:
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
