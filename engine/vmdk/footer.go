package vmdk

import (
	"bytes"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// The tail of a stream whose directory is at the end, in bytes from the end of
// its last whole sector.
const (
	footerBack = 2 * vmdk.SectorSize
)

// footerMost is how far before the end of the file a footer is looked for, in bytes:
// something may have been put after the end of the stream.
const footerMost = 16 << 20

// readFooter takes the footer as the header that counts.
func (s *sparse) readFooter() error {
	at := s.file.Size/vmdk.SectorSize*vmdk.SectorSize - footerBack
	if at < vmdk.SectorSize {
		s.lost = true
		s.damaged(disk.Damaged, 0, vmdk.SectorSize, "the grain directory is at the end of the stream, but the file is too short for a footer")
		return nil
	}
	b, err := s.file.head(at, vmdk.SectorSize)
	if err != nil {
		return err
	}
	s.footer = at
	r, ok := vmdk.HeaderTable.Of(b)
	switch magic := ok && vmdk.HeaderMagic.Get(r) == vmdk.Magic; {
	case magic:
	case ok && s.isFooter(r, at):
		s.footerUnmarked = true
	default:
		found := int64(-1)
		if r, found, err = s.findFooter(); err != nil || found < 0 {
			return err
		}
		s.footer = found
	}
	s.rules = r
	if vmdk.HeaderDirectoryOffset.Get(r) == vmdk.DirectoryAtEnd {
		s.lost = true
		s.damaged(disk.Damaged, s.footer+int64(vmdk.HeaderDirectoryOffset.Offset()), int64(vmdk.HeaderDirectoryOffset.Size()), "the footer does not say where the grain directory is")
	}
	return nil
}

// isFooter reports whether a record in the footer's place is a footer whose magic alone
// is damaged: its marker is there, and it says what the header says.
func (s *sparse) isFooter(r decode.Record[vmdk.Header], at int64) bool {
	if !s.markerBefore(at, vmdk.MarkerFooter) || vmdk.HeaderDirectoryOffset.Get(r) >= uint64(sectors(at)) {
		return false
	}
	for _, f := range []decode.Uint[vmdk.Header, uint64]{vmdk.HeaderCapacity, vmdk.HeaderGrainSize, vmdk.HeaderOverHead} {
		if f.Get(r) != f.Get(s.header) {
			return false
		}
	}
	return vmdk.HeaderTableEntries.Get(r) == vmdk.HeaderTableEntries.Get(s.header)
}

// findFooter looks for a footer further up in the file, the last one first. One that is
// not at a sector shows that the stream has moved (H15). Where there is none the tables
// are lost.
func (s *sparse) findFooter() (r decode.Record[vmdk.Header], at int64, err error) {
	start := max(s.file.Size-footerMost, vmdk.SectorSize)
	b, err := s.file.head(start-vmdk.SectorSize, s.file.Size-start+vmdk.SectorSize)
	if err != nil {
		return r, -1, err
	}
	for tail := b[vmdk.SectorSize:]; ; {
		i := bytes.LastIndex(tail, []byte(vmdk.Magic))
		if i < 0 {
			break
		}
		at := start + int64(i)
		m, _ := vmdk.MarkerTable.Of(b[i:])
		tail = tail[:i]
		if vmdk.MarkerSize.Get(m) != 0 || vmdk.MarkerType.Get(m) != vmdk.MarkerFooter || i+2*vmdk.SectorSize > len(b) {
			continue
		}
		r, _ = vmdk.HeaderTable.Of(b[i+vmdk.SectorSize:])
		if by := at % vmdk.SectorSize; by != 0 {
			if s.movedBy, s.movedAt = by, at; by > vmdk.SectorSize/2 {
				s.movedBy -= vmdk.SectorSize
			}
			s.lost = true
			s.damaged(disk.Damaged, at, vmdk.SectorSize, "%s", s.movedWords())
			return r, -1, nil
		}
		if vmdk.HeaderDirectoryOffset.Get(r) < uint64(sectors(at)) {
			return r, at, nil
		}
	}
	s.lost = true
	s.damaged(disk.Damaged, s.footer, vmdk.SectorSize, "the grain directory is at the end of the stream, but there is no footer")
	return r, -1, nil
}
