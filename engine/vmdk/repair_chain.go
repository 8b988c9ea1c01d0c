package vmdk

import (
	"fmt"
	"path"
	"strings"

	"platter/engine/disk"
)

const strange = "if that is not the disk that this one was made from, the content is a mixture of both, and nothing will say so"

// acceptParent takes the CID of the parent that was found for the one wanted,
// or another image of the folder that has it (L2). Neither changes what this
// layer stores, so that its own children stay tied to it.
func (m *Image) acceptParent(f *disk.Finding) []disk.Repair {
	list := m.hintOther(f)
	if m.link.found == nil {
		return list
	}
	cid, ok := m.link.found.cid()
	if !ok || cid == noParent {
		return list
	}
	value := fmt.Sprintf("%08x", cid)
	return append(list, m.set("accept the parent as it is: set parentCID to "+value,
		"if the parent was written to since this disk was made, the content is a mixture of both, and nothing will say so", "parentCID", value)...)
}

// maxHints bounds how many parents are offered.
const maxHints = 8

// hintOther names another image of the folder as parent: one that has the
// content ID that is wanted (L1).
func (m *Image) hintOther(*disk.Finding) []disk.Repair {
	var list []disk.Repair
	if m.link.parent != nil || m.link.cid == neverWritten {
		return nil // further down, or a CID that any new disk has
	}
	for n := range m.neighbours() {
		if cid, ok := n.cid(); !ok || cid != m.link.cid || len(list) == maxHints || m.leadsTo(n.name) {
			continue
		}
		if plain(n.name) {
			list = append(list, m.set("look for the parent in "+n.name, strange, "parentFileNameHint", n.name)...)
		}
	}
	return list
}

// leadsTo reports whether a file is the one that the hint led to already.
func (m *Image) leadsTo(name string) bool {
	return m.link.found != nil && path.Base(m.link.found.main.Name) == name
}

// plain reports whether a name can be written into a descriptor whatever its
// encoding.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' })
}

// settleParent makes parentCID and the parent's name say the same (D4): there
// is none, or it is the one that is named.
func (m *Image) settleParent(f *disk.Finding) []disk.Repair {
	hint := m.text.Setting("parentFileNameHint")
	if hint == nil || hint.Value == "" {
		return m.dropParent()
	}
	var list []disk.Repair
	for _, name := range m.parentNames(hint.Value) {
		n, err := m.peek(name)
		if err != nil {
			continue
		}
		if cid, ok := n.cid(); ok && cid != noParent {
			value := fmt.Sprintf("%08x", cid)
			parts := append(m.renewing(m.freshCID()), m.setting("parentCID", value))
			list = append(list, m.rewrite("tie the disk to the parent that is named: set parentCID to "+value, strange, parts...)...)
		}
		break
	}
	parts := []splice{drop(hint), m.setting("parentCID", "ffffffff")}
	if v, _ := m.text.Get("parentCID"); strings.EqualFold(v, "ffffffff") {
		parts = []splice{drop(hint)}
	}
	return append(list, m.rewrite("say that there is no parent", "if the disk had a parent, what is stored there reads as zeros", parts...)...)
}

// dropParent says that there is no parent where none is named. It alters the
// disk only if a parent was demanded until then.
func (m *Image) dropParent() []disk.Repair {
	parts := []splice{m.setting("parentCID", "ffffffff")}
	risk := "if the disk had a parent, what is stored there reads as zeros"
	if m.link.wanted {
		parts = append(parts, m.renewing(m.freshCID())...)
	}
	if m.text.Setting("parentCID") == nil {
		risk = ""
	}
	list := m.rewrite("say that there is no parent", risk, parts...)
	if !m.link.wanted {
		return list
	}
	return append(m.hintOther(nil), list...)
}
