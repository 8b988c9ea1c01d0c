package vmdk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// neverWritten is the CID that VMware gives a disk until its first write.
const neverWritten = 0xFFFFFFFE

// freshCID makes a content ID other than the one that the disk has
// (vmdk.md 9).
func (m *Image) freshCID() uint32 {
	old, _ := m.cid()
	for {
		if v := rand.Uint32(); v != noParent && v != neverWritten && v != old {
			return v
		}
	}
}

// Renewal is the renewal of a VMDK.
func Renewal(img disk.Image) (disk.Repair, bool) {
	if m, ok := img.(*Image); ok {
		return m.Renewal()
	}
	return disk.Repair{}, false
}

// Renewal gives the descriptor a new content ID, and the long one its end where
// that follows the CID. Programs that read two CID lines do not agree on one, so
// there is nothing to renew then.
func (m *Image) Renewal() (disk.Repair, bool) {
	if m.text == nil {
		return disk.Repair{}, false
	}
	cid := m.freshCID()
	parts := m.renewing(cid)
	if len(parts) == 0 || m.grown(parts) > m.room() {
		return disk.Repair{}, false
	}
	if grow := m.grown(parts) - int64(m.text.Size); grow > 0 {
		if _, err := m.remains(grow); err != nil {
			return disk.Repair{}, false
		}
	}
	return disk.Repair{
		Title: fmt.Sprintf("give the disk the new content ID %08x", cid),
		Edits: func(ctx context.Context) ([]disk.Edit, error) { return m.retext(parts) },
	}, true
}

// renewing are the changes of the text that give the disk another content ID;
// none if it has not exactly one that can be read.
func (m *Image) renewing(cid uint32) []splice {
	var line *vmdk.Line
	for i := range m.text.Lines {
		if l := &m.text.Lines[i]; l.Kind == vmdk.LineSetting && strings.EqualFold(l.Key, "CID") {
			if line != nil {
				return nil
			}
			line = l
		}
	}
	if line == nil || m.text.Fault != "" {
		return nil
	}
	old, ok := parseCID(line.Value)
	if !ok {
		return nil
	}
	parts := []splice{{line.ValueAt, fmt.Sprintf("%08x", cid)}}
	if l := m.text.Setting("ddb.longContentID"); l != nil && len(l.Value) >= 8 {
		at := vmdk.Part{Offset: l.ValueAt.Offset + len(l.Value) - 8, Length: 8}
		if strings.EqualFold(l.Value[len(l.Value)-8:], fmt.Sprintf("%08x", old)) {
			parts = append(parts, splice{at, fmt.Sprintf("%08x", cid)})
		}
	}
	return parts
}

// altering adds a new content ID to a repair that changes what the guest reads
// (vmdk.md 9), where that is possible.
func (m *Image) altering(r disk.Repair) disk.Repair {
	renewal, ok := m.Renewal()
	if !ok {
		return r
	}
	return disk.Mends(r.Title, r.Risk, r, renewal)
}
