package sectors

import (
	"sort"

	"platter/engine/disk"
)

// stretch is a range of the virtual disk that comes from one place of a file,
// or of which nothing is stored for one reason. A stored one lies in a single
// block, so that every block has its ruler.
type stretch struct {
	start, end int64
	state      disk.State
	layer      int
	file       string
	offset     int64 // in file; -1 where there is none
	packed     int64 // length of compressed data; 0 if it is stored plainly
	block      int64 // number; -1 where the image has none
	via        disk.Via
	entries    int64  // that the range takes, as far as blocks tell; 0 without blocks
	label      string // what its line says; made when it is drawn first
}

func (s *stretch) stored() bool { return s.state.Content() == disk.Stored }

// continues reports whether next goes on where s ends, for the same reason.
func (s *stretch) continues(next *stretch) bool {
	if s.end != next.start || s.state != next.state || s.layer != next.layer || s.file != next.file || s.packed+next.packed > 0 {
		return false
	}
	if !s.stored() {
		return true
	}
	return s.block == next.block && s.offset+s.end-s.start == next.offset
}

// window is what is known of the map: stretches without holes around the
// cursor. It grows at either end and forgets what is far away.
type window struct {
	list []stretch
	size int64 // of the disk
	at   int64 // where an empty window will start
}

// windowLimit is how many stretches are kept.
const windowLimit = 4096

func (w *window) start() int64 {
	if len(w.list) == 0 {
		return w.at
	}
	return w.list[0].start
}

func (w *window) end() int64 {
	if len(w.list) == 0 {
		return w.at
	}
	return w.list[len(w.list)-1].end
}

// find is the stretch that holds a byte.
func (w *window) find(off int64) (int, bool) {
	if off < w.start() || off >= w.end() {
		return 0, false
	}
	i := sort.Search(len(w.list), func(i int) bool { return w.list[i].end > off })
	return i, i < len(w.list)
}

// reset forgets everything; the window will grow from off.
func (w *window) reset(off int64) { w.list, w.at = nil, off }

// add takes stretches in that end where the window starts, or start where it
// ends. Others are late answers.
func (w *window) add(list []stretch, before bool) bool {
	if len(list) == 0 {
		return false
	}
	if before && list[len(list)-1].end == w.start() {
		rest := w.list
		w.list = list
		for i := range rest {
			w.list = joined(w.list, rest[i])
		}
		return true
	}
	if !before && list[0].start == w.end() {
		for i := range list {
			w.list = joined(w.list, list[i])
		}
		return true
	}
	return false
}

// joined appends a stretch, or lets the last one grow by it.
func joined(list []stretch, s stretch) []stretch {
	if n := len(list); n > 0 {
		list[n-1].label = "" // which may say that there is more
	}
	if n := len(list); n > 0 && list[n-1].continues(&s) {
		last := &list[n-1]
		last.end = s.end
		if last.stored() {
			last.entries = max(last.entries, s.entries)
		} else {
			last.entries += s.entries
		}
		return list
	}
	return append(list, s)
}

// trim forgets what is farthest from the byte at off.
func (w *window) trim(off int64) {
	over := len(w.list) - windowLimit
	if over <= 0 {
		return
	}
	i, _ := w.find(off)
	front := min(over, max(0, i-windowLimit/2))
	w.list = append([]stretch(nil), w.list[front:]...)
	w.list = w.list[:min(len(w.list), windowLimit)]
}
