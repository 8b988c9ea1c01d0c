package edit

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/guest"
)

// Follow lists what belongs with the bytes at a place: of files the checksums of the
// structures around them, and the one bit by which a CRC is wrong; of the virtual disk what
// the guest keeps twice or guards by checksums.
func (s *Session) Follow(ctx context.Context, at decode.Place) ([]disk.Follow, error) {
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	if at.File == disk.VirtualDisk {
		return guest.Follow(ctx, img, at.Offset)
	}
	for _, f := range img.Files() {
		if f.Name == at.File {
			return followSums(img, f, at.Offset)
		}
	}
	return nil, nil
}

// followSums lists the checksums of the structures around a byte of a file that are wrong.
func followSums(img disk.Image, f disk.File, off int64) ([]disk.Follow, error) {
	var trail []decode.Node
	n := img.Tree()
	for _, i := range n.Find(f.Name, off) {
		n = n.Child(i)
		trail = append(trail, n)
	}
	list, index := disk.Records(trail)
	var out []disk.Follow
	for i, r := range list {
		if err := r.Read(f); err != nil {
			return nil, err
		}
		name := r.Layout.Name()
		if index[i] > 0 {
			name = trail[index[i]-1].Name
		}
		edits := disk.Seals([]disk.Record{r}, disk.Edit{File: f.Name, Offset: r.Place.Offset})
		if len(edits) == 0 {
			continue
		}
		if flip, ok := flipBack(r, f.Name, name); ok {
			out = append(out, flip)
		}
		out = append(out, disk.Follow{Title: "checksum of " + name, Why: "the checksum of " + name + " is computed again over its bytes as they are now", Edits: edits})
	}
	return out, nil
}

// flipBack takes back the one bit that a CRC tells of.
func flipBack(r disk.Record, file, name string) (disk.Follow, bool) {
	at, bit, ok := r.Layout.Flipped(r.Data)
	if !ok {
		return disk.Follow{}, false
	}
	is := r.Data[at]
	off := r.Place.Offset + int64(at)
	return disk.Follow{
		Title: fmt.Sprintf("bit %d of the byte at 0x%x of %s back", bit, off, name),
		Why:   fmt.Sprintf("a single bit explains the wrong checksum of %s: bit %d of the byte at 0x%x, 0x%02x instead of 0x%02x", name, bit, off, is, is^1<<bit),
		Edits: []disk.Edit{{File: file, Offset: off, Data: []byte{is ^ 1<<bit}}},
	}, true
}
