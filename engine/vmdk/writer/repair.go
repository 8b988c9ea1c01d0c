// Package writer makes disk images of the VMDK format and changes them: new ones
// of every kind, and the repairs of what engine/vmdk has found. Section numbers such as "vmdk.md 9" and finding
// codes such as "vmdk/G8" are those of the format reference.
package writer

import (
	"context"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// image is what was read of an image under repair.
type image struct{ reader.Parts }

// offer makes the repairs of a finding that can be repaired, the safest first.
type offer func(m *image, f disk.Finding) []disk.Repair

// offers are the repairs of findings by the number of their check (vmdk.md 12).
var offers = map[string]offer{
	"D1":  (*image).describe,
	"D2":  (*image).setVersion,
	"D3":  (*image).setCID,
	"D4":  (*image).settleParent,
	"D5":  (*image).deriveType,
	"D6":  (*image).repairLine,
	"D7":  (*image).nameItself,
	"D8":  (*image).clearPastText,
	"D9":  (*image).putInOrder,
	"D10": (*image).computeGeometry,
	"D11": (*image).setAdapter,
	"D12": (*image).fitLongID,
	"D13": (*image).dropTracking,
	"D14": (*image).setEncoding,
	"D15": (*image).writeTitle,
	"X2":  (*image).settleShort,
	"X5":  (*image).settleSize,
	"X6":  (*image).changeType,
	"H1":  onSparse(finishMagic),
	"H2":  headerOffer("set the version to 2", "", func(h decode.Record[vmdk.Header]) { vmdk.HeaderVersion.Put(h, 2) }),
	"H4":  onSparse(repairNewlines),
	"H5":  onSparse(settleCompression),
	"H6":  onTables((*image).setGrainSize),
	"H8":  onSparse(useOtherDirectory),
	"H10": onSparse(computeOverHead),
	"H12": onSparse(setClean),
	"H13": onSparse(clearPad),
	"H14": onSparse(pointToText),
	"G7":  onTables((*image).allowZeroGrains),
	"G11": onTables((*image).extend),
	"G12": onSparse(cutLeak),
	"G15": onTables((*image).leadBetween),
	"S1":  onTables((*image).repairTail),
	"S2":  onSparse(followFooter),
	"S4":  onSparse(repairAddress),
	"S5":  func(*image, disk.Finding) []disk.Repair { return nil }, // see nameStray
	"S6":  onTables((*image).giveUp),
	"S8":  onSparse(wholeSectors),
	"S9":  headerOffer("set the version to 3", "", func(h decode.Record[vmdk.Header]) { vmdk.HeaderVersion.Put(h, 3) }),
	"S10": onTables((*image).lead),
	"C6":  onTables((*image).lead),
	"C2":  onSparse(countDirectory),
	"C3":  onSparse(recount),
	"C5":  (*image).settleSize,
	"L1":  (*image).hintOther,
	"L2":  (*image).acceptParent,
}

// lookers are the repairs of findings that have to look at the tables first.
var lookers = map[string]func(m *image, ctx context.Context, s *reader.Sparse, f disk.Finding) ([]disk.Repair, error){
	"G1":  (*image).makeTables,
	"G2":  (*image).restoreTable,
	"G3":  (*image).separateTables,
	"G4":  (*image).chooseCopy,
	"G5":  (*image).chooseCopy,
	"G6":  (*image).settle,
	"G8":  (*image).part,
	"G10": (*image).clearPast,
	"C4":  (*image).settle,
}

// Repairs lists the repairs of a finding of a VMDK, see [disk.Repairer].
func Repairs(ctx context.Context, img disk.Image, f disk.Finding) ([]disk.Repair, error) {
	r, ok := img.(*reader.Image)
	code := strings.TrimPrefix(f.Code, "vmdk/")
	list, look := offers[code], lookers[code]
	if !ok || list == nil && look == nil || !f.Repairable {
		return nil, nil
	}
	m := &image{r.Parts()}
	strays, err := m.nameStray(ctx, f)
	if err != nil {
		return nil, err
	}
	if list != nil {
		return append(strays, list(m, f)...), nil
	}
	others, err := look(m, ctx, m.SparseAt(f.Where[0]), f)
	return append(strays, others...), err
}

// one is a single repair.
func one(title, risk string, apply disk.Step) []disk.Repair {
	return []disk.Repair{{Title: title, Risk: risk, Apply: apply}}
}

// onSparse is for findings about a sparse file: the one of the first place.
func onSparse(list func(s *reader.Sparse, f disk.Finding) []disk.Repair) offer {
	return onTables(func(_ *image, s *reader.Sparse, f disk.Finding) []disk.Repair { return list(s, f) })
}

// onTables is for findings about a sparse file whose repair may change what the
// disk holds, and with it the descriptor.
func onTables(list func(m *image, s *reader.Sparse, f disk.Finding) []disk.Repair) offer {
	return func(m *image, f disk.Finding) []disk.Repair { return list(m, m.SparseAt(f.Where[0]), f) }
}

// change has bytes of a sparse file changed.
func change(s *reader.Sparse, off, n int64, change func([]byte)) disk.Step {
	return disk.Change(decode.Place{File: s.Name, Offset: off, Length: n}, change)
}

// altering adds a new content ID to a repair that changes what the guest reads
// (vmdk.md 9), where that is possible.
func (m *image) altering(r disk.Repair) disk.Repair {
	if renewal, ok := m.Renewal(); ok {
		r.Apply = disk.Steps(r.Apply, renewal.Apply)
	}
	return r
}

// rewrite is the repair of changing parts of the descriptor that do not overlap.
// There is none if the new text does not fit.
func (m *image) rewrite(title, risk string, parts ...vmdk.Splice) []disk.Repair {
	if m.Text.Fault != "" || !m.Fits(parts...) {
		return nil
	}
	return one(title, risk, m.Rewrite(parts...))
}

// set gives a setting another value.
func (m *image) set(title, risk, key, value string) []disk.Repair {
	return m.rewrite(title, risk, m.Text.Set(key, value))
}

// splice is another text in the place of a part.
func splice(at vmdk.Part, text string) vmdk.Splice { return vmdk.Splice{At: at, Text: text} }
