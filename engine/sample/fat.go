package sample

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"platter/decode"
	"platter/decode/guest"
)

const sectorSize = 512

// The shape of the FAT16 volumes, in sectors unless said otherwise.
const (
	fatReserved    = 4
	fatRootEntries = 512
	fatRoot        = fatRootEntries * 32 / sectorSize
	fatCluster     = 4
)

// entry is a file of the sample volume. Where it starts is chosen so that the
// disk's blocks and grains are used here and there.
type entry struct {
	name    string // 8.3
	content []byte
	at      int // where its clusters start, in percent of the volume
}

// entries are the files on every sample disk.
func entries(format string) []entry {
	readme := "This is a built-in sample of Platter: " + format + ".\r\n\r\n" +
		"The disk has a partition table, this FAT16 volume and a few files that lie\r\n" +
		"far apart, so that only some of its blocks are allocated. Find this text:\r\n" +
		"in the file it lies somewhere else than on the disk.\r\n"
	return []entry{
		{"README.TXT", []byte(readme), 0},
		{"UNICODE.TXT", utf16Text("UTF-16 text: the password is \"platter\"."), 0},
		{"PATTERN.BIN", pattern(40 << 10), 38},
		{"FAR.TXT", []byte("This file lies near the end of the volume.\r\n"), 91},
	}
}

func utf16Text(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// pattern is text that says in every line where it lies in its file.
func pattern(size int) []byte {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "offset %8d 0x%05x ....\n", b.Len(), b.Len())
	}
	return []byte(b.String()[:size])
}

// writer puts bytes on the sample disk and remembers the first failure.
type writer struct {
	to  io.WriterAt
	err error
}

func (w *writer) put(b []byte, sector int64) {
	if w.err == nil {
		_, w.err = w.to.WriteAt(b, sector*sectorSize)
	}
}

// set gives a field of a record a value, as a person would in the editor.
func (w *writer) set(table *decode.Layout, rec []byte, field, value string) {
	f := table.Field(field)
	if f == nil {
		w.err = fmt.Errorf("%s has no field %q", table.Name(), field)
		return
	}
	b, err := f.Parse(rec, value)
	if err != nil {
		w.err = err
	}
	copy(rec[f.Offset():], b)
}

// formatFAT16 makes a FAT16 volume of the given number of sectors at first,
// both on the disk, with the files in it.
func (w *writer) formatFAT16(first, sectors int64, label string, files []entry) {
	clusters := (sectors - fatReserved - fatRoot) / fatCluster
	perFAT := ((clusters+2)*2 + sectorSize - 1) / sectorSize
	data := fatReserved + 2*perFAT + fatRoot
	clusters = (sectors - data) / fatCluster

	w.put(w.bootSector(first, sectors, perFAT, label), first)
	fat := make([]byte, perFAT*sectorSize)
	link := func(cluster, next int64) { binary.LittleEndian.PutUint16(fat[2*cluster:], uint16(next)) }
	link(0, 0xFFF8)
	link(1, 0xFFFF)
	root := []byte(fmt.Sprintf("%-11s\x08%20s", label, ""))
	clear(root[12:])
	next := int64(2)
	for _, f := range files {
		start := max(next, 2+clusters*int64(f.at)/100)
		next = start + (int64(len(f.content))+fatCluster*sectorSize-1)/(fatCluster*sectorSize)
		for c := start; c < next-1; c++ {
			link(c, c+1)
		}
		link(next-1, 0xFFFF)
		root = append(root, dirEntry(f, start)...)
		w.put(f.content, first+data+(start-2)*fatCluster)
	}
	w.put(fat, first+fatReserved)
	w.put(fat, first+fatReserved+perFAT)
	w.put(root, first+fatReserved+2*perFAT)
}

func (w *writer) bootSector(first, sectors, perFAT int64, label string) []byte {
	rec := guest.FAT16.Layout.Blank()
	short, long := strconv.FormatInt(sectors, 10), "0"
	if sectors > 0xFFFF {
		short, long = long, short
	}
	for _, kv := range [][2]string{
		{"jump", "eb3c90"}, {"OEM name", "PLATTER "}, {"bytes per sector", "512"},
		{"sectors per cluster", strconv.Itoa(fatCluster)}, {"reserved sectors", strconv.Itoa(fatReserved)},
		{"FATs", "2"}, {"root entries", strconv.Itoa(fatRootEntries)}, {"sectors (16 bits)", short}, {"media", "0xf8"},
		{"sectors per FAT (16 bits)", strconv.FormatInt(perFAT, 10)}, {"sectors per track", "63"}, {"heads", "16"},
		{"hidden sectors", strconv.FormatInt(first, 10)}, {"sectors (32 bits)", long}, {"drive number", "0x80"},
		{"extended signature", "0x29"}, {"volume serial", "0x506c6174"},
	} {
		w.set(&guest.FAT16.Layout, rec, kv[0], kv[1])
	}
	boot, _ := guest.FAT16.Of(rec)
	guest.FAT16Label.Put(boot, fmt.Sprintf("%-11s", label))
	guest.FAT16Type.Put(boot, "FAT16   ")
	return rec
}

// dirEntry is a file's 32 bytes in the root directory, dated 2026-01-31 12:00.
func dirEntry(f entry, cluster int64) []byte {
	base, ext, _ := strings.Cut(f.name, ".")
	b := []byte(fmt.Sprintf("%-8.8s%-3.3s\x20%20s", base, ext, ""))
	clear(b[12:])
	const date, noon = (2026-1980)<<9 | 1<<5 | 31, 12 << 11
	le := binary.LittleEndian
	le.PutUint16(b[14:], noon)
	le.PutUint16(b[16:], date)
	le.PutUint16(b[18:], date)
	le.PutUint16(b[22:], noon)
	le.PutUint16(b[24:], date)
	le.PutUint16(b[26:], uint16(cluster))
	le.PutUint32(b[28:], uint32(len(f.content)))
	return b
}
