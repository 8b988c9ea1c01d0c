package vmdk

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// noParent is the parentCID of a disk that has none.
const noParent = 0xFFFFFFFF

// maxLayers bounds a chain, this image included, as the opener does too.
const maxLayers = 257

// link is what a child says about its parent, and what was found.
type link struct {
	wanted bool   // the descriptor names a parent
	hint   string // its path, decoded
	cid    uint32 // parentCID
	parent *Image // nil if it is missing or does not fit
	found  *Image // the image that the hint leads to, even if it does not fit
	err    error  // why there is no parent
	tries  disk.Tries
}

// parseCID reads a content ID: one to eight hex digits.
func parseCID(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 16, 32)
	return uint32(v), err == nil && len(s) <= 8
}

// cid is the image's own content ID.
func (m *Image) cid() (uint32, bool) {
	if m.text == nil {
		return 0, false
	}
	s, _ := m.text.Get("CID")
	return parseCID(s)
}

// openParent opens the next layer of a chain and fits it below this one
// (vmdk.md 9).
func (m *Image) openParent() {
	m.layers = []*Image{m}
	if m.text == nil {
		return
	}
	value, _ := m.text.Get("parentCID")
	cid, ok := parseCID(value)
	if !ok || cid == noParent {
		return
	}
	hint, _ := m.text.Get("parentFileNameHint")
	m.link = link{wanted: true, cid: cid, hint: m.decoded(hint)}
	m.link.err = m.findParent(hint)
	if m.link.err != nil {
		m.orphan = m.link.err
		return
	}
	m.link.parent = m.link.found
	m.quick = m.quickGrid()
	m.layers = append(m.layers, m.link.parent.layers...)
	m.orphan = m.link.parent.orphan
}

// quickGrid is the grid that answers for the whole disk, if there is one that
// can answer quickly.
func (m *Image) quickGrid() *grid {
	if len(m.extents) != 1 {
		return nil
	}
	e := m.extents[0]
	if e.fault != nil || e.sparse == nil || !e.sparse.grid.quick || e.sparse.grid.capacity < m.size {
		return nil
	}
	return e.sparse.grid
}

// findParent looks for the parent where VMware does, and says why it can't be
// used.
func (m *Image) findParent(hint string) error {
	if m.src.Opener == nil {
		return disk.Errorf(disk.NotFound, m.textAt, "there is no way to open the parent")
	}
	if hint == "" {
		return m.findUnnamed()
	}
	var first error
	for _, name := range m.parentNames(hint) {
		err := m.tryParent(name)
		m.link.tries.Add(name, err)
		if err != nil {
			// What a rule of the chain forbids is not to be sought elsewhere.
			if errors.Is(err, disk.ErrChain) {
				return err
			}
			if first == nil {
				first = err
			}
			continue
		}
		return m.fits(m.link.found)
	}
	return first
}

// findUnnamed asks for the parent without a name: the user may have said which
// file it is, and that counts whatever the descriptor says.
func (m *Image) findUnnamed() error {
	switch err := m.tryParent(""); {
	case errors.Is(err, store.ErrBadName):
		return disk.Errorf(disk.NotFound, m.textAt, "the descriptor has a parentCID but does not name the parent")
	case err != nil:
		return err
	}
	return m.fits(m.link.found)
}

// tryParent opens the image of a name as the parent, whether it fits or not.
func (m *Image) tryParent(name string) error {
	img, err := m.src.Opener.OpenParent(name, "vmdk")
	if err != nil {
		return err
	}
	parent, ok := img.(*Image)
	if !ok {
		img.Close()
		return disk.Errorf(disk.Unsupported, m.textAt, "the parent is no VMDK")
	}
	m.link.found = parent
	return nil
}

// parentNames are the places to look: as the hint says, beside the child, and
// in the folder that the hint names last.
func (m *Image) parentNames(hint string) []string {
	var names []string
	for _, spelling := range m.spellings(hint) {
		p := strings.ReplaceAll(spelling, `\`, "/")
		base := path.Base(p)
		for _, name := range []string{spelling, base, path.Join(path.Base(path.Dir(p)), base)} {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// fits compares the parent with what the child remembers of it.
func (m *Image) fits(parent *Image) error {
	cid, ok := parent.cid()
	switch {
	case parent.refused != nil:
		return &disk.Error{Kind: disk.Damaged, At: decode.Place{File: parent.main.Name}, What: "the parent can't be read", Err: parent.refused}
	case len(parent.layers) >= maxLayers:
		return disk.Errorf(disk.BadChain, decode.Place{File: parent.main.Name}, "chain of more than %d images", maxLayers-1)
	case !ok || cid != m.link.cid:
		return disk.Errorf(disk.Damaged, decode.Place{File: parent.main.Name}, "the parent's CID is %08x, the child wants %08x: the parent was written to after the child was made", cid, m.link.cid)
	}
	return nil
}

// shareBudget gives every sparse file of every layer its part of the memory
// for tables.
func (m *Image) shareBudget() {
	var list []*file
	for _, l := range m.layers {
		for _, f := range l.files {
			if f.sparse != nil {
				list = append(list, f)
			}
		}
	}
	n := int64(max(1, len(list)))
	for _, f := range list {
		f.share(max(tableBudget/n, min(fewChunks<<chunkBits, 4*tableBudget/n)))
	}
}

// quickBytes is the largest range that is looked up grain by grain where that
// is faster than finding out how far an answer goes.
const quickBytes = 64 << 10

// walk goes through the layers of a chain from one end of a range to the
// other. A layer that was found to have nothing up to some byte is not asked
// again before that.
type walk struct {
	layers []*Image
	ends   [maxLayers]int64
}

// next finds the layer that answers for the byte at pos, and how far the
// answer goes, at most to end.
func (w *walk) next(pos, end int64, r *run) (int, error) {
	last := len(w.layers) - 1
	for layer := 0; ; layer++ {
		m := w.layers[layer]
		if w.ends[layer] > pos {
			end = min(end, w.ends[layer])
			continue
		}
		if pos >= m.size {
			// A child may be larger than its parent.
			*r = run{length: end - pos, state: disk.Unallocated, offset: -1}
			return layer, nil
		}
		end = min(end, m.size)
		length := int64(0)
		if m.quick != nil && end-pos <= quickBytes && layer < last {
			length = m.quick.absent(pos, end-pos)
		}
		if length == 0 {
			if err := m.own(pos, end-pos, r); err != nil || r.state != disk.FromParent {
				return layer, err
			}
			length = r.length
		}
		if layer == last {
			if !m.link.wanted {
				r.state = disk.Unallocated
			}
			return layer, nil
		}
		end = pos + length
		w.ends[layer] = end
	}
}

// own tells what this layer alone has for [pos, pos+n).
func (m *Image) own(pos, n int64, r *run) error {
	e := m.extents[0]
	if len(m.extents) > 1 {
		e = m.extents[m.extentAt(pos)]
	}
	return e.run(pos-e.start, n, r)
}

func hex(v int64) string { return "0x" + strconv.FormatUint(uint64(v), 16) }

// spellOut is a parent's identity for the overview.
func (l *link) spellOut() string {
	if l.hint == "" {
		return "not named, CID " + strconv.FormatUint(uint64(l.cid), 16)
	}
	return l.hint
}

// sectors is a number of bytes in whole sectors.
func sectors(bytes int64) int64 { return bytes / vmdk.SectorSize }
