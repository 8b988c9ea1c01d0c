package vmdk

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// extents are X1 to X7.
func (c *checker) extents() {
	for _, e := range c.m.extents {
		if e.line == nil {
			continue
		}
		if c.m.separate {
			c.extentFile(e)
		}
		if e.sparse != nil && e.sparse.grid != nil {
			c.extentSize(e)
		}
	}
	c.sharedFiles()
	c.mixture()
}

// magicOf is the kind of file that an extent type demands.
var magicOf = map[string]vmdk.Kind{
	vmdk.TypeSparse: vmdk.KindHosted, vmdk.TypeVmfsSparse: vmdk.KindCowd, vmdk.TypeSeSparse: vmdk.KindSeSparse,
}

func (c *checker) extentFile(e *extent) {
	x, at := e.line.Extent, c.m.linePlace(e.line)
	if why := outside(x.Name); why != "" {
		c.warn("X3", at, "the extent line names %s: %s", decode.InQuotes(x.Name), why)
	}
	switch {
	case x.Type == vmdk.TypeZero || isDevice(x.Name):
	case elsewhere(x) != "":
		c.warn("X8", at, "an extent of type %s can't be read: %s", x.Type, elsewhere(x))
	case e.absent != nil:
		c.error("X1", at, "the extent file %s can't be opened: %v", decode.InQuotes(x.Name), e.absent)
	case e.file == nil && e.fault != nil && e.line.Fault == "":
		c.error("X4", at, "%s", e.fault.What)
	case e.file == nil:
	case x.IsFlat() && (x.Offset > maxSectors-x.Sectors || e.base > e.file.Size-e.length):
		words := ""
		if s, ok := c.m.writing().Short(Extent{extent: e}); ok && s.Words != "" {
			words = ": " + s.Words
		}
		c.error("X2", at, "the extent needs %d sectors from sector %d on, the file %s has %d%s", x.Sectors, x.Offset, decode.InQuotes(e.file.Name), sectors(e.file.Size), words)
	case x.IsFlat():
		c.disguise(e)
	case x.IsSparse():
		c.extentMagic(e)
	}
}

func (c *checker) extentMagic(e *extent) {
	x := e.line.Extent
	switch want := magicOf[x.Type]; {
	case e.sparse == nil && e.fault != nil && e.fault.At.File != e.file.Name:
		c.error("X1", c.m.linePlace(e.line), "the extent file %s can't be read: %v", decode.InQuotes(x.Name), e.fault.Err)
	case e.sparse == nil:
		c.error("X6", c.m.linePlace(e.line), "the extent line says %s, but the file %s has no magic of a sparse extent", x.Type, decode.InQuotes(e.file.Name))
	case e.sparse.kind != want && !(e.sparse.kind == vmdk.KindUnfinished && want == vmdk.KindHosted):
		c.error("X6", c.m.linePlace(e.line), "the extent line says %s, but the file %s is a %s", x.Type, decode.InQuotes(e.file.Name), e.sparse.kind)
	}
}

// outside says why a name in the descriptor is not simply a file beside it.
func outside(name string) string {
	p := strings.ReplaceAll(name, `\`, "/")
	switch {
	case isDevice(name):
		return "a device"
	case strings.HasPrefix(p, "//"):
		return "another machine"
	case strings.HasPrefix(p, "/") || len(p) > 1 && p[1] == ':':
		return "an absolute path"
	case slices.Contains(strings.Split(p, "/"), ".."):
		return "a path that climbs out of a folder"
	}
	return ""
}

// extentSize is X5, or C5 for a COWD.
func (c *checker) extentSize(e *extent) {
	capacity, n := e.sparse.capacity(), uint64(sectors(e.length))
	at := c.m.linePlace(e.line)
	switch {
	case capacity == n:
	case e.sparse.kind == vmdk.KindCowd:
		c.warn("C5", at, "the header says %d sectors, the descriptor %d", capacity, n)
	case capacity < n:
		c.error("X5", at, "the header has %d sectors, the descriptor demands %d: the rest reads as zeros", capacity, n)
	default:
		c.note("X5", at, "the header has %d sectors, the descriptor uses %d of them", capacity, n)
	}
}

// sharedFiles is X4: lines that claim the same bytes of a file.
func (c *checker) sharedFiles() {
	var list []*extent
	for _, e := range c.m.extents {
		if e.file != nil && e.length > 0 && c.m.separate {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *extent) int {
		return cmp.Or(strings.Compare(a.file.Name, b.file.Name), cmp.Compare(a.base, b.base))
	})
	var last *extent
	for _, e := range list {
		if last != nil && last.file == e.file && (e.sparse != nil || last.sparse != nil || e.base < last.base+last.length) {
			c.found(disk.SeverityError, "X4", joined(c.m.linePlace(last.line), c.m.linePlace(e.line)), "two extent lines claim the same bytes of %s", decode.InQuotes(e.file.Name))
		}
		if last == nil || last.file != e.file || e.base+e.length > last.base+last.length {
			last = e
		}
	}
}

// mixture is X7.
func (c *checker) mixture() {
	var first *extent
	for _, e := range c.m.extents {
		if e.sparse == nil || e.sparse.grid == nil || e.line == nil {
			continue
		}
		if first == nil {
			first = e
			continue
		}
		a, b := first.sparse, e.sparse
		if a.kind == b.kind && (a.grid.grain != b.grid.grain || a.kind == vmdk.KindHosted && vmdk.HeaderVersion.Get(a.rules) != vmdk.HeaderVersion.Get(b.rules)) {
			c.note("X7", c.m.linePlace(e.line), "%s and %s differ in grain size or version", decode.InQuotes(path.Base(a.file.Name)), decode.InQuotes(path.Base(b.file.Name)))
			return
		}
	}
}

// chain is L1 to L5.
func (c *checker) chain() {
	m := c.m
	if m.text == nil {
		c.alone()
		return
	}
	if !m.link.wanted {
		return
	}
	at := m.settingPlace("parentFileNameHint")
	parent := m.link.found
	if m.link.forced != nil {
		c.error("L2", at, "%v; it is read all the same, as was asked for", m.link.forced)
	}
	if m.link.merges != nil {
		c.warn("L2:merge", at, "%v; it is read all the same: a merge that is not at its end gives the parent that CID", m.link.merges)
	}
	switch {
	case parent == nil && m.link.hint != "":
		c.error("L1", at, "the parent %s can't be opened: %v", decode.InQuotes(m.link.hint), m.link.err)
	case parent == nil:
	case m.link.err != nil && parent.refused == nil:
		c.error("L2", at, "%v", m.link.err)
	case m.link.parent != nil && m.link.err != nil:
		c.error("L7", at, "the parent %s is there, but can't be read: %v", decode.InQuotes(m.link.hint), parent.refused)
	case m.link.err != nil:
		c.error("L1", at, "%v", m.link.err)
	case m.orphan != nil:
		c.error("L1", at, "further down the chain a parent is missing: %v", m.orphan)
	case parent.size < m.size:
		c.warn("L3", at, "this disk has %d bytes, its parent %d: reads past the parent's end give zeros", m.size, parent.size)
	case parent.size > m.size:
		c.error("L3", at, "this disk has %d bytes, its parent %d", m.size, parent.size)
	}
	if parent != nil && m.link.err == nil {
		c.parentTime(parent)
		if c.whole {
			c.siblings(parent)
		}
	}
	for _, e := range m.extents {
		if e.line != nil && (e.line.Extent.IsFlat() || e.zero) {
			c.error("L5", m.linePlace(e.line), "a disk with a parent has an extent of type %s, which hides the parent", e.line.Extent.Type)
		}
	}
}

// changed is when the last of the image's files was changed; the zero time if
// that is not known.
func (m *Image) changed() time.Time {
	var last time.Time
	for _, f := range m.files {
		t, err := f.handle.ModTime()
		if err != nil || t.IsZero() {
			return time.Time{}
		}
		if t.After(last) {
			last = t
		}
	}
	return last
}

// copying is how far apart the times of files may be that were copied together.
const copying = 2 * time.Second

// parentTime is L4, as far as two files can tell.
func (c *checker) parentTime(parent *Image) {
	own, other := c.m.changed(), parent.changed()
	if own.IsZero() || other.IsZero() || !other.After(own.Add(copying)) {
		return
	}
	c.found(disk.SeverityWarning, "L4", joined(c.m.settingPlace("parentFileNameHint"), parent.main.place(0, 0)),
		"the parent %s was changed on %s, after this disk, whose last change was on %s", decode.InQuotes(parent.main.Name), other.UTC().Format(time.RFC3339), own.UTC().Format(time.RFC3339))
}
