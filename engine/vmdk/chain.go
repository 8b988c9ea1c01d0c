package vmdk

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
)

// noParent is the parentCID of a disk that has none.
const noParent = 0xFFFFFFFF

// link is what a child says about its parent, and what was found.
type link struct {
	alone  bool   // there is no descriptor that would name one
	wanted bool   // the descriptor names a parent
	hint   string // its path, decoded
	cid    uint32 // parentCID
	parent *Image // nil if it is missing or does not fit
	found  *Image // the image that the hint leads to, even if it does not fit
	err    error  // why there is no parent
	forced error  // why the parent is another one, where it is taken all the same
	merges error  // why it seems to be another one, while a merge is not at its end
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
func (m *Image) openParent(ctx context.Context) {
	m.stack = layer.New(own{m}, m.main.Name, m.size)
	if m.text == nil {
		m.alone()
		return
	}
	value, _ := m.text.Get("parentCID")
	cid, ok := parseCID(value)
	if !ok || cid == noParent {
		return
	}
	hint, _ := m.text.Get("parentFileNameHint")
	m.link = link{wanted: true, cid: cid, hint: m.decoded(hint)}
	if m.link.err = m.findParent(ctx, hint); m.link.err != nil {
		if m.orphan = m.link.err; m.unreadable() {
			m.link.parent = m.link.found // it is in the chain, and so are those below it
		}
		return
	}
	m.link.parent = m.link.found
	m.quick = m.quickGrid()
	m.orphan = m.link.parent.orphan
}

// unreadable reports whether the parent is the one that is wanted, but can't be read.
func (m *Image) unreadable() bool {
	if m.link.found == nil || m.link.found.refused == nil {
		return false
	}
	cid, ok := m.link.found.cid()
	return ok && cid == m.link.cid
}

// alone is for an extent that was opened by itself. A redo log belongs to a parent,
// and so may an extent without a descriptor, or one that is lost: what it does not store
// is not known to be zeros. A stream is a whole disk.
func (m *Image) alone() {
	s := m.main.sparse
	if s == nil || s.isHosted() && s.isStream() && !s.textLost {
		return
	}
	m.link.wanted, m.link.alone = true, true
	m.link.err = disk.Errorf(disk.NotFound, m.main.place(0, 0), "only the descriptor says where the data of the disk is that this %s does not store: open the disk by that", s.kind)
	m.orphan = m.link.err
}

// quickGrid is the grid that answers for the whole disk, if there is one that
// can answer quickly.
func (m *Image) quickGrid() *grid {
	if len(m.extents) != 1 {
		return nil
	}
	e := m.extents[0]
	if e.fault != nil || e.sparse == nil || e.sparse.reads == nil || !e.sparse.reads.quick || e.sparse.reads.capacity < m.size {
		return nil
	}
	return e.sparse.reads
}

// findParent looks for the parent where VMware does, and says why it can't be
// used.
func (m *Image) findParent(ctx context.Context, hint string) error {
	if m.src.Opener == nil {
		return disk.Errorf(disk.NotFound, m.textAt, "there is no way to open the parent")
	}
	s := layer.Search{Opener: m.src.Opener, Format: "vmdk", Fits: func(img disk.Image, _ string) error {
		if _, ok := img.(*Image); !ok {
			return disk.Errorf(disk.Unsupported, m.textAt, "the parent is no VMDK")
		}
		return nil
	}}
	if hint != "" {
		s.Names = m.parentNames(hint)
	}
	img, tries, err := layer.FindParent(ctx, s)
	m.link.tries = tries
	var failure *layer.Failure
	switch {
	case hint == "" && err == layer.ErrNoName:
		return disk.Errorf(disk.NotFound, m.textAt, "the descriptor has a parentCID but does not name the parent")
	case errors.As(err, &failure):
		return failure.Err // the hint is told beside it
	case err != nil:
		return err
	}
	m.link.found = img.(*Image)
	if err := m.fits(m.link.found); err != nil {
		cid, _ := m.link.found.cid()
		switch {
		case m.link.found.refused != nil:
			return err
		case layer.Passing(m.src.Opener, contentID(cid), contentID(m.link.cid)):
			m.link.merges = err
		case layer.Forced(m.src.Opener):
			m.link.forced = err
		default:
			return err
		}
	}
	return m.stack.Over(img, &m.link.found.stack)
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
	case !ok || cid != m.link.cid:
		return disk.Errorf(disk.Damaged, decode.Place{File: parent.main.Name}, "the parent's CID is %08x, the child wants %08x: the parent was written to after the child was made", cid, m.link.cid)
	}
	return nil
}

// contentID is a CID as descriptors have it.
func contentID(cid uint32) string { return fmt.Sprintf("%08x", cid) }

func hex(v int64) string { return "0x" + strconv.FormatUint(uint64(v), 16) }

// spellOut is a parent's identity for the overview.
func (l *link) spellOut() string {
	if l.alone {
		return "not known: only the descriptor names it"
	}
	if l.hint == "" {
		return "not named, CID " + strconv.FormatUint(uint64(l.cid), 16)
	}
	return l.hint
}

// sectors is a number of bytes in whole sectors.
func sectors(bytes int64) int64 { return bytes / vmdk.SectorSize }
