package writer

import (
	"fmt"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

const strange = "if that is not the disk that this one was made from, the content is a mixture of both, and nothing will say so"

// acceptParent takes the CID of the parent that was found for the one wanted,
// or another image of the folder that has it (L2). Neither changes what this
// layer stores, so that its own children stay tied to it.
func (m *image) acceptParent(f disk.Finding) []disk.Repair {
	list := m.hintOther(f)
	cid, ok := m.FoundID()
	if !ok {
		return list
	}
	value := fmt.Sprintf("%08x", cid)
	return append(list, m.set("accept the parent as it is: set parentCID to "+value,
		"if the parent was written to since this disk was made, the content is a mixture of both, and nothing will say so", "parentCID", value)...)
}

// hintOther names another image of the folder as parent: one that has the
// content ID that is wanted (L1).
func (m *image) hintOther(disk.Finding) (list []disk.Repair) {
	for _, name := range m.OtherParents() {
		list = append(list, m.set("look for the parent in "+name, strange, "parentFileNameHint", name)...)
	}
	return list
}

// settleParent makes parentCID and the parent's name say the same (D4): there
// is none, or it is the one that is named.
func (m *image) settleParent(f disk.Finding) []disk.Repair {
	hint := m.Text.Setting("parentFileNameHint")
	if hint == nil || hint.Value == "" {
		return m.dropParent(f)
	}
	var list []disk.Repair
	if cid, ok := m.NamedID(); ok {
		value := fmt.Sprintf("%08x", cid)
		parts := append(m.Renewing(), m.Text.Set("parentCID", value))
		list = m.rewrite("tie the disk to the parent that is named: set parentCID to "+value, strange, parts...)
	}
	parts := []vmdk.Splice{hint.Drop()}
	if v, _ := m.Text.Get("parentCID"); !strings.EqualFold(v, "ffffffff") {
		parts = append(parts, m.Text.Set("parentCID", "ffffffff"))
	}
	return append(list, m.rewrite("say that there is no parent", "if the disk had a parent, what is stored there reads as zeros", parts...)...)
}

// dropParent says that there is no parent where none is named.
func (m *image) dropParent(f disk.Finding) []disk.Repair {
	risk := "if the disk had a parent, what is stored there reads as zeros"
	if m.Text.Setting("parentCID") == nil {
		risk = ""
	}
	list := m.rewrite("say that there is no parent", risk, m.NoParent()...)
	if !m.Wanted {
		return list
	}
	return append(m.hintOther(f), list...)
}
