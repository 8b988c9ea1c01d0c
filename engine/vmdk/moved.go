package vmdk

import (
	"bytes"
	"fmt"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// movedMost is how far from its place a directory is looked for, in bytes.
const movedMost = 64 << 10

// findMoved finds a directory that does not lie where the header puts it, but as a
// whole some bytes before or after that. It is known by its first sector, which is
// the same in all files that programs lay out in the usual way (vmdk.md 4.2).
func (s *sparse) findMoved(g *grid) (by int64, err error) {
	if s.isStream() || g.tables == 0 {
		return 0, nil
	}
	want := make([]byte, vmdk.SectorSize) // the rest of a short directory's sector is zeros
	for t := range min(g.tables, vmdk.SectorSize/g.width) {
		vmdk.PutEntry(want[t*g.width:], g.width, uint64(g.usual(0, t)/vmdk.SectorSize))
	}
	start := max(g.dirs[0]-movedMost, 0)
	here := g.dirs[0] - start
	b, err := s.file.head(start, here+movedMost+int64(len(want)))
	if err != nil || int64(len(b)) < here || bytes.HasPrefix(b[here:], want) || !g.astray() {
		return 0, err
	}
	at := bytes.Index(b, want)
	if at < 0 {
		return 0, nil
	}
	return int64(at) - here, nil
}

// movedTables refuses an extent whose tables have moved: entries that are read
// beside their place would lead anywhere.
func (s *sparse) movedTables(g *grid) bool {
	by, err := s.findMoved(g)
	if err != nil || by == 0 {
		return false
	}
	s.movedBy, s.movedAt = by, g.dirs[0]+by
	s.damaged(disk.Damaged, g.dirs[0]+by, g.width, "%s", s.movedWords())
	return true
}

// movedWords is H15.
func (s *sparse) movedWords() string {
	by, what := s.movedBy, "after their place: bytes were inserted before them"
	if by < 0 {
		by, what = -by, "before their place: bytes were taken out before them"
	}
	if s.footer != 0 {
		return fmt.Sprintf("the file is no whole number of sectors; grains, directory and footer lie %d bytes %s", by, what)
	}
	text := fmt.Sprintf("directory and tables lie %d bytes %s", by, what)
	if s.file.Size%vmdk.SectorSize != 0 {
		text = "the file is no whole number of sectors; " + text
	}
	return text
}

// astray reports whether the first entry of the directory leads to no table.
func (g *grid) astray() bool {
	_, ok, err := g.tableOf(0, 0)
	return err != nil || !ok
}
