package writer

import (
	"bytes"

	"platter/decode/vmdk"
)

// level stages the second copy of each table as the first one is. A program that was
// interrupted may have written its last changes to one of them only, and the file will
// be said to be closed cleanly: then nobody expects copies that differ.
func (s *grains) level() error {
	for number := range ceil(s.x.Length, s.x.Grain*s.x.PerTable) {
		var tables [2]int64
		for i := range tables {
			sector, err := s.entry(s.x.Directories[i] + number*entrySize)
			if err != nil {
				return err
			}
			tables[i] = int64(sector) * vmdk.SectorSize
		}
		if tables[0] == 0 || tables[1] == 0 || tables[0] == tables[1] {
			continue
		}
		if err := s.levelTable(tables[0], tables[1], number); err != nil {
			return err
		}
	}
	return nil
}

// levelTable compares the copies of a table and stages what differs.
func (s *grains) levelTable(first, second, number int64) error {
	one, two := make([]byte, s.x.PerTable*entrySize), make([]byte, s.x.PerTable*entrySize)
	if _, err := s.tables.ReadAt(one, first); err != nil {
		return err
	}
	if _, err := s.tables.ReadAt(two, second); err != nil || bytes.Equal(one, two) {
		return err
	}
	for at := int64(0); at < int64(len(one)); at += entrySize {
		a, b := vmdk.EntryAt(one[at:], entrySize), vmdk.EntryAt(two[at:], entrySize)
		if a == b {
			continue
		}
		if err := s.putEntry(second+at, uint32(a), why("grain table %d: the second copy as the first", number)); err != nil {
			return err
		}
	}
	return nil
}
