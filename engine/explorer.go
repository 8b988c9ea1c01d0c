package engine

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/locate"
)

// Explorer is the [disk.Explorer] of every image.
type Explorer struct{}

// Partitions finds the guest's partitions.
func (Explorer) Partitions(ctx context.Context, img disk.Image) ([]disk.Partition, error) {
	t, err := guest.Partitions(ctx, img)
	if err != nil {
		return nil, err
	}
	var list []disk.Partition
	for _, p := range t.Partitions {
		label := p.Label
		if label == "" {
			label = p.Name
		}
		list = append(list, disk.Partition{Number: p.Number, Start: p.Start, Length: p.Length, Type: p.Type, System: p.System, Label: label, Entry: p.Entry})
	}
	return list, nil
}

// Guest is the tree of what the guest wrote.
func (Explorer) Guest(ctx context.Context, img disk.Image) (decode.Node, error) {
	return guest.Tree(ctx, img)
}

// Trail follows a byte of the virtual disk to where it is stored.
func (Explorer) Trail(img disk.Image, virtual int64) (disk.Trail, error) {
	t, err := locate.ToFile(img, virtual)
	if err != nil {
		return disk.Trail{}, err
	}
	return brief(t), nil
}

// Disk finds the bytes of the virtual disk that are stored at off of a file.
func (Explorer) Disk(ctx context.Context, img disk.Image, file string, off int64, progress func(done, total int64)) ([]disk.Trail, error) {
	found, err := locate.ToDisk(ctx, img, locate.Spot{File: file, Offset: off}, progress)
	var list []disk.Trail
	for _, t := range found {
		list = append(list, brief(t))
	}
	return list, err
}

func brief(t locate.Trail) disk.Trail {
	b := disk.Trail{Virtual: t.Virtual, State: t.State, Layer: t.Spot.Layer, File: t.Spot.File, Offset: t.Spot.Offset, Text: t.Text()}
	if b.File == "" {
		b.Offset = -1
	}
	return b
}

var _ disk.Explorer = Explorer{}
