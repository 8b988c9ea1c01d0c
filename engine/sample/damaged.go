package sample

import (
	"encoding/binary"
	"errors"

	"platter/decode/vhd"
	"platter/engine/store"
)

// buildDamaged makes the VHD sample and spoils it: the footer at the end, a BAT entry,
// the sector bitmap of a block, and a note in a gap that no structure claims.
func buildDamaged(files *store.Mem) error {
	made := store.NewMem()
	if err := buildVHD(made); err != nil {
		return err
	}
	whole, err := made.Open("sample.vhd")
	if err != nil {
		return err
	}
	size, err := whole.Size()
	if err != nil {
		return err
	}
	b := make([]byte, size)
	if _, err := whole.ReadAt(b, 0); err != nil {
		return err
	}
	const note = "To whom it may concern: the password of the vault is \"swordfish\".\r\n"
	footer, end := b[size-vhd.FooterSize:], size-vhd.FooterSize
	spoiled := append(append(append([]byte(nil), b[:end]...), make([]byte, 8*sectorSize)...), footer...)
	copy(spoiled[end+sectorSize:], note)
	spoiled[len(spoiled)-vhd.FooterSize+24] ^= 0x20 // a bit of the time

	bat := spoiled[vhdTable:]
	entry := func(block int) uint32 { return binary.BigEndian.Uint32(bat[4*block:]) }
	var stored []int
	for block := range vhdTarget / vhdBlock {
		if entry(block) != 0xFFFFFFFF {
			stored = append(stored, block)
		}
	}
	if len(stored) < 3 {
		return errors.New("too few blocks to spoil some")
	}
	spoiled[int64(entry(stored[0]))*sectorSize+16] = 0 // sectors 128 to 135, the start of the volume, count as never written
	last := stored[len(stored)-1]
	binary.BigEndian.PutUint32(bat[4*last:], entry(last)|0x2000) // 4 MiB further back, past the end
	files.PutFile("damaged.vhd", spoiled)
	return nil
}
