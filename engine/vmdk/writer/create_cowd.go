package writer

import (
	"errors"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// cowdHeaderSectors is the length of the header.
const cowdHeaderSectors = vmdk.CowdHeaderSize / vmdk.SectorSize

// makeCowd makes a redo log of ESX over a parent: grains of one sector, an empty directory
// and no tables, which are made when first needed (vmdk.md 6).
func makeCowd(to store.FS, n naming, spec disk.Spec) error {
	e := piece{vmdk.TypeVmfsSparse, spec.Bytes(disk.OptionSize) / vmdk.SectorSize, n.extent("-delta"), false}
	if err := writeCowd(to, e); err != nil {
		return err
	}
	return writeText(to, n.descriptor, spec, e)
}

func writeCowd(to store.FS, e piece) (err error) {
	f, err := to.Create(e.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	entries := ceil(e.sectors, vmdk.CowdTableEntries)
	free := cowdHeaderSectors + ceil(entries*int64(vmdk.CowdDirectoryEntryTable.Size()), vmdk.SectorSize)
	if err := f.Truncate(free * vmdk.SectorSize); err != nil {
		return err
	}
	return store.Put(f, store.Piece{Data: cowdHeader(e.sectors, entries, free)})
}

func cowdHeader(sectors, entries, free int64) []byte {
	rec := vmdk.CowdTable.Blank()
	vmdk.CowdVersion.Put(rec, 1)
	vmdk.CowdFlags.Put(rec, 3)
	vmdk.CowdSectors.Put(rec, uint32(sectors))
	vmdk.CowdGrain.Put(rec, 1)
	vmdk.CowdDirectory.Put(rec, cowdHeaderSectors)
	vmdk.CowdDirectoryEntries.Put(rec, uint32(entries))
	vmdk.CowdFree.Put(rec, uint32(free))
	return rec.Bytes()
}

// ceil divides and rounds up.
func ceil(n, unit int64) int64 { return (n + unit - 1) / unit }
