package vmdk

import (
	"errors"
	"io/fs"
	"path"
	"sort"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// extent is a run of the disk's bytes and the file that holds them.
type extent struct {
	line   *vmdk.Line // its line of the descriptor; nil for a sparse extent opened by itself
	start  int64      // bytes on the disk
	length int64
	zero   bool    // reads as zeros, without a file
	file   *file   // nil if there is none or it is missing
	base   int64   // flat: where the data starts in the file, in bytes
	sparse *sparse // of the sparse kinds
	fault  *disk.Error
	absent error // why the file could not be opened
}

// run tells what the bytes [x, x+n) of the extent are, as far as one answer goes.
func (e *extent) run(x, n int64, r *run) error {
	n = min(n, e.length-x)
	switch {
	case e.fault != nil:
		*r = run{length: n, state: disk.Missing, offset: -1, fault: extentFault}
	case e.zero:
		*r = run{length: n, state: disk.Zero, offset: -1}
	case e.sparse == nil:
		*r = run{length: n, state: disk.Data, offset: e.base + x}
		if left := e.file.Size - r.offset; left <= 0 {
			r.state, r.offset, r.fault = disk.Missing, -1, fileCut
		} else {
			r.length = min(n, left)
		}
	case e.sparse.walk != nil:
		e.sparse.walk.run(x, n, r)
	case x >= e.sparse.reads.capacity:
		*r = run{length: n, state: disk.Zero, offset: -1}
		if x >= roundUp(e.sparse.reads.capacity, e.sparse.reads.grain) {
			r.state, r.fault = disk.Missing, headerShort
		} else {
			r.length = min(n, roundUp(e.sparse.reads.capacity, e.sparse.reads.grain)-x)
		}
	default:
		if err := e.sparse.reads.run(x, n, r); err != nil {
			return err
		}
	}
	r.extent = e
	return nil
}

// arrange makes the extents of a separate descriptor, in the order of its
// lines (vmdk.md 2.4).
func (m *Image) arrange() *disk.Error {
	if encrypted(m.text) {
		return disk.Errorf(disk.Unsupported, m.textAt, "the disk is encrypted")
	}
	var total uint64
	for _, l := range m.text.Extents() {
		x := l.Extent
		if !x.Sized || x.Type == "" {
			return disk.Errorf(disk.Damaged, m.linePlace(l), "extent line: %s; the extents after it can't be placed", l.Fault)
		}
		if x.Sectors > maxSectors-total {
			return disk.Errorf(disk.Damaged, m.linePlace(l), "the extents have more than 2^63 bytes together")
		}
		e := &extent{line: l, start: int64(total) * vmdk.SectorSize, length: int64(x.Sectors) * vmdk.SectorSize}
		total += x.Sectors
		m.furnish(e)
		m.extents = append(m.extents, e)
	}
	m.size = int64(total) * vmdk.SectorSize
	if len(m.extents) == 0 {
		return disk.Errorf(disk.Damaged, m.textAt, "the descriptor has no extent lines")
	}
	return nil
}

// furnish finds what an extent line stands for. What can't be had is the
// extent's fault, not the image's.
func (m *Image) furnish(e *extent) {
	x := e.line.Extent
	fail := func(kind disk.ErrorKind, format string, args ...any) {
		e.fault = disk.Errorf(kind, m.linePlace(e.line), format, args...)
	}
	switch {
	case x.Type == vmdk.TypeZero:
		if e.zero = x.Access != "NOACCESS"; !e.zero {
			fail(disk.Unsupported, "the extent is marked NOACCESS")
		}
		return
	case e.line.Fault != "" && !x.Named:
		fail(disk.Damaged, "extent line: %s", e.line.Fault)
		return
	case isDevice(x.Name):
		fail(disk.Unsupported, "extent on the device %s: devices are never opened", decode.InQuotes(x.Name))
		return
	case elsewhere(x) != "":
		fail(disk.Unsupported, "extent of type %s can't be read: %s", x.Type, elsewhere(x))
		return
	}
	m.attach(e)
	if e.fault == nil && x.Access == "NOACCESS" {
		fail(disk.Unsupported, "the extent is marked NOACCESS")
	}
}

// attach opens an extent's file.
func (m *Image) attach(e *extent) {
	x := e.line.Extent
	f, err := m.openFile(x.Name)
	if err != nil {
		e.absent = err
		e.fault = &disk.Error{Kind: disk.NotFound, At: m.linePlace(e.line), What: "extent file " + decode.InQuotes(x.Name) + " can't be opened", Err: err}
		return
	}
	if f.isSame(m.main) {
		e.fault = disk.Errorf(disk.Damaged, m.linePlace(e.line), "the extent line names the descriptor itself")
		return
	}
	e.file = f
	if x.IsFlat() {
		if x.Offset > maxSectors-x.Sectors {
			e.fault = disk.Errorf(disk.Damaged, m.linePlace(e.line), "offset 0x%x and %d sectors do not fit 63 bits of bytes", x.Offset, x.Sectors)
			return
		}
		e.base = int64(x.Offset) * vmdk.SectorSize
		return
	}
	m.attachSparse(e)
}

func (m *Image) attachSparse(e *extent) {
	unreadable := func(err error) {
		e.fault = &disk.Error{Kind: disk.Damaged, At: m.linePlace(e.line), What: "the extent file can't be read", Err: err}
	}
	b, err := e.file.head(0, vmdk.CowdHeaderSize)
	if err != nil {
		unreadable(err)
		return
	}
	kind := kindOf(b)
	if kind == vmdk.KindNone && e.line.Extent.Type == vmdk.TypeSparse {
		if e.file.rebuilt = e.file.rebuild(e.line.Extent.Sectors, false); e.file.rebuilt != nil {
			kind = vmdk.KindHosted
		}
	}
	if kind == vmdk.KindNone {
		e.fault = disk.Errorf(disk.Damaged, e.file.place(0, int64(len(b))), "the descriptor says %s, but the file has the magic of no sparse extent", e.line.Extent.Type)
		return
	}
	if e.sparse, err = e.file.openSparse(kind); err != nil {
		unreadable(err)
		return
	}
	e.fault = e.sparse.unreadable()
}

// openSparse reads a sparse file's headers once, however many lines name it.
func (f *file) openSparse(kind vmdk.Kind) (*sparse, error) {
	if f.sparse == nil {
		s, err := openSparse(f, kind)
		if err != nil {
			return nil, err
		}
		f.sparse = s
	}
	return f.sparse, nil
}

// isSame reports whether two files are one, by the host's word.
func (f *file) isSame(other *file) bool {
	return f == other || f.known && other.known && f.id == other.id
}

// isDevice tells names of devices, on whatever system, from those of files.
func isDevice(name string) bool {
	p := strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	return strings.HasPrefix(p, "//./") || strings.HasPrefix(p, "/dev/") || strings.HasPrefix(p, "/vmfs/devices/")
}

// elsewhere says why the data of an extent is in no file that could be opened; empty if it
// may be.
func elsewhere(x *vmdk.Extent) string {
	switch {
	case strings.Contains(x.Name, "://"):
		return "its data is an object of a store, such as vSAN, and not in a file: export the disk on the host"
	case x.Type == "VSANSPARSE":
		return "its data is in vSAN's own format, which was never published: export the disk on the host"
	case x.Type == "VMFSRDM" || x.Type == "VMFSRAW":
		return "its data is on a device of the storage (raw device mapping), and the file only says on which: make an image of the device"
	case !x.IsFlat() && !x.IsSparse():
		return "the format knows no such type"
	}
	return ""
}

// openFile opens a file that the descriptor names, once. A name in a legacy
// encoding is tried as it reads there first, then as its bytes.
func (m *Image) openFile(claimed string) (*file, error) {
	if f := m.byClaim[claimed]; f != nil {
		return f, nil
	}
	if err := m.absent[claimed]; err != nil {
		return nil, err
	}
	if m.src.Opener == nil {
		return nil, fs.ErrNotExist
	}
	if len(m.absent) >= maxAbsent {
		return nil, errManyAbsent
	}
	f, err := m.seek(claimed)
	if err != nil {
		m.absent[claimed] = err
	}
	return f, err
}

// maxAbsent bounds how many files are looked for in vain: each costs a look
// through the folder.
const maxAbsent = 1000

var errManyAbsent = errors.New("not looked for: too many other files of this disk are missing")

func (m *Image) seek(claimed string) (*file, error) {
	var first error
	for _, name := range m.spellings(claimed) {
		handle, rel, err := m.src.Opener.OpenFile(name)
		if err != nil {
			if first == nil {
				first = err
			}
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return nil, first
		}
		f, err := m.adopt(rel, handle)
		if err != nil {
			handle.Close()
			return nil, err
		}
		m.byClaim[claimed] = f
		return f, nil
	}
	return nil, first
}

// adopt makes a file one of the image's. The same file under another name is
// the one that is already there.
func (m *Image) adopt(rel string, handle store.File) (*file, error) {
	f, err := newFile(path.Clean(rel), handle)
	if err != nil {
		return nil, err
	}
	if old := m.byName[f.Name]; old != nil {
		handle.Close()
		return old, nil
	}
	m.byName[f.Name] = f
	m.files = append(m.files, f)
	return f, nil
}

// extentAt is the index of the extent that holds a byte of the disk.
func (m *Image) extentAt(pos int64) int {
	return sort.Search(len(m.extents), func(i int) bool {
		return m.extents[i].start+m.extents[i].length > pos
	})
}

// linePlace is where a line of the descriptor lies.
func (m *Image) linePlace(l *vmdk.Line) decode.Place {
	return l.At.Place(m.textAt.File, m.textAt.Offset)
}
