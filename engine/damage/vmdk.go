package damage

import (
	"bytes"
	"fmt"
	"strconv"

	"platter/decode"
	"platter/decode/vmdk"
)

// vmdkFaults are those of vmdk.md 12, as far as they can be planted in an image that is good.
func vmdkFaults() []Fault {
	return append([]Fault{
		flips("vmdk/H1", "a letter of the magic KDMV is damaged", "sparse header.magicNumber"),
		sets("vmdk/H2", "the header claims version 4", "sparse header.version", "4"),
		{"vmdk/H3", "a bit of the flags is set that no version knows", func(p *planter) error {
			return p.setBits("sparse header.flags", 1<<(18+p.rnd.IntN(10)))
		}},
		{"vmdk/H4", "the newline test fails: a transfer as text has changed the file", func(p *planter) error {
			n, err := p.node("sparse header.singleEndLineChar")
			if err != nil {
				return err
			}
			return p.put(n.Place.File, n.Place.Offset, []byte("\r\n \n"))
		}},
		sets("vmdk/H5", "the header says that grains are compressed, its flags don't", "sparse header.compressAlgorithm", "1"),
		{"vmdk/H6", "the grain size is no power of two", func(p *planter) error {
			return p.set("sparse header.grainSize", fmt.Sprint(2*p.rnd.IntN(60)+9))
		}},
		sets("vmdk/H8", "the header leads to a grain directory past the end of the file", "sparse header.gdOffset", "0x200000000"),
		{"vmdk/H10", "the header claims that its structures end earlier", func(p *planter) error {
			return p.set("sparse header.overHead", fmt.Sprint(1+p.rnd.IntN(20)))
		}},
		sets("vmdk/H11", "the disk's size is 0", "sparse header.capacity", "0"),
		sets("vmdk/H12", "the header says that the file was not closed", "sparse header.uncleanShutdown", "1"),
		{"vmdk/H13", "a byte is set in the header's padding", func(p *planter) error { return p.flip("sparse header.pad") }},
		{"vmdk/H16", "a text is hidden between the structures and the first grain", func(p *planter) error {
			n, err := p.node("sparse header.overHead")
			if err != nil {
				return err
			}
			end := int64(min(decode.Little.Uint(n.Raw), 1<<40)) * vmdk.SectorSize
			return p.hide(n.Place.File, end-4<<10, end)
		}},
	}, append(vmdkTextFaults(), append(vmdkTableFaults(), vmdkStreamFaults()...)...)...)
}

// inText replaces a part of the descriptor by one of the same length.
func inText(code, about, old, with string) Fault {
	return Fault{code, about, func(p *planter) error {
		n, err := p.node("descriptor")
		if err != nil {
			return err
		}
		b, err := p.read(n.Place.File, n.Place.Offset, min(n.Place.Length, vmdk.MaxDescriptor))
		if err != nil {
			return err
		}
		at := bytes.Index(b, []byte(old))
		if at < 0 {
			return errNowhere
		}
		return p.put(n.Place.File, n.Place.Offset+int64(at), []byte(with))
	}}
}

func vmdkTextFaults() []Fault {
	return []Fault{
		inText("vmdk/D2", "the descriptor claims version 4", "version=1\n", "version=4\n"),
		{"vmdk/D3", "a digit of the content ID is no digit", func(p *planter) error {
			n, err := p.node("descriptor.CID.value")
			if err != nil || n.Place.Length == 0 {
				return errNowhere
			}
			return p.put(n.Place.File, n.Place.Offset+p.rnd.Int64N(n.Place.Length), []byte("x"))
		}},
		inText("vmdk/D4", "the parent's content ID is none", "parentCID=ffffffff", "parentCID=orphaned"),
		inText("vmdk/D4", "the line of the parent's content ID is lost", "parentCID", "#arentCID"),
		inText("vmdk/D5", "the type of the disk is one that does not exist", "monolithicSparse", "monolithicSparsf"),
		inText("vmdk/D5", "the type of the disk is another one", "streamOptimized", "streamOptimised"),
		inText("vmdk/D6", "the extent line can't be read", "\nRW ", "\nRX "),
		inText("vmdk/D8", "a control byte stands in the descriptor", "# Extent", "#\x1bExtent"),
		inText("vmdk/D9", "a heading of the descriptor is lost", "# Extent description", "# Xxtent description"),
		inText("vmdk/D10", "a line of the geometry is lost", "ddb.geometry.heads", "ddb.xeometry.heads"),
		inText("vmdk/D11", "the adapter is one that no product has", `ddb.adapterType = "ide"`, `ddb.adapterType = "isa"`),
		inText("vmdk/D11", "the adapter is one that no product has", `ddb.adapterType = "lsilogic"`, `ddb.adapterType = "lsilogik"`),
		{"vmdk/L2", "the child remembers another content ID of its parent", func(p *planter) error {
			n, err := p.node("descriptor.parentCID.value")
			if err != nil || n.Value == "ffffffff" || n.Place.Length != 8 {
				return errNowhere
			}
			return p.put(n.Place.File, n.Place.Offset, fmt.Appendf(nil, "%08x", p.rnd.Uint32N(1<<31)))
		}},
	}
}

// grainEntry is a fault in both table entries of a grain that is stored.
func grainEntry(code, about string, value func(p *planter) uint32) Fault {
	return Fault{code, about, func(p *planter) error {
		list, err := p.storage("GT", 1)
		if err != nil {
			return err
		}
		return p.tableEntry(list[0].entry, value(p), true)
	}}
}

// anotherGrain is a fault by which a grain is said to lie where another one does, or so many
// sectors on; in both tables or in one.
func anotherGrain(code, about string, both bool, shift uint32) Fault {
	return Fault{code, about, func(p *planter) error {
		list, err := p.storage("GT", 2)
		if err != nil {
			return err
		}
		at, err := p.grainSector(list[1])
		if err != nil {
			return err
		}
		return p.tableEntry(list[0].entry, at+shift, both)
	}}
}

// lostTable is a fault by which an entry of a directory leads past the end of the file.
func lostTable(code, about, directory string) Fault {
	return Fault{code, about, func(p *planter) error {
		n, err := p.node(directory)
		if err != nil || n.Place.Length < vmdk.EntrySize {
			return errNowhere
		}
		at := n.Place.Offset + p.rnd.Int64N(n.Place.Length/vmdk.EntrySize)*vmdk.EntrySize
		return p.put(n.Place.File, at, decodeEntry(1<<30+p.rnd.Uint32N(1000)))
	}}
}

// grainSector is the sector of the file at which a grain lies.
func (p *planter) grainSector(s stored) (uint32, error) {
	b, err := p.read(s.entry.File, s.entry.Offset, vmdk.EntrySize)
	if err != nil {
		return 0, err
	}
	return uint32(vmdk.EntryAt(b, vmdk.EntrySize)), nil
}

func vmdkTableFaults() []Fault {
	return []Fault{
		lostTable("vmdk/G2", "an entry of the grain directory leads past the end of the file", "grain directory"),
		lostTable("vmdk/G2", "an entry of the redundant directory leads past the end of the file", "redundant grain directory"),
		{"vmdk/G4", "one of the two tables has lost a grain", func(p *planter) error {
			list, err := p.storage("GT", 1)
			if err != nil {
				return err
			}
			return p.tableEntry(list[0].entry, 0, false)
		}},
		anotherGrain("vmdk/G5", "the two tables place a grain differently", false, 0),
		grainEntry("vmdk/G6", "a grain is said to lie past the end of the file", func(p *planter) uint32 { return 1<<30 + p.rnd.Uint32N(1<<20) }),
		grainEntry("vmdk/G6", "a grain is said to lie in the structures (a guest's write there destroyed the header: QEMU at an entry of 0)", func(p *planter) uint32 { return 3 + p.rnd.Uint32N(8) }),
		grainEntry("vmdk/G7", "a grain is marked as zeros, by a version that has no such mark", func(*planter) uint32 { return vmdk.ZeroGrain }),
		anotherGrain("vmdk/G8", "two entries lead to the same grain", true, 0),
		anotherGrain("vmdk/G9", "a grain starts between two places", true, 1),
		grainEntry("vmdk/G12", "the entries of a grain are lost, and the grain belongs to nothing", func(*planter) uint32 { return 0 }),
		resizes("vmdk/G11", "the last sector of the file is missing", -vmdk.SectorSize, 0),
		{"vmdk/G14", "a grain holds nothing but zeros", func(p *planter) error {
			list, err := p.storage("GT", 1)
			if err != nil {
				return err
			}
			at, err := p.grainSector(list[0])
			if err != nil {
				return err
			}
			return p.put(list[0].entry.File, int64(at)*vmdk.SectorSize, make([]byte, p.img.Info().BlockSize))
		}},
	}
}

func vmdkStreamFaults() []Fault {
	packed := func(code, about string, change func(p *planter, marker []byte) (at int64, with []byte)) Fault {
		return Fault{code, about, func(p *planter) error {
			list, err := p.storage("GT", 1)
			if err != nil {
				return err
			}
			s := list[0]
			if s.Packed < 32 {
				return errNowhere
			}
			b, err := p.read(s.File, s.Offset, min(s.Packed, 1<<16))
			if err != nil {
				return err
			}
			at, with := change(p, b)
			return p.put(s.File, s.Offset+at, with)
		}}
	}
	data := int64(vmdk.GrainMarkerTable.Size())
	return []Fault{
		packed("vmdk/S6", "a bit of a compressed grain is flipped", func(p *planter, b []byte) (int64, []byte) {
			at := data + 8 + p.rnd.Int64N(int64(len(b))-data-8)
			return at, []byte{b[at] ^ 1<<p.rnd.IntN(8)}
		}),
		packed("vmdk/S4", "a compressed grain says that it belongs elsewhere on the disk", func(p *planter, b []byte) (int64, []byte) {
			lba := vmdk.GrainMarkerLBA.Field()
			with := append([]byte(nil), b[lba.Offset():lba.Offset()+lba.Size()]...)
			with[1] ^= byte(1 + p.rnd.IntN(100))
			return int64(lba.Offset()), with
		}),
		resizes("vmdk/S1", "the stream is cut off before its footer (an upload that broke off)", -3*vmdk.SectorSize, 0),
		resizes("vmdk/S8", "half a sector follows the stream's end", 200, 7),
	}
}

// decodeEntry is a table's entry as bytes.
func decodeEntry(sector uint32) []byte {
	b := make([]byte, vmdk.EntrySize)
	vmdk.PutEntry(b, vmdk.EntrySize, uint64(sector))
	return b
}

// tableEntry gives an entry of a grain table another value, with both in the second table too.
func (p *planter) tableEntry(at decode.Place, sector uint32, both bool) error {
	root := p.img.Tree()
	n := root
	for _, i := range root.Find(at.File, at.Offset) {
		n = n.Child(i)
		if both && n.SecondCopy != nil && n.Place.Offset == at.Offset && n.Place.Length == vmdk.EntrySize {
			if err := p.put(n.SecondCopy.File, n.SecondCopy.Offset, decodeEntry(sector)); err != nil {
				return err
			}
			break
		}
	}
	return p.entry(at, decodeEntry(sector))
}

// setBits sets bits of a field.
func (p *planter) setBits(path string, mask uint64) error {
	n, err := p.node(path)
	if err != nil {
		return err
	}
	return p.set(path, strconv.FormatUint(decode.Little.Uint(n.Raw)|mask, 10))
}
