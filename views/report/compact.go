package report

import (
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Compacting is what became of an image that was to become shorter. Sizes are in bytes.
type Compacting struct {
	Outcome
	disk.Compacted
	Size      [2]int64 // of all files, before and after
	Host      [2]int64 // that they take there; after below 0: not known before it is done
	Punched   int64    // that became holes
	Punching  bool     // only holes were to be made
	Out       string   // the new image; empty: the image was compacted where it lies
	BlockSize int64    // bytes

	GuestFree bool  // what a guest calls free was to be given up:
	Volumes   int   // so many file systems could be believed,
	Free      int64 // that call so many bytes free,
	Freed     int64 // and so many blocks were given up for it,
	// which were so many bytes of the disk, stored or not
	FreedBytes int64
}

// Compact reports it.
func Compact(w io.Writer, r Compacting, form Form) error {
	if form == JSON {
		return compactJSON(w, r)
	}
	p := newPage(w)
	f := facts{p, len("given up, of zeros")}
	switch {
	case r.Punching && r.GuestFree:
		p.print("%s %s (%s bytes) that the guest calls free, and holes of %s (%s bytes) of zeros", past(r.DryRun, "would give up", "gave up"),
			decode.FormatSize(uint64(r.FreedBytes)), decode.Grouped(r.FreedBytes), decode.FormatSize(uint64(r.Punched)), decode.Grouped(r.Punched))
	case r.Punching && r.Punched == 0:
		p.print("the files hold no zeros of 64 KiB or more that could become holes; nothing was changed")
		return p.end(nil)
	case r.Punching:
		p.print("%s %s (%s bytes) of zeros", past(r.DryRun, "would make holes of", "made holes of"), decode.FormatSize(uint64(r.Punched)), decode.Grouped(r.Punched))
	case r.Out == "" && r.Size[0] == r.Size[1] && r.Compacted == (disk.Compacted{}) && r.Freed == 0:
		p.print("there is nothing to give up and no gap to close: the files have %s bytes; nothing was changed", decode.Grouped(r.Size[0]))
		return p.end(nil)
	default:
		p.print("the files %s %s (%s bytes), before %s (%s bytes)", past(r.DryRun, "would have", "have"), decode.FormatSize(uint64(r.Size[1])), decode.Grouped(r.Size[1]),
			decode.FormatSize(uint64(r.Size[0])), decode.Grouped(r.Size[0]))
	}
	f.add("new image", r.Out)
	f.add("free in the guest", r.freed())
	f.add("given up, of zeros", r.blocks(r.Zero))
	f.add("as the parent's", r.blocks(r.Parent))
	f.add("without entry", r.blocks(r.Orphan))
	if r.Moved > 0 {
		f.add("moved", fmt.Sprintf("%s, %s bytes copied", r.blocks(r.Moved), decode.Grouped(r.Bytes)))
	}
	if r.Host[1] >= 0 {
		f.add("on the host", fmt.Sprintf("%s -> %s bytes", decode.Grouped(r.Host[0]), decode.Grouped(r.Host[1])))
	}
	return p.end(nil)
}

// freed words what a guest called free; empty where nobody asked.
func (r Compacting) freed() string {
	switch {
	case !r.GuestFree:
		return ""
	case r.Punching:
		return decode.FormatSize(uint64(r.Free))
	case r.Freed == 0:
		return fmt.Sprintf("%s, in no block that is stored", decode.FormatSize(uint64(r.Free)))
	}
	return fmt.Sprintf("%s, %s given up for it", decode.FormatSize(uint64(r.Free)), r.blocks(r.Freed))
}

// blocks words a number of blocks; empty for none.
func (r Compacting) blocks(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s", decode.Grouped(n), decode.FormatSize(uint64(r.BlockSize)))
}

func compactJSON(w io.Writer, r Compacting) error {
	d := newDocument(w, "compact")
	if r.DryRun && r.Plan == nil {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.object("file_size")
	d.number("before", r.Size[0])
	d.number("after", r.Size[1])
	d.close()
	d.object("on_host")
	d.number("before", r.Host[0])
	d.size("after", r.Host[1])
	d.close()
	d.object("dropped")
	d.number("zero", r.Zero)
	d.number("free", r.Freed)
	d.number("parent", r.Parent)
	d.number("orphan", r.Orphan)
	d.close()
	d.number("moved_blocks", r.Moved)
	d.number("moved_bytes", r.Bytes)
	if r.GuestFree {
		d.number("guest_free_bytes", r.Free)
		d.number("made_zero_bytes", r.FreedBytes)
	}
	d.number("punched_bytes", r.Punched)
	d.words("out", r.Out)
	return d.end(nil)
}
