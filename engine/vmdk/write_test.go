package vmdk_test

import (
	"context"
	"testing"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	reader "platter/engine/vmdk"
	"platter/engine/vmdk/writer"
)

// bedFolder opens extents and parents by their names, as the facade does.
type bedFolder struct{ store.Opener }

func (o bedFolder) OpenFile(name string) (store.File, string, error) {
	f, err := o.Open(name)
	return f, name, err
}

func (o bedFolder) OpenParent(name, _ string) (disk.Image, error) {
	return readBed(context.Background(), o, name)
}

func readBed(ctx context.Context, o store.Opener, name string) (disk.Image, error) {
	f, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	return reader.Open(ctx, disk.Source{Path: name, Name: name, File: f, Opener: bedFolder{o}})
}

func writeBed(how disk.WriteOptions) func(context.Context, store.FS, string) (disk.Writer, error) {
	return func(ctx context.Context, fs store.FS, name string) (disk.Writer, error) {
		img, err := readBed(ctx, fs, name)
		if err != nil {
			return nil, err
		}
		return writer.Write(ctx, img, fs, how)
	}
}

func memFile(b []byte) *store.MemFile {
	f := store.NewMemFile(0)
	f.WriteAt(b, 0)
	return f
}

// beds are images of each kind that is written, the children over a parent with a
// pattern.
func beds(t testing.TB) []enginetest.Bed {
	t.Helper()
	below := map[int64][]byte{}
	for i := range int64(diskSectors / grainSectors) {
		if i%4 != 3 {
			below[i] = make([]byte, grainBytes)
			for at := range below[i] {
				below[i][at] = byte(i) ^ byte(at>>9) | 1
			}
		}
	}
	parent := hosted(text("monolithicSparse", `RW 10240 SPARSE "parent.vmdk"`), below).b
	child := func(createType, extent string) string {
		return text(createType, extent, "parentCID=12345678", `parentFileNameHint="parent.vmdk"`)
	}
	zeroed := hosted(child("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	h, _ := vmdk.HeaderTable.Of(zeroed.b[:sector])
	vmdk.HeaderVersion.Put(h, 2)
	vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)|vmdk.FlagZeroGrains)
	bed := func(name string, how disk.WriteOptions, main []byte, more map[string][]byte) enginetest.Bed {
		files := map[string]*store.MemFile{"d.vmdk": memFile(main), "parent.vmdk": memFile(parent)}
		for name, b := range more {
			files[name] = memFile(b)
		}
		b := enginetest.Bed{Name: name, Image: "d.vmdk", Known: enginetest.Leaks, Below: []string{"parent.vmdk"}, Files: files, Read: readBed, Write: writeBed(how)}
		if how.Renew {
			b.ID = func(img disk.Image) string { return img.Info().ID }
		}
		return b
	}
	all := kinds()
	return []enginetest.Bed{
		bed("flat", disk.WriteOptions{Renew: true}, all["flat"].files["d.vmdk"], all["flat"].files),
		bed("sparse", disk.WriteOptions{Renew: true, Ahead: 4 * grainBytes}, all["sparse"].files["d.vmdk"], nil),
		bed("split", disk.WriteOptions{Renew: true}, all["split"].files["d.vmdk"], all["split"].files),
		bed("child", disk.WriteOptions{Renew: true, Ahead: 2 * grainBytes}, hosted(child("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains()).b, nil),
		bed("child with zero grains", disk.WriteOptions{}, zeroed.b, nil),
		bed("redo log", disk.WriteOptions{Renew: true, Ahead: 64 * sector}, []byte(child("vmfsSparse", `RW 10240 VMFSSPARSE "d-x.vmdk"`)), map[string][]byte{"d-x.vmdk": cowd(small(sector)).b}),
	}
}

const bedSize = diskSectors * sector

func TestRandomWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			for _, steps := range enginetest.Workloads(bedSize, 4*grainBytes, 60) {
				enginetest.RandomWrites(t, b, steps)
			}
		})
	}
}

func TestPowerCuts(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Logf("%d crash points", enginetest.PowerCuts(t, b, enginetest.Steps(1, bedSize, 4*grainBytes, 1, enginetest.Scale(8, 120), true), enginetest.Scale(1, 10_000)))
		})
	}
}

func TestFailingWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Logf("%d failures", enginetest.FailingWrites(t, b, enginetest.Steps(2, bedSize, 4*grainBytes, 1, enginetest.Scale(2, 12), false)))
		})
	}
}

func TestSyncsAreNeeded(t *testing.T) {
	if !enginetest.Full() {
		t.Skip("takes a minute")
	}
	enginetest.SyncsAreNeeded(t, beds(t), enginetest.Steps(1, bedSize, 4*grainBytes, 1, 30, true), 4, map[string]string{
		"(*grains).mark":   "other programs check a file only while its header says that it is being written",
		"(*Room).GiveBack": "a file that is longer again is no harm",
	})
}
