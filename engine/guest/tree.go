package guest

import (
	"context"
	"fmt"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// Tree describes what the guest wrote: the partition table with its copies
// and each partition's boot sector, on the virtual disk.
func Tree(ctx context.Context, d disk.Image) (decode.Node, error) {
	t, err := Partitions(ctx, d)
	if err != nil {
		return decode.Node{}, err
	}
	root := decode.Node{
		Name: "virtual disk", Place: decode.Place{File: VirtualDisk, Length: d.Info().VirtualSize},
		Doc: "What the guest operating system wrote to the disk: its partition table and the boot sectors of its volumes.",
	}
	var nodes []decode.Node
	if t.Scheme != "" {
		nodes = append(nodes, format.MBR.Read(d, VirtualDisk, 0))
	}
	if t.Scheme == "GPT" {
		primary, backup := t.Sector, t.Backup
		nodes = append(nodes, gptNodes(d, "", primary, backup, t.Sector)...)
		if backup != 0 {
			nodes = append(nodes, gptNodes(d, "backup ", backup, primary, t.Sector)...)
		}
	}
	for _, p := range t.Partitions {
		nodes = append(nodes, volumeNode(d, p))
	}
	if t.Scheme == "" && t.System != "" {
		n := volumeNode(d, disk.Partition{Length: d.Info().VirtualSize, System: t.System})
		n.Name, n.Value, n.Doc = "volume", t.System, "A file system on the disk itself, without a partition table."
		nodes = append(nodes, n)
	}
	return root.WithNodes(nodes...), nil
}

// gptNodes are one copy of the header and its list of partitions. The list lies outside of
// the header, so that it is no part of it: a byte of it would not be found there.
func gptNodes(d disk.Image, prefix string, at, second, sector int64) []decode.Node {
	opts := []decode.Placed{decode.Named(prefix + "GPT header")}
	if second != 0 {
		opts = append(opts, decode.SecondCopyAt(decode.Place{File: VirtualDisk, Offset: second, Length: 92}))
	}
	var b [512]byte
	n, _ := d.ReadAt(b[:], at)
	rec, ok := format.GPTHeader.Of(b[:n])
	node := format.GPTHeader.Node(b[:n], VirtualDisk, at, opts...)
	if !ok {
		return []decode.Node{node}
	}
	size, list := int64(format.GPTEntrySize.Get(rec)), clampLBA(format.GPTEntryLBA.Get(rec))*sector
	count := int(min(format.GPTEntryCount.Get(rec), maxEntries))
	if size < 128 || size > 4096 {
		return []decode.Node{node}
	}
	entries := decode.Node{
		Name: prefix + "partition list", Place: decode.Place{File: VirtualDisk, Offset: list, Length: size * int64(count)},
		Doc: "The entries of this copy of the table, used or not.", Ref: format.GPTEntry.Ref(),
	}
	return []decode.Node{node, decode.Repeat(entries, size, count, func(i int) decode.Node {
		return format.GPTEntry.Read(d, VirtualDisk, list+int64(i)*size, decode.Named(fmt.Sprintf("partition entry %d", i+1)))
	})}
}

// volumeNode is the partition with its boot sector, if that is known.
func volumeNode(d disk.Image, p disk.Partition) decode.Node {
	n := decode.Node{
		Name: fmt.Sprintf("partition %d", p.Number), Place: decode.Place{File: VirtualDisk, Offset: p.Start, Length: p.Length},
		Value: p.Type, Doc: "A partition: a range of the disk that the guest treats as a disk of its own.",
	}
	if p.System != "" {
		n.Value += ", " + p.System
	}
	boot := map[string]*decode.Layout{
		"FAT12": &format.FAT16.Layout, "FAT16": &format.FAT16.Layout, "FAT32": &format.FAT32.Layout,
		"NTFS": &format.NTFS.Layout, "exFAT": &format.ExFAT.Layout, "ext2/3/4": &format.ExtSuperblock.Layout,
	}[p.System]
	at := p.Start
	if p.System == "ext2/3/4" {
		at += extStart
	}
	if boot == nil || at+int64(boot.Size()) > p.End() {
		return n
	}
	return n.WithNodes(boot.Read(d, VirtualDisk, at))
}
