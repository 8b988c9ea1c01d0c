package locate

import (
	"context"
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/guest"
)

// where is the place that an expression is typed at: it says what "here",
// "end" and names mean.
type where struct {
	disk.Standpoint
	plane      plane  // of the cursor; not nearby
	file       string // of the cursor, or the one shown last
	offset     int64  // of the cursor in its plane, bytes
	partitions []disk.Partition
	guest      decode.Node // the structures on the virtual disk; may be the zero Node
}

// standing is where one stands on an image with these partitions and
// structures of the guest.
func standing(from disk.Standpoint, parts []disk.Partition, tree decode.Node) where {
	w := where{Standpoint: from, plane: inFile, file: from.At.File, offset: from.At.Offset, partitions: parts, guest: tree}
	if from.At.File != disk.VirtualDisk {
		return w
	}
	w.plane, w.file = onDisk, from.File
	for _, p := range parts {
		if p.Number == from.Partition {
			w.plane, w.offset = inVolume, from.At.Offset-p.Start
		}
	}
	return w
}

// looking is standing with what the guest wrote, as far as it can be read.
func looking(ctx context.Context, from disk.Standpoint) where {
	if !from.Image.Info().Readable() {
		return standing(from, nil, decode.Node{})
	}
	table, err := guest.Partitions(ctx, from.Image)
	if err != nil {
		return standing(from, nil, decode.Node{})
	}
	tree, _ := guest.Tree(ctx, from.Image) // without it names lead to the files alone
	return standing(from, table.Partitions, tree)
}

// point is where an address leads.
type point struct {
	plane     plane
	file      string // of plane inFile
	partition int    // of plane inVolume
	offset    int64  // bytes from the start of the plane
	length    int64  // of what was named; 0 if that has none
}

// Resolve finds the place that an expression names, seen from where one stands.
// Places in partitions come as places on [disk.VirtualDisk]. It may read the
// image.
func Resolve(ctx context.Context, from disk.Standpoint, expr string) (decode.Place, error) {
	return looking(ctx, from).resolve(expr)
}

func (w where) resolve(expr string) (decode.Place, error) {
	a, err := parse(expr)
	if err != nil {
		return decode.Place{}, err
	}
	p, err := w.base(a)
	if err == nil {
		err = w.move(&p, a)
	}
	if err != nil {
		return decode.Place{}, fmt.Errorf("%q: %w", decode.Printable(a.text), err)
	}
	return w.place(p), nil
}

// place words a point for the rest of the program, which has no volumes.
func (w where) place(p point) decode.Place {
	at := decode.Place{File: p.file, Offset: p.offset, Length: p.length}
	if p.plane != inFile {
		at.File = disk.VirtualDisk
	}
	if p.plane == inVolume {
		part, _ := w.numbered(p.partition)
		at.Offset += part.Start
	}
	return at
}

func (w where) base(a address) (point, error) {
	p, err := w.start(a)
	if err != nil {
		return p, err
	}
	switch a.anchor {
	case fromStart:
		p.offset = a.number
	case fromCursor, atSector:
		if p.plane != w.plane || p.file != w.here().file {
			return p, fmt.Errorf("the cursor is not in that plane")
		}
		p.offset = w.offset
		if a.anchor == atSector {
			p.offset -= p.offset % w.sector()
		}
	case fromEnd:
		p.offset, err = w.size(p)
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
func (w where) start(a address) (point, error) {
	p := w.here()
	switch a.plane {
	case inFile:
		p = point{plane: inFile, file: w.file}
		if a.file != "" {
			p.file = a.file
		}
		if _, err := w.size(p); err != nil && a.file == "" && len(w.Image.Files()) > 0 {
			p.file = w.Image.Files()[0].Name
		}
		_, err := w.size(p)
		return p, err
	case onDisk:
		p = point{plane: onDisk}
	case inVolume:
		return w.volume()
	}
	return p, nil
}

func (w where) here() point {
	switch w.plane {
	case inFile:
		return point{plane: inFile, file: w.file}
	case inVolume:
		return point{plane: inVolume, partition: w.Partition}
	}
	return point{plane: onDisk}
}

// volume is the partition around the cursor.
func (w where) volume() (point, error) {
	if w.plane == inVolume {
		return w.here(), nil
	}
	if w.plane == onDisk {
		for _, p := range w.partitions {
			if w.offset >= p.Start && w.offset-p.Start < p.Length {
				return point{plane: inVolume, partition: p.Number}, nil
			}
		}
	}
	if len(w.partitions) == 1 {
		return point{plane: inVolume, partition: w.partitions[0].Number}, nil
	}
	return point{}, fmt.Errorf("the cursor is in no partition: say which, such as part1+0x200")
}

func (w where) numbered(n int) (disk.Partition, error) {
	for _, p := range w.partitions {
		if p.Number == n {
			return p, nil
		}
	}
	return disk.Partition{}, fmt.Errorf("there is no partition %d", n)
}

func (w where) partition(n int) (point, error) {
	p, err := w.numbered(n)
	return point{plane: onDisk, offset: p.Start, length: p.Length}, err
}

func (w where) sector() int64 { return max(w.Image.Info().LogicalSectorSize, 512) }

// size is the length of a plane in bytes.
func (w where) size(p point) (int64, error) {
	switch p.plane {
	case onDisk:
		return w.Image.Info().VirtualSize, nil
	case inVolume:
		part, err := w.numbered(p.partition)
		return max(min(part.Length, w.Image.Info().VirtualSize-part.Start), 0), err
	}
	for _, f := range w.Image.Files() {
		if f.Name == p.file {
			return f.Size, nil
		}
	}
	return 0, fmt.Errorf("the image has no file %q", decode.Printable(p.file))
}

// units counts from the start of the virtual disk, or of the plane that the
// address names.
func (w where) units(p point, a address, unit int64) (point, error) {
	if a.plane == nearby {
		p = point{plane: onDisk}
	}
	if a.number > (1<<62)/unit {
		return p, errTooLarge
	}
	p.offset, p.length = a.number*unit, unit
	return p, nil
}

// block is a block of the virtual disk; seen from a file, the place where it
// is stored, if it is.
func (w where) block(p point, a address) (point, error) {
	size := w.Image.Info().BlockSize
	if size <= 0 {
		return p, fmt.Errorf("the image has no blocks")
	}
	plane := a
	plane.plane = onDisk
	at, err := w.units(point{plane: onDisk}, plane, size)
	if err != nil || a.plane == onDisk || a.plane == nearby && w.plane != inFile || at.offset >= w.Image.Info().VirtualSize {
		return at, err
	}
	t, err := follow(w.Image, at.offset)
	switch {
	case err != nil:
		return at, err
	case t.File != "" && t.Layer == 0:
		return point{plane: inFile, file: t.File, offset: t.Offset, length: max(t.packed, min(t.length, size))}, nil
	case a.plane == inFile:
		return at, fmt.Errorf("it is not in the file: %s", stateText(t.State))
	}
	return at, nil
}

// entry is an entry of a table, by its number in the table. The tree knows
// where; failing that, the way to the first block does.
func (w where) entry(a address) (point, error) {
	n, err := named(w.Image.Tree(), a.name, w.file)
	if err == nil && n.Len() > 0 {
		if a.number >= int64(n.Len()) {
			return point{}, fmt.Errorf("%s has %d entries", decode.Printable(n.Name), n.Len())
		}
		return at(n.Child(int(a.number)).Place), nil
	}
	t, mapErr := follow(w.Image, 0)
	if mapErr != nil {
		return point{}, mapErr
	}
	for _, v := range t.via {
		if fit(v.Table, a.name) > 0 && !v.IsBit && v.Layer == 0 && v.Place.Length > 0 && a.number < (1<<50)/v.Place.Length {
			p := at(v.Place)
			p.offset += (a.number - v.Index) * v.Place.Length
			return p, nil
		}
	}
	return point{}, fmt.Errorf("the image has no table called %q", a.name)
}

func at(p decode.Place) point {
	if p.File == disk.VirtualDisk {
		return point{plane: onDisk, offset: p.Offset, length: p.Length}
	}
	return point{plane: inFile, file: p.File, offset: p.Offset, length: p.Length}
}

func (w where) name(a address) (point, error) {
	file := w.file
	if a.file != "" {
		file = a.file
	}
	n, err := named(w.Image.Tree(), a.name, file)
	if err != nil && w.guest.Len() > 0 {
		if g, guestErr := named(w.guest, a.name, disk.VirtualDisk); guestErr == nil {
			n, err = g, nil
		}
	}
	if kind, ok := words[strings.ToLower(a.name)]; ok && err != nil {
		return point{}, fmt.Errorf("expected the number of %s after %q", counted[kind], a.name)
	}
	return at(n.Place), err
}

// within holds a distance from the start of a partition inside it.
func (w where) within(number int, d int64) error {
	part, err := w.numbered(number)
	switch {
	case err != nil:
		return err
	case d < 0:
		return fmt.Errorf("it lies before the start of partition %d", number)
	case d >= part.Length:
		return fmt.Errorf("it lies past the end of partition %d (%s)", number, decode.FormatSize(uint64(max(part.Length, 0))))
	}
	return nil
}

// move goes the distance and holds the point inside its plane.
func (w where) move(p *point, a address) error {
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
	to := p.offset + d
	switch {
	case d < 0 && (to > p.offset || to < 0):
		return fmt.Errorf("it lies before the start")
	case d > 0 && to < p.offset, to >= size:
		return fmt.Errorf("it lies past the end at 0x%x", size)
	}
	if p.offset = to; a.delta != 0 {
		p.length = 0
	}
	return nil
}
