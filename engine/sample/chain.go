package sample

import (
	"bytes"
	"errors"

	"platter/decode/vhdx"
	"platter/engine/store"
)

// layer is one file of the chain sample.
type layer struct {
	name  string
	id    vhdxIdentity
	files []entry // what the disk holds as of this layer
}

// layers are those of the chain sample, the base first.
func layers() []layer {
	readme := func(text string) entry {
		return entry{"README.TXT", []byte("This is a built-in sample of Platter: a chain of three VHDX files.\r\n\r\n" + text + "\r\n"), 0}
	}
	far := entry{"FAR.TXT", []byte("This file lies near the end of the volume.\r\n"), 91}
	unicode := entry{"UNICODE.TXT", utf16Text("UTF-16 text: the password is \"platter\"."), 0}
	update := entry{"UPDATE.BIN", bytes.Repeat(pattern(2500), 1<<10), 60} // whole blocks of it
	id := func(n byte) vhdxIdentity {
		i := vhdxIdentity{file: fileID, data: dataID}
		i.file[15], i.data[15] = i.file[15]+n, i.data[15]+n
		return i
	}
	return []layer{
		{"server.vhdx", id(1), []entry{readme("As it was installed: the base of the chain."), unicode, {"PATTERN.BIN", pattern(40 << 10), 38}, far}},
		{"server-before.avhdx", id(2), []entry{readme("Before the update: the first checkpoint."), unicode, {"PATTERN.BIN", pattern(40 << 10), 38}, update, far}},
		{"server-after.avhdx", id(3), []entry{readme("After the update: the second checkpoint, in use now."), unicode, {"PATTERN.BIN", bytes.ToUpper(pattern(40 << 10)), 38}, update, far}},
	}
}

// buildChain makes a base and two differencing images over it. Each stores the sectors
// by which its disk differs from its parent's.
func buildChain(files *store.Mem) error {
	var below *store.MemFile // the disk as of the layer below
	var parent layer
	for i, l := range layers() {
		content, err := gptDisk(vhdxSize/sectorSize, l.files)
		if err != nil {
			return err
		}
		w := &writer{to: store.NewMemFile(vhdxBlocks)}
		w.vhdxHead(l.id)
		var locator []byte
		if i > 0 {
			locator = vhdx.LocatorItem([]vhdx.Pair{
				{Key: vhdx.KeyLinkage, Value: "{" + parent.id.data.String() + "}"}, {Key: vhdx.KeyRelativePath, Value: `.\` + parent.name},
			})
		}
		w.vhdxItems(locator)
		if err := errors.Join(w.vhdxDiffering(content, below), w.err); err != nil {
			return err
		}
		files.Put(l.name, w.to.(*store.MemFile))
		below, parent = content, l
	}
	return nil
}

// vhdxDiffering writes the blocks and the BAT of a disk's content over that of the layer
// below; nil for none.
func (w *writer) vhdxDiffering(content, below *store.MemFile) error {
	const perBlock = vhdxBlock / sectorSize
	const ratio = 1 << 23 * sectorSize / vhdxBlock // blocks of a chunk; the entry of its sector bitmap follows theirs
	entries := int64(vhdxSize / vhdxBlock)
	if below == nil {
		below = store.NewMemFile(vhdxSize)
	} else {
		entries = ratio + 1
	}
	bat, bitmap := make([]byte, entries*vhdx.EntrySize), make([]byte, vhdxBlock)
	next, partial := int64(vhdxBlocks), false
	now, was := make([]byte, vhdxBlock), make([]byte, vhdxBlock)
	for block := range int64(vhdxSize / vhdxBlock) {
		_, err := content.ReadAt(now, block*vhdxBlock)
		_, err2 := below.ReadAt(was, block*vhdxBlock)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		n := 0
		for s := range int64(perBlock) {
			at := s * sectorSize
			if !bytes.Equal(now[at:at+sectorSize], was[at:at+sectorSize]) {
				n++
				bit := block*perBlock + s
				bitmap[bit/8] |= 1 << (bit % 8)
			} else if entries > ratio {
				clear(now[at : at+sectorSize]) // it is the parent's
			}
		}
		switch {
		case n == 0:
			continue
		case n < perBlock && entries > ratio:
			vhdx.PutEntry(bat[block*vhdx.EntrySize:], uint64(next)|vhdx.PartiallyPresent)
			partial = true
		default:
			vhdx.PutEntry(bat[block*vhdx.EntrySize:], uint64(next)|vhdx.FullyPresent)
		}
		w.putAt(now, next)
		next += vhdxBlock
	}
	if partial {
		vhdx.PutEntry(bat[ratio*vhdx.EntrySize:], uint64(next)|vhdx.FullyPresent)
		w.putAt(bitmap, next)
	}
	w.putAt(bat, vhdxBAT)
	return nil
}
