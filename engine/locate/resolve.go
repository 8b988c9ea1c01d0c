package locate

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// Where is the place that an expression is typed at: it says what "here",
// "end" and names mean.
type Where struct {
	Image      disk.Image
	Plane      Plane  // of the cursor; not Here
	File       string // the file of the cursor, or the one shown last
	Partition  int    // number of the volume of the cursor, if that is its plane
	Offset     int64  // of the cursor in its plane, bytes
	Partitions []disk.Partition
	Guest      decode.Node // the structures on the virtual disk; may be the zero Node
}

// Point is where an address leads.
type Point struct {
	Plane     Plane
	File      string // of plane File
	Partition int    // of plane Volume
	Offset    int64  // bytes from the start of the plane
	Length    int64  // of what was named; 0 if that has none
}

// Resolve looks an address up. It may read the image.
func (w Where) Resolve(a Address) (Point, error) {
	p, err := w.base(a)
	if err == nil {
		err = w.move(&p, a)
	}
	if err != nil {
		return Point{}, fmt.Errorf("%q: %w", decode.Printable(a.text), err)
	}
	return p, nil
}

// Go parses and resolves.
func (w Where) Go(expr string) (Point, error) {
	a, err := Parse(expr)
	if err != nil {
		return Point{}, err
	}
	return w.Resolve(a)
}

func (w Where) base(a Address) (Point, error) {
	p, err := w.start(a)
	if err != nil {
		return p, err
	}
	switch a.anchor {
	case fromStart:
		p.Offset = a.number
	case fromCursor, atSector:
		if p.Plane != w.Plane || p.File != w.here().File {
			return p, fmt.Errorf("the cursor is not in that plane")
		}
		p.Offset = w.Offset
		if a.anchor == atSector {
			p.Offset -= p.Offset % w.sector()
		}
	case fromEnd:
		p.Offset, err = w.size(p)
	case atLBA:
		return w.units(p, a, w.sector())
	case atBlock:
		return w.block(p, a)
	case atEntry:
		return w.entry(a)
	case atPartition:
		return w.partition(int(min(a.number, 1<<30)))
	case atName:
		return w.name(a)
	}
	return p, err
}

// start is the first byte of the plane that the address names, or that the
// cursor is in.
func (w Where) start(a Address) (Point, error) {
	p := w.here()
	switch a.plane {
	case File:
		p = Point{Plane: File, File: w.File}
		if a.file != "" {
			p.File = a.file
		}
		if _, err := w.size(p); err != nil && a.file == "" && len(w.Image.Files()) > 0 {
			p.File = w.Image.Files()[0].Name
		}
		_, err := w.size(p)
		return p, err
	case Disk:
		p = Point{Plane: Disk}
	case Volume:
		return w.volume()
	}
	return p, nil
}

func (w Where) here() Point {
	switch w.Plane {
	case File:
		return Point{Plane: File, File: w.File}
	case Volume:
		return Point{Plane: Volume, Partition: w.Partition}
	}
	return Point{Plane: Disk}
}

// volume is the partition around the cursor.
func (w Where) volume() (Point, error) {
	if w.Plane == Volume {
		return w.here(), nil
	}
	if w.Plane == Disk {
		for _, p := range w.Partitions {
			if w.Offset >= p.Start && w.Offset-p.Start < p.Length {
				return Point{Plane: Volume, Partition: p.Number}, nil
			}
		}
	}
	if len(w.Partitions) == 1 {
		return Point{Plane: Volume, Partition: w.Partitions[0].Number}, nil
	}
	return Point{}, fmt.Errorf("the cursor is in no partition: say which, such as part1+0x200")
}

func (w Where) numbered(n int) (disk.Partition, error) {
	for _, p := range w.Partitions {
		if p.Number == n {
			return p, nil
		}
	}
	return disk.Partition{}, fmt.Errorf("there is no partition %d", n)
}

func (w Where) partition(n int) (Point, error) {
	p, err := w.numbered(n)
	return Point{Plane: Disk, Offset: p.Start, Length: p.Length}, err
}

func (w Where) sector() int64 { return max(w.Image.Info().LogicalSectorSize, 512) }

// size is the length of a plane in bytes.
func (w Where) size(p Point) (int64, error) {
	switch p.Plane {
	case Disk:
		return w.Image.Info().VirtualSize, nil
	case Volume:
		part, err := w.numbered(p.Partition)
		return max(min(part.Length, w.Image.Info().VirtualSize-part.Start), 0), err
	}
	for _, f := range w.Image.Files() {
		if f.Name == p.File {
			return f.Size, nil
		}
	}
	return 0, fmt.Errorf("the image has no file %q", decode.Printable(p.File))
}

// units counts from the start of the virtual disk, or of the plane that the
// address names.
func (w Where) units(p Point, a Address, unit int64) (Point, error) {
	if a.plane == Here {
		p = Point{Plane: Disk}
	}
	if a.number > (1<<62)/unit {
		return p, errTooLarge
	}
	p.Offset, p.Length = a.number*unit, unit
	return p, nil
}

// block is a block of the virtual disk; seen from a file, the place where it
// is stored, if it is.
func (w Where) block(p Point, a Address) (Point, error) {
	size := w.Image.Info().BlockSize
	if size <= 0 {
		return p, fmt.Errorf("the image has no blocks")
	}
	plane := a
	plane.plane = Disk
	at, err := w.units(Point{Plane: Disk}, plane, size)
	if err != nil || a.plane == Disk || a.plane == Here && w.Plane != File || at.Offset >= w.Image.Info().VirtualSize {
		return at, err
	}
	t, err := ToFile(w.Image, at.Offset)
	switch {
	case err != nil:
		return at, err
	case t.Spot.File != "" && t.Spot.Layer == 0:
		return Point{Plane: File, File: t.Spot.File, Offset: t.Spot.Offset, Length: max(t.Packed, min(t.Length, size))}, nil
	case a.plane == File:
		return at, fmt.Errorf("it is not in the file: %s", stateText(t.State))
	}
	return at, nil
}

// entry is an entry of a table, by its number in the table. The tree knows
// where; failing that, the way to the first block does.
func (w Where) entry(a Address) (Point, error) {
	n, err := named(w.Image.Tree(), a.name, w.File)
	if err == nil && n.Len() > 0 {
		if a.number >= int64(n.Len()) {
			return Point{}, fmt.Errorf("%s has %d entries", decode.Printable(n.Name), n.Len())
		}
		return at(n.Child(int(a.number)).Place), nil
	}
	t, mapErr := ToFile(w.Image, 0)
	if mapErr != nil {
		return Point{}, mapErr
	}
	for _, v := range t.Via {
		if fit(v.Table, a.name) > 0 && !v.IsBit && v.Layer == 0 && v.Place.Length > 0 && a.number < (1<<50)/v.Place.Length {
			p := at(v.Place)
			p.Offset += (a.number - v.Index) * v.Place.Length
			return p, nil
		}
	}
	return Point{}, fmt.Errorf("the image has no table called %q", a.name)
}

func at(p decode.Place) Point {
	if p.File == disk.VirtualDisk {
		return Point{Plane: Disk, Offset: p.Offset, Length: p.Length}
	}
	return Point{Plane: File, File: p.File, Offset: p.Offset, Length: p.Length}
}

func (w Where) name(a Address) (Point, error) {
	file := w.File
	if a.file != "" {
		file = a.file
	}
	n, err := named(w.Image.Tree(), a.name, file)
	if err != nil && w.Guest.Len() > 0 {
		if g, guestErr := named(w.Guest, a.name, disk.VirtualDisk); guestErr == nil {
			n, err = g, nil
		}
	}
	if kind, ok := words[strings.ToLower(a.name)]; ok && err != nil {
		return Point{}, fmt.Errorf("expected the number of %s behind %q", counted[kind], a.name)
	}
	return at(n.Place), err
}

// within holds a distance from the start of a partition inside it.
func (w Where) within(number int, d int64) error {
	part, err := w.numbered(number)
	switch {
	case err != nil:
		return err
	case d < 0:
		return fmt.Errorf("it lies before the start of partition %d", number)
	case d >= part.Length:
		return fmt.Errorf("it lies behind the end of partition %d (%s)", number, decode.FormatSize(uint64(max(part.Length, 0))))
	}
	return nil
}

// move goes the distance and holds the point inside its plane.
func (w Where) move(p *Point, a Address) error {
	size, err := w.size(*p)
	if err != nil {
		return err
	}
	d := a.delta
	if a.anchor == atSector {
		if d > size/w.sector()+1 || d < -size/w.sector()-1 {
			return fmt.Errorf("%d sectors away is outside", d)
		}
		d *= w.sector()
	}
	if a.anchor == fromEnd && d == 0 {
		d = -1
	}
	if a.anchor == atPartition && d != 0 {
		if err := w.within(int(a.number), d); err != nil {
			return err
		}
	}
	to := p.Offset + d
	switch {
	case d < 0 && (to > p.Offset || to < 0):
		return fmt.Errorf("it lies before the start")
	case d > 0 && to < p.Offset, to >= size:
		return fmt.Errorf("it lies behind the end at 0x%x", size)
	}
	if p.Offset = to; a.delta != 0 {
		p.Length = 0
	}
	return nil
}
