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
		nodes = append(nodes, gptNode(d, "GPT header", primary, backup, t.Sector))
		if backup != 0 {
			nodes = append(nodes, gptNode(d, "backup GPT header", backup, primary, t.Sector))
		}
	}
	for _, p := range t.Partitions {
		nodes = append(nodes, volumeNode(d, p))
	}
	return root.WithNodes(nodes...), nil
}

// gptNode is one copy of the header, followed by its list of partitions.
func gptNode(d disk.Image, name string, at, second, sector int64) decode.Node {
	opts := []decode.Placed{decode.Named(name)}
	if second != 0 {
		opts = append(opts, decode.SecondCopyAt(decode.Place{File: VirtualDisk, Offset: second, Length: 92}))
	}
	var b [512]byte
	n, _ := d.ReadAt(b[:], at)
	rec, ok := format.GPTHeader.Of(b[:n])
	node := format.GPTHeader.Node(b[:n], VirtualDisk, at, opts...)
	if !ok {
		return node
	}
	size, list := int64(format.GPTEntrySize.Get(rec)), clampLBA(format.GPTEntryLBA.Get(rec))*sector
	count := int(min(format.GPTEntryCount.Get(rec), maxEntries))
	if size < 128 || size > 4096 {
		return node
	}
	entries := decode.Node{
		Name: "partition list", Place: decode.Place{File: VirtualDisk, Offset: list, Length: size * int64(count)},
		Doc: "The entries of this copy of the table, used or not.", Ref: format.GPTEntry.Ref(),
	}
	return node.Append(decode.Repeat(entries, size, count, func(i int) decode.Node {
		return format.GPTEntry.Read(d, VirtualDisk, list+int64(i)*size, decode.Named(fmt.Sprintf("partition entry %d", i+1)))
	}))
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
		"NTFS": &format.NTFS.Layout, "exFAT": &format.ExFAT.Layout,
	}[p.System]
	if boot == nil {
		return n
	}
	return n.WithNodes(boot.Read(d, VirtualDisk, p.Start))
}
