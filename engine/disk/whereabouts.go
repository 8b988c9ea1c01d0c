package disk

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"platter/decode"
)

// Whereabouts is where bytes lie that were found: what holds them.
type Whereabouts struct {
	Layer     int       // that stores them, 0 for the image itself
	Path      string    // of that layer, where there are several
	Partition Partition // number 0: none
	Outside   bool      // the disk has partitions, and they lie in none of them
	System    string    // of a file system on the disk itself
	Structure string    // of the container, where they are no data of the disk; not escaped
	Virtual   int64     // where bytes of a file lie on the disk; -1: nowhere, or nobody knows
}

// String is what is known, in words that are safe to print; empty for nothing worth a word.
func (w Whereabouts) String() string {
	var parts []string
	if w.Structure != "" {
		parts = append(parts, decode.Printable(w.Structure))
	}
	if w.Virtual >= 0 {
		parts = append(parts, fmt.Sprintf("disk 0x%x", w.Virtual))
	}
	if w.Path != "" {
		parts = append(parts, fmt.Sprintf("layer %d %s", w.Layer, decode.Printable(filepath.Base(w.Path))))
	}
	switch p := w.Partition; {
	case p.Number > 0:
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("partition %d %s", p.Number, decode.Printable(p.System))))
	case w.Outside:
		parts = append(parts, "outside the partitions")
	case w.System != "":
		parts = append(parts, decode.Printable(w.System))
	}
	return strings.Join(parts, ", ")
}

// scanPatience is how long is looked for where bytes of files lie on the disk, over all
// questions: each may need a scan of the image's tables.
const scanPatience = 2 * time.Second

// Placer tells where found bytes lie. It belongs to one goroutine, in the background.
type Placer struct {
	img      Image
	explorer Explorer
	table    PartitionTable
	paths    []string // of the layers
	left     time.Duration
}

// NewPlacer reads the partitions of an image, and the names of its layers.
func NewPlacer(ctx context.Context, explorer Explorer, img Image) *Placer {
	p := &Placer{img: img, explorer: explorer, left: scanPatience}
	if !img.Info().Readable() {
		return p
	}
	p.table, _ = explorer.PartitionTable(ctx, img) // what can't be read has none to name
	for i := img; i != nil; i = i.Parent() {
		p.paths = append(p.paths, i.Info().Path)
	}
	return p
}

// Of tells where a place lies, by its first byte. What can't be found out is left out.
func (p *Placer) Of(ctx context.Context, at decode.Place) Whereabouts {
	w := Whereabouts{Virtual: -1}
	if at.File != VirtualDisk {
		if w.Virtual = p.virtual(ctx, at); w.Virtual < 0 {
			w.Structure = p.structure(at)
			return w
		}
		p.onDisk(&w, w.Virtual)
		return w
	}
	p.onDisk(&w, at.Offset)
	if way, err := p.explorer.Trail(p.img, at.Offset); err == nil && len(p.paths) > 1 && way.Layer < len(p.paths) && way.File != "" {
		w.Layer, w.Path = way.Layer, p.paths[way.Layer]
	}
	return w
}

// onDisk tells of a byte of the virtual disk in which partition it lies: the shortest of those
// that hold it.
func (p *Placer) onDisk(w *Whereabouts, off int64) {
	for _, q := range p.table.Partitions {
		if off >= q.Start && off < q.End() && (w.Partition.Number == 0 || q.Length < w.Partition.Length) {
			w.Partition = q
		}
	}
	w.Outside = len(p.table.Partitions) > 0 && w.Partition.Number == 0
	w.System = p.table.System
}

// virtual finds the first byte of the disk that is stored at a place of a file, as long as
// there is patience left; -1 for none.
func (p *Placer) virtual(ctx context.Context, at decode.Place) int64 {
	if p.left <= 0 || !p.img.Info().Readable() {
		return -1
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.left)
	defer cancel()
	ways, err := p.explorer.Disk(ctx, p.img, at.File, at.Offset, nil)
	if p.left -= time.Since(begin); err != nil || len(ways) == 0 {
		return -1
	}
	return ways[0].Virtual
}

// structure is the outermost structure of the container that holds a place and is not a whole
// file.
func (p *Placer) structure(at decode.Place) string {
	n := p.img.Tree()
	for _, i := range n.Find(at.File, at.Offset) {
		n = n.Child(i)
		whole := n.Name == at.File || n.Place.Length == 0
		for _, f := range p.img.Files() {
			whole = whole || f.Name == n.Place.File && f.Size == n.Place.Length
		}
		if !whole {
			return n.Name
		}
	}
	return ""
}
