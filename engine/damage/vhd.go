package damage

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"platter/decode/vhd"
)

// vhdFaults are those of vhd.md 12, as far as they can be planted in an image that is good.
func vhdFaults() []Fault {
	changing := []string{"footer.timestamp", "footer.unique_id", "footer.original_size", "footer.creator_version"}
	return slices.Concat([]Fault{
		flips("vhd/V002", "a bit of the footer at the end is flipped", changing...),
		resizes("vhd/V002", "the footer at the end is cut off", -vhd.FooterSize, 0),
		flips("vhd/V003", "a bit of the footer's copy at the start is flipped", "footer copy.timestamp", "footer copy.unique_id", "footer copy.original_size"),
		flips("vhd/V004", "a bit of a fixed disk's only footer is flipped", changing...),
		sets("vhd/V004", "the checksum of the footer and its copy is 0 (QEMU 1.0 and older after a change)", "footer.checksum", "0"),
		{"vhd/V005", "the footer and its copy say different things", func(p *planter) error {
			return p.copyOnly("saved_state", "1")
		}},
		resizes("vhd/V008", "100 bytes too many follow the footer", 100, 0),
		resizes("vhd/V009", "two sectors of zeros follow the footer", 2*vhd.Sector, 0),
		sets("vhd/V010", "the footer claims version 2.0", "footer.file_format_version", "0x20000"),
		sets("vhd/V011", "the reserved bit of the footer's features is not set", "footer.features", "0"),
		sets("vhd/V012", "the footer claims a disk type that does not exist", "footer.disk_type", "5"),
		{"vhd/V013", "the footer leads to a dynamic header where none is", func(p *planter) error {
			return p.set("footer.data_offset", pick(p, []string{"513", "0", "0x10000000000"}))
		}},
		{"vhd/V014", "the disk's size is no whole number of sectors", func(p *planter) error {
			return p.set("footer.current_size", strconv.FormatInt(p.img.Info().VirtualSize-1-p.rnd.Int64N(500), 10))
		}},
		{"vhd/V015", "the footer of a fixed disk claims more than the file holds", func(p *planter) error {
			return p.set("footer.current_size", strconv.FormatInt(p.img.Info().VirtualSize+(1+p.rnd.Int64N(64))<<20, 10))
		}},
		{"vhd/V016", "the original size is another one", func(p *planter) error {
			return p.set("footer.original_size", strconv.FormatInt(p.img.Info().VirtualSize+(1+p.rnd.Int64N(64))<<20, 10))
		}},
		sets("vhd/V017", "the geometry has no cylinders", "footer.cylinders", "0"),
		sets("vhd/V019", "the footer's time lies in the future", "footer.timestamp", "2130-01-01T00:00:00Z"),
		sets("vhd/V020", "the disk has no identity", "footer.unique_id", uuid.Nil.String()),
		sets("vhd/V021", "the footer says that a machine is suspended on this disk", "footer.saved_state", "1"),
		sets("vhd/V021", "saved_state has a value without a meaning", "footer.saved_state", "7"),
		{"vhd/V022", "a byte is set in the footer's reserved room", func(p *planter) error {
			return p.sealed("footer", vhd.FooterReserved.Offset()+1, vhd.FooterReserved.Size()-1)
		}},
	}, vhdHeaderFaults(), vhdTableFaults(), vhdChildFaults())
}

func vhdHeaderFaults() []Fault {
	return []Fault{
		flips("vhd/V024", "a bit of the dynamic header is flipped", "dynamic header.parent_unique_id", "dynamic header.parent_unicode_name", "dynamic header.header_version"),
		sets("vhd/V025", "the dynamic header leads to a structure that was never defined", "dynamic header.data_offset", "0xffffffff"),
		{"vhd/V026", "the block size is no power of two", func(p *planter) error {
			return p.set("dynamic header.block_size", pick(p, []string{"0", "3M", "1000"}))
		}},
		{"vhd/V028", "the dynamic header leads to a BAT where none can be", func(p *planter) error {
			return p.set("dynamic header.table_offset", pick(p, []string{"1537", "1024", "0x4000000000000"}))
		}},
		{"vhd/V029", "the BAT is said to be too short for the disk", func(p *planter) error {
			n, err := p.node("dynamic header.max_table_entries")
			if err != nil {
				return err
			}
			entries := vhd.HeaderEntries.Field().Order().Uint(n.Raw)
			if entries < 2 {
				return errNowhere
			}
			return p.set("dynamic header.max_table_entries", fmt.Sprint(p.rnd.Uint64N(entries-1)+1))
		}},
		{"vhd/V030", "the BAT has an entry too many (QEMU before 5.0: services put the footer in the wrong place)", func(p *planter) error {
			n, err := p.node("dynamic header.max_table_entries")
			if err != nil {
				return err
			}
			return p.set("dynamic header.max_table_entries", fmt.Sprint(vhd.HeaderEntries.Field().Order().Uint(n.Raw)+1))
		}},
	}
}

func vhdTableFaults() []Fault {
	entry := func(code, about string, value func(p *planter) uint32) Fault {
		return Fault{code, about, func(p *planter) error {
			list, err := p.storage("BAT", 1)
			if err != nil {
				return err
			}
			return p.entry(list[0].entry, vhd.AppendEntry(nil, value(p)))
		}}
	}
	return []Fault{
		entry("vhd/V031", "an entry of the BAT leads into the headers", func(p *planter) uint32 { return p.rnd.Uint32N(3) }),
		entry("vhd/V032", "an entry of the BAT leads past the end of the file", func(p *planter) uint32 { return 0x70000000 + p.rnd.Uint32N(1<<24) }),
		{"vhd/V033", "the bitmap says that a sector with data was never written", (*planter).forgottenSector},
		{"vhd/V034", "two entries of the BAT lead to the same block", func(p *planter) error {
			list, err := p.storage("BAT", 2)
			if err != nil {
				return err
			}
			b, err := p.read(list[1].entry.File, list[1].entry.Offset, vhd.EntrySize)
			if err != nil {
				return err
			}
			return p.entry(list[0].entry, b)
		}},
		{"vhd/V034", "a block starts in the last sector of another (DOSBox-X: the bitmap's sector was not counted)", func(p *planter) error {
			list, err := p.storage("BAT", 2)
			if err != nil {
				return err
			}
			b, err := p.read(list[1].entry.File, list[1].entry.Offset, vhd.EntrySize)
			if err != nil {
				return err
			}
			sectors := (vhd.BitmapBytes(p.img.Info().BlockSize) + p.img.Info().BlockSize) / vhd.Sector
			return p.entry(list[0].entry, vhd.AppendEntry(nil, vhd.EntryAt(b)+uint32(sectors)-1))
		}},
		entry("vhd/V035", "the entry of a block is lost, and the block belongs to nothing", func(*planter) uint32 { return vhd.Unallocated }),
		{"vhd/V036", "a footer that QEMU left behind lies in a block (free_data_block_offset = end of the BAT)", (*planter).staleFooter},
		{"vhd/V037", "the room after the BAT's last entry is not all ones or zeros", func(p *planter) error {
			n, err := p.node("BAT")
			if err != nil {
				return err
			}
			room := -n.Place.Length & (vhd.Sector - 1)
			if room == 0 {
				return errNowhere
			}
			return p.put(n.Place.File, n.Place.End()+p.rnd.Int64N(room), []byte{byte(1 + p.rnd.IntN(254))})
		}},
		flips("vhd/V056", "a letter of a fixed disk's cookie is damaged", "footer.cookie"),
		resizes("vhd/V051", "the last byte of the file is missing", -1, 0),
	}
}

func vhdChildFaults() []Fault {
	return []Fault{
		{"vhd/V039", "the header of a disk without a parent has a time of its parent", func(p *planter) error {
			return p.set("dynamic header.parent_timestamp", "2011-01-01T00:00:00Z")
		}},
		{"vhd/V044", "the child remembers another parent than it has", func(p *planter) error {
			return p.set("dynamic header.parent_unique_id", newGUID(p))
		}},
		sets("vhd/V045", "the child remembers another time of its parent", "dynamic header.parent_timestamp", "2012-09-04T00:00:00Z"),
		sets("vhd/V048", "the child has no identity of its parent", "dynamic header.parent_unique_id", uuid.Nil.String()),
	}
}

// copyOnly gives a field of the footer's copy another value, whose checksum follows.
func (p *planter) copyOnly(field, value string) error {
	n, err := p.node("footer copy")
	if err != nil {
		return err
	}
	b, err := p.read(n.Place.File, n.Place.Offset, vhd.FooterSize)
	if err != nil {
		return err
	}
	f := vhd.FooterTable.Field(field)
	with, err := f.Parse(b, value)
	if err != nil {
		return err
	}
	copy(b[f.Offset():], with)
	vhd.FooterTable.Seal(b)
	return p.put(n.Place.File, n.Place.Offset, b)
}

// sealed sets a byte in a range of the footer, in both copies, whose checksums follow.
func (p *planter) sealed(structure string, from, n int) error {
	at, value := from+p.rnd.IntN(n), byte(1+p.rnd.IntN(255))
	for _, name := range []string{structure, structure + " copy"} {
		node, err := p.node(name)
		if err != nil {
			if p.changes > 0 {
				return nil // a fixed disk has no copy
			}
			return err
		}
		b, err := p.read(node.Place.File, node.Place.Offset, vhd.FooterSize)
		if err != nil {
			return err
		}
		b[at] = value
		vhd.FooterTable.Seal(b)
		if err := p.put(node.Place.File, node.Place.Offset, b); err != nil {
			return err
		}
	}
	return nil
}

// forgottenSector clears the bit of a sector that holds something.
func (p *planter) forgottenSector() error {
	list, err := p.storage("BAT", 1)
	if err != nil {
		return err
	}
	for _, s := range list {
		b, err := p.read(s.entry.File, s.entry.Offset, vhd.EntrySize)
		if err != nil {
			return err
		}
		block := int64(vhd.EntryAt(b)) * vhd.Sector
		data := block + vhd.BitmapBytes(p.img.Info().BlockSize)
		for off := s.Offset; off < s.Offset+min(s.Length, 1<<20); off += vhd.Sector {
			sector, err := p.read(s.File, off, vhd.Sector)
			if err != nil {
				return err
			}
			if isZero(sector) || off < data {
				continue
			}
			i := (off - data) / vhd.Sector
			bits, err := p.read(s.File, block+i/8, 1)
			if err != nil {
				return err
			}
			return p.put(s.File, block+i/8, []byte{bits[0] &^ (0x80 >> (i % 8))})
		}
	}
	return errNowhere
}

// staleRoom is how far after the BAT the footer of an image lay while it was empty, at most.
const staleRoom = 16 << 10

// staleFooter lays a copy of the footer over a sector of zeros, where the image's own was
// while it was empty.
func (p *planter) staleFooter() error {
	n, err := p.node("footer")
	if err != nil {
		return err
	}
	footer, err := p.read(n.Place.File, n.Place.Offset, vhd.FooterSize)
	if err != nil {
		return err
	}
	bat, err := p.node("BAT")
	if err != nil {
		return err
	}
	list, err := p.storage("BAT", 1)
	if err != nil {
		return err
	}
	for _, s := range list {
		b, err := p.read(s.entry.File, s.entry.Offset, vhd.EntrySize)
		if err != nil {
			return err
		}
		block := int64(vhd.EntryAt(b)) * vhd.Sector
		data := block + vhd.BitmapBytes(p.img.Info().BlockSize)
		room := min(data+p.img.Info().BlockSize, bat.Place.End()+staleRoom) - data
		if room < vhd.Sector {
			continue
		}
		for _, i := range p.rnd.Perm(int(room / vhd.Sector)) {
			at := data + int64(i)*vhd.Sector
			if b, err = p.read(s.File, at, vhd.Sector); err != nil || !isZero(b) {
				continue
			}
			bits, err := p.read(s.File, block+int64(i)/8, 1)
			if err != nil {
				return err
			}
			if err := p.put(s.File, block+int64(i)/8, []byte{bits[0] | 0x80>>(i%8)}); err != nil {
				return err
			}
			return p.put(s.File, at, footer)
		}
	}
	return errNowhere
}

// newGUID makes an identity that nothing has.
func newGUID(p *planter) string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(p.rnd.IntN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}
