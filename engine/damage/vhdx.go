package damage

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// both is one value for a field of both headers, or region tables.
func both(structure, field, value string) []string {
	return []string{structure + " 1." + field, value, structure + " 2." + field, value}
}

// vhdxFaults are those of vhdx.md 14, as far as they can be planted in an image that is good.
func vhdxFaults() []Fault {
	header := func(n int) []string {
		var paths []string
		for _, f := range []string{"SequenceNumber", "FileWriteGuid", "DataWriteGuid", "LogOffset", "reserved"} {
			paths = append(paths, fmt.Sprintf("header %d.%s", n, f))
		}
		return paths
	}
	return slices.Concat([]Fault{
		flips("vhdx/1", "a letter of the signature vhdxfile is damaged", "file type identifier.Signature"),
		{"vhdx/2", "a text is hidden in the first MiB, after the region tables", func(p *planter) error {
			n, err := p.node("region table 2")
			if err != nil {
				return err
			}
			return p.hide(n.Place.File, vhdx.RegionOffset(1)+vhdx.SlotSize, vhdx.MiB)
		}},
		flips("vhdx/3", "a bit of a header is flipped", append(header(1), header(2)...)...),
		{"vhdx/4", "a bit of both headers is flipped", func(p *planter) error {
			if err := p.flip(pick(p, header(1))); err != nil {
				return err
			}
			return p.flip(pick(p, header(2)))
		}},
		{"vhdx/5", "both headers are the same, so that neither is newer", func(p *planter) error {
			b, err := p.read(p.img.Files()[0].Name, vhdx.HeaderOffset(1), vhdx.HeaderSize)
			if err != nil {
				return err
			}
			return p.put(p.img.Files()[0].Name, vhdx.HeaderOffset(0), b)
		}},
		{"vhdx/6", "a text is hidden after a header", func(p *planter) error {
			at := vhdx.HeaderOffset(p.rnd.IntN(2))
			return p.hide(p.img.Files()[0].Name, at+vhdx.HeaderSize, at+64<<10)
		}},
		{"vhdx/8", "the headers name two identities of the content (QEMU: a cut between their updates)", func(p *planter) error {
			older := "header 1"
			if p.sequence("header 2") < p.sequence("header 1") {
				older = "header 2"
			}
			return p.set(older+".DataWriteGuid", newGUID(p))
		}},
		sets("vhdx/7", "both headers claim version 2", both("header", "Version", "2")...),
	}, vhdxRootFaults(), vhdxMetadataFaults(), vhdxTableFaults())
}

func vhdxRootFaults() []Fault {
	return []Fault{
		{"vhdx/9", "both headers lead to a log where none can be", func(p *planter) error {
			return p.set(both("header", "LogOffset", pick(p, []string{"0x101000", "0", "0x7ffffffffff00000"}))...)
		}},
		{"vhdx/11", "the log is to be replayed, and holds no entry of that session", func(p *planter) error {
			return p.set(both("header", "LogGuid", newGUID(p))...)
		}},
		{"vhdx/13", "a bit of one region table is flipped", func(p *planter) error {
			return p.flipIn(vhdx.RegionOffset(p.rnd.IntN(2))+8, vhdx.SlotSize-8)
		}},
		{"vhdx/14", "a bit of both region tables is flipped", func(p *planter) error {
			if err := p.flipIn(vhdx.RegionOffset(0)+16, 64); err != nil {
				return err
			}
			return p.flipIn(vhdx.RegionOffset(1)+16, 64)
		}},
		sets("vhdx/53", "the disk has no identity", both("header", "DataWriteGuid", uuid.Nil.String())...),
		{"vhdx/54", "the current header has the last sequence number there is", func(p *planter) error {
			name := "header 1"
			if p.sequence("header 2") > p.sequence("header 1") {
				name = "header 2"
			}
			return p.set(name+".SequenceNumber", "0xffffffffffffffff")
		}},
		resizes("vhdx/51", "half a sector follows the end of the file", 256, 0),
		{"vhdx/52", "a text is hidden in the log", func(p *planter) error { return p.hideIn("log", 0) }},
	}
}

func vhdxMetadataFaults() []Fault {
	return []Fault{
		flips("vhdx/20", "a letter of the metadata table's signature is damaged", "metadata table.Signature"),
		{"vhdx/28", "the block size is none that can be", func(p *planter) error {
			return p.set("file parameters.BlockSize", pick(p, []string{"0", "3M", "512K"}))
		}},
		sets("vhdx/28", "the logical sector size is 1024", "logical sector size.LogicalSectorSize", "1024"),
		sets("vhdx/29", "the disk's size is 0", "virtual disk size.VirtualDiskSize", "0"),
		{"vhdx/29", "the disk's size is no whole number of sectors", func(p *planter) error {
			return p.set("virtual disk size.VirtualDiskSize", strconv.FormatInt(p.img.Info().VirtualSize-1-p.rnd.Int64N(500), 10))
		}},
		{"vhdx/35", "the disk is said to be larger than its BAT can place", func(p *planter) error {
			return p.set("virtual disk size.VirtualDiskSize", strconv.FormatInt(min(p.img.Info().VirtualSize*64+2<<42, 60<<40), 10))
		}},
		{"vhdx/52", "a text is hidden in the metadata region", func(p *planter) error { return p.hideIn("metadata", 64<<10) }},
		{"vhdx/34", "the child remembers another state of its parent (parent_linkage)", (*planter).otherLinkage},
	}
}

// storedEntry is a fault in the BAT entry of a block that is stored.
func storedEntry(code, about string, value func(p *planter, was uint64) uint64) Fault {
	return Fault{code, about, func(p *planter) error {
		list, err := p.storage("BAT", 1)
		if err != nil {
			return err
		}
		return p.batEntry(list[0].entry, value)
	}}
}

// unstoredEntry is a fault in the BAT entry of a block that is not stored.
func unstoredEntry(code, about string, value func(p *planter, was uint64) uint64) Fault {
	return Fault{code, about, func(p *planter) error {
		at, err := p.freeEntry()
		if err != nil {
			return err
		}
		return p.batEntry(at, value)
	}}
}

// moved gives a block that is not stored a state, and the place of another one.
func moved(state uint64) func(*planter) error {
	return func(p *planter) error {
		list, err := p.storage("BAT", 1)
		if err != nil {
			return err
		}
		b, err := p.read(list[0].entry.File, list[0].entry.Offset, vhdx.EntrySize)
		if err != nil {
			return err
		}
		at, err := p.freeEntry()
		if err != nil {
			return err
		}
		return p.batEntry(at, func(*planter, uint64) uint64 { return vhdx.FileOffset(vhdx.EntryAt(b)) | state })
	}
}

func vhdxTableFaults() []Fault {
	entry, free, place := storedEntry, unstoredEntry, vhdx.FileOffset
	return []Fault{
		{"vhdx/36", "the room after the BAT's last entry holds something", func(p *planter) error {
			n, err := p.node("BAT")
			if err != nil {
				return err
			}
			end := n.Place.Offset + (n.Place.Length+vhdx.MiB-1)/vhdx.MiB*vhdx.MiB
			used := n.Place.Offset + int64(n.Len())*vhdx.EntrySize
			return p.hide(n.Place.File, used, end)
		}},
		entry("vhdx/37", "reserved bits of an entry of the BAT are set", func(p *planter, was uint64) uint64 { return was | 1<<(3+p.rnd.IntN(17)) }),
		entry("vhdx/38", "a block has a state that the format does not know", func(p *planter, was uint64) uint64 { return place(was) | vhdx.ReservedState }),
		free("vhdx/38", "a block has the state of a draft of the format", func(*planter, uint64) uint64 { return vhdx.UnmappedDraft }),
		entry("vhdx/39", "a block of a disk without a parent is partly present", func(p *planter, was uint64) uint64 { return place(was) | vhdx.PartiallyPresent }),
		free("vhdx/40", "a ZERO block keeps a place (QEMU 2.2 and older: Hyper-V can't read the disk)", func(p *planter, _ uint64) uint64 {
			return (uint64(p.img.Files()[0].Size)+vhdx.MiB-1)&^(vhdx.MiB-1) | vhdx.ZeroBlock
		}),
		free("vhdx/41", "a block is present and has no place", func(*planter, uint64) uint64 { return vhdx.FullyPresent }),
		entry("vhdx/42", "an entry of the BAT leads past the end of the file", func(p *planter, was uint64) uint64 {
			return place(was) + 1<<40 + p.rnd.Uint64N(1000)<<20 | vhdx.FullyPresent
		}),
		{"vhdx/44", "two entries of the BAT lead to the same block", moved(vhdx.FullyPresent)},
		free("vhdx/44", "an entry of the BAT leads into the log", func(p *planter, _ uint64) uint64 { return p.logOffset() | vhdx.FullyPresent }),
		{"vhdx/45", "a freed block's old place is another block's", moved(vhdx.Unmapped)},
		{"vhdx/50", "the entry of a block is lost, and the block belongs to nothing", func(p *planter) error {
			list, err := p.storage("BAT", 1)
			if err != nil {
				return err
			}
			return p.batEntry(list[0].entry, func(*planter, uint64) uint64 { return vhdx.NotPresent })
		}},
		{"vhdx/44", "a page of the BAT is shifted by one entry, so that blocks answer for others (QEMU 1.7 to 7.2.1)", (*planter).shiftedPage},
	}
}

// flipIn flips a bit in a range of the file.
func (p *planter) flipIn(off, n int64) error {
	file, at := p.img.Files()[0].Name, off+p.rnd.Int64N(n)
	b, err := p.read(file, at, 1)
	if err != nil {
		return err
	}
	b[0] ^= 1 << p.rnd.IntN(8)
	return p.put(file, at, b)
}

// hideIn writes a text into a region, so many bytes after its start.
func (p *planter) hideIn(region string, from int64) error {
	n, err := p.node(region)
	if err != nil {
		return err
	}
	return p.hide(n.Place.File, n.Place.Offset+from, n.Place.Offset+max(n.Place.Length, vhdx.MiB))
}

// sequence is the sequence number of a header; 0 if there is none.
func (p *planter) sequence(header string) uint64 {
	n, err := p.node(header + ".SequenceNumber")
	if err != nil {
		return 0
	}
	return decode.Little.Uint(n.Raw)
}

// logOffset is where the log lies, in bytes.
func (p *planter) logOffset() uint64 {
	n, err := p.node("header 2.LogOffset")
	if err != nil {
		return 0
	}
	return decode.Little.Uint(n.Raw)
}

// batEntry changes an entry of the BAT; one that becomes what it was is no fault.
func (p *planter) batEntry(at decode.Place, change func(p *planter, was uint64) uint64) error {
	b, err := p.read(at.File, at.Offset, vhdx.EntrySize)
	if err != nil {
		return err
	}
	return p.entry(at, vhdx.AppendEntry(nil, change(p, vhdx.EntryAt(b))))
}

// freeEntry chooses an entry of the BAT whose block is not stored.
func (p *planter) freeEntry() (decode.Place, error) {
	bat, err := p.node("BAT")
	if err != nil || bat.Len() == 0 {
		return decode.Place{}, errNowhere
	}
	start, n := p.rnd.IntN(bat.Len()), min(bat.Len(), entriesLooked)
	for i := range n {
		e := bat.Child((start + i) % bat.Len())
		if e.Len() == 0 || e.Child(0).Field == nil || e.Child(0).Field.Layout() != &vhdx.PayloadTable.Layout {
			continue
		}
		b, err := p.read(e.Place.File, e.Place.Offset, vhdx.EntrySize)
		if err != nil {
			return decode.Place{}, err
		}
		if vhdx.EntryAt(b) == vhdx.NotPresent {
			return e.Place, nil
		}
	}
	return decode.Place{}, errNowhere
}

// shiftedPage moves all entries of a page of the BAT up by one, as a driver did that copied
// the old page to where the new entry had made room.
func (p *planter) shiftedPage() error {
	bat, err := p.node("BAT")
	if err != nil {
		return err
	}
	b, err := p.read(bat.Place.File, bat.Place.Offset, min(vhdx.LogSector, int64(bat.Len())*vhdx.EntrySize))
	if err != nil || len(b) < 2*vhdx.EntrySize {
		return errNowhere
	}
	return p.put(bat.Place.File, bat.Place.Offset, append(append([]byte(nil), b[:vhdx.EntrySize]...), b[:len(b)-vhdx.EntrySize]...))
}

// otherLinkage changes a digit of the GUID by which a child knows its parent.
func (p *planter) otherLinkage() error {
	n, err := p.node("parent locator")
	if err != nil {
		return err
	}
	b, err := p.read(n.Place.File, n.Place.Offset, max(n.Place.Length, 4<<10))
	if err != nil {
		return err
	}
	at := strings.Index(string(b), string(decode.EncodeUTF16("{", decode.Little)))
	if at < 0 {
		return errNowhere
	}
	at += 2 * (1 + p.rnd.IntN(8))
	digit, err := strconv.ParseUint(string(b[at:at+1]), 16, 8)
	if err != nil {
		return errNowhere
	}
	other := (digit + 1 + p.rnd.Uint64N(15)) % 16
	return p.put(n.Place.File, n.Place.Offset+int64(at), []byte(hex.EncodeToString([]byte{byte(other)})[1:]))
}
