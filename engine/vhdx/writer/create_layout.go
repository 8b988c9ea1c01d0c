package writer

import (
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// newFile is where the parts of a new image lie, in the order of Windows: log,
// metadata, table, blocks (vhdx.md 12). Offsets and lengths are in bytes, multiples of
// 1 MiB.
type newFile struct {
	log, metadata, bat, end             int64
	logLength, metadataLength, batBytes int64
	geo                                 vhdx.Geometry
}

// layOut places the parts of an image with these metadata.
func layOut(spec disk.Spec, differencing bool, metadata int64) newFile {
	logical, _ := spec.SectorSizes(physicalSector)
	geo, _ := vhdx.NewGeometry(uint64(spec.Bytes(disk.OptionBlockSize)), uint64(logical), uint64(spec.Bytes(disk.OptionSize))) // the options allow no other
	n := newFile{geo: geo, log: vhdx.MiB, logLength: spec.Bytes(optionLogSize)}
	n.metadata, n.metadataLength = n.log+n.logLength, roundUp(metadata)
	n.bat, n.batBytes = n.metadata+n.metadataLength, roundUp(geo.Entries(differencing)*vhdx.EntrySize)
	n.end = n.bat + n.batBytes
	return n
}

// write writes everything but the table and the blocks. The table of an image without
// blocks is zeros: a hole is enough. The headers come last, so that a file that is not
// finished has no valid one.
func (n newFile) write(f store.File, spec disk.Spec, metadata []store.Piece) error {
	if size, err := f.Size(); err != nil || size < n.end {
		if err := f.Truncate(n.end); err != nil {
			return err
		}
	}
	for i := range metadata {
		metadata[i].Offset += n.metadata
	}
	pieces := append(metadata, n.regions()...)
	pieces = append(pieces, store.Piece{Data: identifier()})
	return store.Put(f, append(pieces, n.headers(spec)...)...)
}

// identifier is what makes the file a VHDX.
func identifier() []byte {
	rec := vhdx.IdentifierTable.Blank()
	vhdx.IdentifierCreator.Put(rec, "Platter")
	return rec.Bytes()
}

// headers are both copies, the second one current, with an empty log (vhdx.md 3).
func (n newFile) headers(spec disk.Spec) []store.Piece {
	var list []store.Piece
	file, data := spec.Fresh("FileWriteGuid"), spec.Fresh("DataWriteGuid")
	for i := range 2 {
		rec := vhdx.HeaderTable.Blank()
		vhdx.HeaderSequence.Put(rec, uint64(i))
		vhdx.HeaderFileGUID.Put(rec, file)
		vhdx.HeaderDataGUID.Put(rec, data)
		vhdx.HeaderVersion.Put(rec, 1)
		vhdx.HeaderLogLength.Put(rec, uint32(n.logLength))
		vhdx.HeaderLogOffset.Put(rec, uint64(n.log))
		vhdx.HeaderTable.Seal(rec.Bytes())
		list = append(list, store.Piece{Offset: vhdx.HeaderOffset(i), Data: rec.Bytes()})
	}
	return list
}

// regions are both copies of the region table. A reader must know both regions, so
// both are required (vhdx.md 4).
func (n newFile) regions() []store.Piece {
	b := make([]byte, vhdx.RegionTableSize)
	copy(b, vhdx.RegionTable.Layout.Blank())
	head, _ := vhdx.RegionTable.Of(b)
	vhdx.RegionCount.Put(head, 2)
	for i := range 2 {
		rec, _ := vhdx.RegionEntryTable.Of(b[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:])
		id, at, length := vhdx.RegionBAT, n.bat, n.batBytes
		if i > 0 {
			id, at, length = vhdx.RegionMetadata, n.metadata, n.metadataLength
		}
		vhdx.RegionGUID.Put(rec, id)
		vhdx.RegionFileOffset.Put(rec, uint64(at))
		vhdx.RegionLength.Put(rec, uint32(length))
		vhdx.RegionRequired.Put(rec, 1)
	}
	vhdx.RegionTable.Seal(b)
	return []store.Piece{{Offset: vhdx.RegionOffset(0), Data: b}, {Offset: vhdx.RegionOffset(1), Data: b}}
}
