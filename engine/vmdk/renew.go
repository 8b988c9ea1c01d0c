package vmdk

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// neverWritten is the CID that VMware gives a disk until its first write.
const neverWritten = 0xFFFFFFFE

// FreshID makes a content ID other than the one that the disk has
// (vmdk.md 9).
func (t Text) FreshID() uint32 {
	old, _ := t.image.cid()
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
	return m.RenewalTo(m.writing().FreshID())
}

// RenewalTo is Renewal with a content ID that is given.
func (m *Image) RenewalTo(cid uint32) (disk.Repair, bool) {
	if m.text == nil {
		return disk.Repair{}, false
	}
	t := m.writing()
	parts := t.WithID(cid)
	if len(parts) == 0 || t.Grown(parts...) > t.room() {
		return disk.Repair{}, false
	}
	if grow := t.Grown(parts...) - int64(t.Size); grow > 0 {
		if _, err := t.remains(grow); err != nil {
			return disk.Repair{}, false
		}
	}
	return disk.Repair{Title: "give the disk the new content ID " + parts[0].Text, Apply: t.Rewrite(parts...)}, true
}

// Renewing are the changes of the text that give the disk another content ID;
// none if it has not exactly one that can be read.
func (t Text) Renewing() []vmdk.Splice { return t.WithID(t.FreshID()) }

// WithID are the changes of the text that give the disk this content ID, and the long one
// its end where that follows; none if it has not exactly one that can be read.
func (t Text) WithID(cid uint32) []vmdk.Splice {
	var line *vmdk.Line
	for i := range t.Lines {
		if l := &t.Lines[i]; l.Kind == vmdk.LineSetting && strings.EqualFold(l.Key, "CID") {
			if line != nil {
				return nil
			}
			line = l
		}
	}
	if line == nil || t.Fault != "" {
		return nil
	}
	old, ok := parseCID(line.Value)
	if !ok {
		return nil
	}
	parts := []vmdk.Splice{{At: line.ValueAt, Text: fmt.Sprintf("%08x", cid)}}
	if l := t.Setting("ddb.longContentID"); l != nil && len(l.Value) >= 8 {
		at := vmdk.Part{Offset: l.ValueAt.Offset + len(l.Value) - 8, Length: 8}
		if strings.EqualFold(l.Value[len(l.Value)-8:], fmt.Sprintf("%08x", old)) {
			parts = append(parts, vmdk.Splice{At: at, Text: fmt.Sprintf("%08x", cid)})
		}
	}
	return parts
}

// Mark is what children notice by that the content has changed.
func (m *Image) Mark() (term, value string) {
	if id, ok := m.cid(); ok {
		return "CID", contentID(id)
	}
	return "", ""
}
