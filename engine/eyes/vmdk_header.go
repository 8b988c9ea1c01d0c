package eyes

import (
	"math"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// sparseHeader is the header of a hosted sparse extent as it lies in the file.
type sparseHeader struct {
	rec decode.Record[vmdk.Header]
	at  int64
}

func sparseIn(b []byte, at int64) sparseHeader {
	raw := make([]byte, vmdk.HeaderTable.Size())
	copy(raw, b)
	rec, _ := vmdk.HeaderTable.Of(raw)
	return sparseHeader{rec, at}
}

func (h sparseHeader) marked() bool {
	return string(h.rec.Bytes()[:len(vmdk.Magic)]) == vmdk.Magic
}

func (h sparseHeader) flag(f uint32) bool { return vmdk.HeaderFlags.Get(h.rec)&f != 0 }
func (h sparseHeader) capacity() uint64   { return vmdk.HeaderCapacity.Get(h.rec) }
func (h sparseHeader) grain() uint64      { return vmdk.HeaderGrainSize.Get(h.rec) }
func (h sparseHeader) entries() uint32    { return vmdk.HeaderTableEntries.Get(h.rec) }
func (h sparseHeader) directory() uint64  { return vmdk.HeaderDirectoryOffset.Get(h.rec) }
func (h sparseHeader) algorithm() uint16  { return vmdk.HeaderCompression.Get(h.rec) }

// of is a field's place in a file.
func (h sparseHeader) of(f file, field *decode.Field) decode.Place {
	return f.place(h.at+int64(field.Offset()), int64(field.Size()))
}

// newlines reports whether the four bytes are there that text transfers damage.
func (h sparseHeader) newlines() bool {
	return vmdk.HeaderSingleEndLine.Get(h.rec) == '\n' && vmdk.HeaderNonEndLine.Get(h.rec) == ' ' &&
		vmdk.HeaderDoubleEndLine1.Get(h.rec) == '\r' && vmdk.HeaderDoubleEndLine2.Get(h.rec) == '\n'
}

// inBytes is a number of sectors in bytes; false where it is over all bounds.
func inBytes(sectors uint64) (int64, bool) {
	return int64(sectors) * 512, sectors <= math.MaxInt64/512/2
}

// vmdk is what the program makes of a VMDK.
func (o *opening) vmdk() (virtual, int64, error) {
	switch o.policy.Name {
	case QEMU:
		d, size, _, err := o.vmdkQEMU()
		return d, size, err
	case SevenZip:
		return o.vmdkSevenZip()
	case Libyal:
		d, size, _, err := o.vmdkLibyal()
		return d, size, err
	}
	return o.vmdkSpec()
}

// vmdkSpec is what programs make of a VMDK that read it by the format but for an entry of
// 1, or refuse some.
func (o *opening) vmdkSpec() (virtual, int64, error) {
	if o.spec == nil {
		return nil, 0, unknown("what the program makes of the parent is not known")
	}
	r := specReader(o.spec)
	if r.Refused != nil || o.policy.Name == VMware {
		return r.disk, r.Size, r.Refused
	}
	b, _ := o.file.padded(0, int64(vmdk.HeaderTable.Size()))
	h := sparseIn(b, 0)
	if o.policy.Name == VirtualBox && h.marked() {
		if v := vmdk.HeaderVersion.Get(h.rec); v != 1 && v != 3 {
			return nil, 0, refusal(h.of(o.file, vmdk.HeaderVersion.Field()), "a header of version %d is not supported", v)
		}
	}
	return newOnes(o.policy.Name, o.spec, r.disk, o.file), r.Size, nil
}

// onesDisk is the format's disk, but for grain table entries of 1, which some programs
// take for a grain at sector 1.
type onesDisk struct {
	spec    virtual
	policy  string
	extents []onesExtent
}

// onesExtent is a hosted sparse extent of the image itself.
type onesExtent struct {
	start, length, grain int64 // bytes
	file                 disk.File
}

func newOnes(policy string, img disk.Image, below virtual, first file) *onesDisk {
	d := &onesDisk{spec: below, policy: policy}
	files := map[string]disk.File{}
	for _, f := range img.Files() {
		files[f.Name] = f
	}
	add := func(f disk.File, start, length int64) {
		b := make([]byte, vmdk.HeaderTable.Size())
		if f.Data == nil {
			return
		}
		_, _ = f.Data.ReadAt(b, 0)
		h := sparseIn(b, 0)
		if grain, ok := inBytes(h.grain()); ok && grain > 0 && h.marked() {
			d.extents = append(d.extents, onesExtent{start, length, grain, f})
		}
	}
	b, _ := first.padded(0, min(first.size, vmdk.MaxDescriptor))
	if sparseIn(b, 0).marked() {
		add(files[first.name], 0, img.Info().VirtualSize)
		return d
	}
	at := int64(0)
	for _, l := range vmdk.ParseDescriptor(b).Extents() {
		if length, ok := inBytes(l.Extent.Sectors); ok {
			add(files[l.Extent.Name], at, length)
			at += length
		}
	}
	return d
}

func (d *onesDisk) at(off int64) (Piece, error) {
	p, err := d.spec.at(off)
	if err != nil || p.Kind != Zeros || d.policy == Dissect || len(p.Via) == 0 {
		return p, err
	}
	last := p.Via[len(p.Via)-1]
	for _, x := range d.extents {
		if off < x.start || off >= x.start+x.length || last.Raw != vmdk.ZeroGrain || last.Table != "GT" || last.Layer > 0 || last.Place.File != x.file.Name {
			continue
		}
		in := (off - x.start) % x.grain
		p.End = min(p.End, off-in+x.grain, x.start+x.length)
		p.Kind, p.File, p.Offset, p.By, p.src = Stored, x.file.Name, sectorSize+in, "zero-as-data", x.file.Data
		if p.from = p.Offset; p.Offset+p.End-off > x.file.Size {
			p.Kind, p.Why = Lost, "it lies past the end of the file"
		}
		return p, nil
	}
	return p, nil
}
