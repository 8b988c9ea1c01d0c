package vmdk

import (
	"encoding/binary"

	"platter/engine/disk"
)

// remedy offers the repairs of a finding, the safest first.
type remedy func(m *Image, f *disk.Finding) []disk.Repair

// remedies are the repairs of findings by the number of their check (vmdk.md 12).
var remedies = map[string]remedy{
	"D1":  (*Image).synthesize,
	"D2":  (*Image).setVersion,
	"D3":  (*Image).setCID,
	"D5":  (*Image).deriveType,
	"D6":  (*Image).mendLine,
	"D7":  (*Image).nameItself,
	"D8":  (*Image).clearBehindText,
	"D9":  (*Image).putInOrder,
	"D10": (*Image).computeGeometry,
	"D11": (*Image).setAdapter,
	"D12": (*Image).fitLongID,
	"D13": (*Image).dropTracking,
	"D14": (*Image).setEncoding,
	"X2":  (*Image).extendFlat,
	"X5":  (*Image).settleSize,
	"X6":  (*Image).changeType,
	"H1":  onSparse((*sparse).finishMagic),
	"H2":  onSparse((*sparse).raiseVersion),
	"H4":  onSparse((*sparse).putNewlines),
	"H5":  onSparse((*sparse).settleCompression),
	"H8":  onSparse((*sparse).useOtherDirectory),
	"H10": onSparse((*sparse).computeOverHead),
	"H12": onSparse((*sparse).setClean),
	"H13": onSparse((*sparse).clearPad),
	"G1":  onTables((*Image).makeTables),
	"G2":  onTables((*Image).restoreTable),
	"G3":  onTables((*Image).separateTables),
	"G4":  onTables((*Image).chooseEntry),
	"G5":  onTables((*Image).chooseEntry),
	"G6":  onTables((*Image).settle),
	"G7":  onTables((*Image).allowZeroGrains),
	"G8":  onTables((*Image).part),
	"G10": onTables((*Image).clearPast),
	"G11": onTables((*Image).extend),
	"G12": onTables((*Image).cutLeak),
	"S1":  onTables((*Image).mendTail),
	"S2":  onSparse((*sparse).followFooter),
	"S4":  onSparse((*sparse).mendAddress),
	"S6":  onTables((*Image).zeroFill),
	"S8":  onSparse((*sparse).wholeSectors),
	"S9":  onSparse((*sparse).raiseStream),
	"C2":  onSparse((*sparse).countDirectory),
	"C3":  onSparse((*sparse).recount),
	"C4":  onTables((*Image).settle),
	"C5":  (*Image).settleSize,
}

// folderRemedies are those that look at other files of the folder. They are
// for a whole check only: an image that is merely opened, as a parent or to see
// what it is, does not go through its folder.
var folderRemedies = map[string]remedy{
	"D4": (*Image).settleParent,
	"L1": (*Image).hintOther,
	"L2": (*Image).acceptParent,
}

// unmended says, of findings that usually can be repaired or that people want to
// see repaired, why this one can't be, and what else to do.
var unmended = map[string]string{
	"D1":  "No repair: which files make up the disk can't be guessed. If the extents are known, write a descriptor for them; keys that were lost can't be made again.",
	"D3":  "No repair: the room for the text is full. A copy of the disk gets more.",
	"D6":  "No repair: only the program that wrote the line knows what it should say. Correct the line by hand, if the extent's file and size are known.",
	"D7":  "No repair: which of the lines is this file's can't be told, or its name can't be written in the descriptor's encoding.",
	"D8":  "No repair: the text can't be shortened without loss. Take out a line that is not needed by hand, or copy the disk.",
	"D9":  "No repair in place: the room for the text is full. A copy of the disk gets a text in the usual form.",
	"D14": "No repair: no encoding that is known makes sense of all names. Rename the files, and the names here with them.",
	"X1":  "No repair: the file has to be found. Put it beside the descriptor, or allow its folder.",
	"X3":  "No repair: whether the place is to be trusted is for its owner to say. Move the file beside the descriptor, and the name in the line with it.",
	"X4":  "No repair: which line is right can't be told. Read the disk through a copy of the descriptor without one of them.",
	"X5":  "No repair in place: tables for the missing sectors would have to be made. A copy of the disk has them.",
	"H1":  "No repair: the bytes of the header are not in the file. They can be written by hand if grain size and directory are known from the other extents.",
	"H2":  "No repair: what a version means that nobody has described can't be known. Where only the number was damaged, set it to 1.",
	"H3":  "No repair: nobody may guess what the bit means. Open the disk with the program that wrote it.",
	"H6":  "No repair: the grain size follows from how the data was written. A copy of the disk gets the usual one.",
	"H8":  "No repair: there is no other directory in the file. Data may be found again grain by grain, by what it holds.",
	"H9":  "No repair: one of the two was written over the other. Compare both with their second copies, and copy out what can be read.",
	"H11": "No repair: the size follows from the tables that were made. If it is known, set it by hand.",
	"G1":  "No repair in place: the grains are compressed, or the tables would lie behind what a file may hold. A copy of the disk has them all.",
	"G2":  "No repair: the other directory does not know the table either, so that what it described can't be found by the format; or the grains are compressed: then a copy of the disk has the table.",
	"G3":  "No repair in place: a copy of the disk has two sets of tables.",
	"G6":  "No repair: the grain has data, and stays. If overHead is wrong, settle H10; else a copy of the disk puts the grain elsewhere.",
	"G9":  "No repair in place: a copy of the disk aligns the grains.",
	"G12": "No repair in place: what lies between other grains is reclaimed by copying the disk.",
	"G13": "No repair in place: a copy of the disk has its tables where they are looked for.",
	"G14": "No repair in place: copying the disk gives the room back.",
	"S1":  "No repair: the header does not say enough to find the grains, or not one of them is there. Get the file anew.",
	"S3":  "No repair: what stands here can't be known. The tables still find the grains; a copy of the disk makes a stream that can be followed.",
	"S4":  "No repair in place as long as header and footer differ (settle S2 first), or where overHead does not reach the grains. A copy of the disk has them in order.",
	"S5":  "No repair: where the grain's data ends can't be known. Get the file anew, or read around it.",
	"S6":  "No repair in place: the bytes behind the data fill whole sectors, which a reader would take for markers. A copy of the disk drops them.",
	"S7":  "No repair in place: a copy of the disk has the markers.",
	"S8":  "No repair in place: more bytes follow than are cut off at once. Cut them off with another program, after a look at them.",
	"C1":  "No repair: what a version means that nobody has described can't be known. Where only the number was damaged, set version and flags by hand.",
	"C2":  "No repair: the directory's entries are not in the file.",
	"C4":  "No repair: nothing else knows where the grain or table lies.",
	"C5":  "No repair in place: the directory is too short for the descriptor's size. A copy of the disk has a longer one.",
	"Z1":  "No repair: the format was never published, so that nothing is written to it. Let ESXi consolidate the snapshot.",
	"Z2":  "No repair: the format was never published, so that nothing is written to it. Let ESXi consolidate the snapshot.",
	"Z3":  "No repair: only ESXi knows how to replay the journal. Let it open the disk once.",
	"Z4":  "No repair: the format was never published, so that nothing is written to it. Copy out what can be read.",
	"Z5":  "No repair: the format was never published, so that nothing is written to it. Copy out what can be read.",
	"L1":  "No repair: no image in the folder has the content ID that this disk wants. Put the parent beside it, or name it when opening.",
	"L3":  "No repair: which size is right can't be told. A copy of the composed disk stands alone.",
	"L4":  "No repair: a time is only a hint. If the disk reads well, nothing is wrong.",
	"L5":  "No repair: a flat extent hides all of its parent. If it is the whole disk, take the parent out of the descriptor by hand.",
	"L6":  "No repair here: open that layer, and settle its findings there.",
}

// repairs are those of a finding; whole tells that the folder may be looked at.
func (m *Image) repairs(code string, f *disk.Finding, whole bool) []disk.Repair {
	if len(f.Where) == 0 {
		return nil
	}
	if remedy := remedies[code]; remedy != nil {
		return remedy(m, f)
	}
	if remedy := folderRemedies[code]; remedy != nil && whole {
		return remedy(m, f)
	}
	return nil
}

// onSparse is for findings about a sparse file: the one of the first place.
func onSparse(remedy func(*sparse, *disk.Finding) []disk.Repair) remedy {
	return onTables(func(_ *Image, s *sparse, f *disk.Finding) []disk.Repair { return remedy(s, f) })
}

// onTables is for findings about a sparse file whose repair may change what the
// disk holds, and with it the descriptor.
func onTables(remedy func(*Image, *sparse, *disk.Finding) []disk.Repair) remedy {
	return func(m *Image, f *disk.Finding) []disk.Repair {
		if file := m.byName[f.Where[0].File]; file != nil && file.sparse != nil {
			return remedy(m, file.sparse, f)
		}
		return nil
	}
}

// mend is the repair of rewriting bytes of the file.
func (f *file) mend(title, risk string, off, n int64, change func([]byte)) disk.Repair {
	return disk.Mend(title, risk, f.handle, f.place(off, n), change)
}

// put stores a little-endian number of 4 or 8 bytes at the start of b.
func put(b []byte, width int64, v uint64) {
	if width == 8 {
		binary.LittleEndian.PutUint64(b, v)
	} else {
		binary.LittleEndian.PutUint32(b, uint32(v))
	}
}
