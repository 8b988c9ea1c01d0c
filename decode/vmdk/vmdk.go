// Package vmdk declares what lies on disk in a VMDK image: the text descriptor
// with a parser of its own, the hosted sparse extent ("KDMV") with its grain
// directories, grain tables and stream markers, the ESX redo log ("COWD") and
// the ESXi seSparse extent. Section numbers refer to the format reference,
// vmdk.md.
//
// All integers are little-endian and unaligned; a sector is 512 bytes, whatever
// the guest sees.
package vmdk

import "platter/decode"

// SectorSize is the unit of all offsets and sizes in bytes.
const SectorSize = 512

// Layouts lists every table of the format.
func Layouts() []*decode.Layout {
	return []*decode.Layout{
		&HeaderTable.Layout,
		&DirectoryEntryTable.Layout,
		&TableEntryTable.Layout,
		&MarkerTable.Layout,
		&GrainMarkerTable.Layout,
		&CowdTable.Layout,
		&CowdDirectoryEntryTable.Layout,
		&CowdTableEntryTable.Layout,
		&ConstHeaderTable.Layout,
		&VolatileHeaderTable.Layout,
		&SeDirectoryEntryTable.Layout,
		&SeTableEntryTable.Layout,
	}
}

// Kind is what the first bytes of a file say about it (vmdk.md 1.1).
type Kind uint8

// The kinds of VMDK file.
const (
	KindNone       Kind = iota // none of the format's magics: text, or raw data
	KindHosted                 // "KDMV": hosted sparse extent
	KindUnfinished             // "kdmv": a hosted sparse extent that was never finished
	KindCowd                   // "COWD": ESX redo log
	KindSeSparse               // 0xCAFEBABE: seSparse extent
)

// String is the kind in the format's own words.
func (k Kind) String() string {
	return [...]string{"no sparse extent", "hosted sparse extent", "unfinished hosted sparse extent", "COWD extent", "seSparse extent"}[k]
}

// SniffSize is how many of a file's first bytes [Sniff] needs.
const SniffSize = 8

// Sniff tells the kind of a file by its first bytes (vmdk.md 1.1).
func Sniff(b []byte) Kind {
	switch {
	case len(b) < SniffSize:
		return KindNone
	case string(b[:4]) == Magic:
		return KindHosted
	case string(b[:4]) == unfinishedMagic:
		return KindUnfinished
	case string(b[:4]) == CowdMagic:
		return KindCowd
	case string(b[:8]) == SeMagicBytes:
		return KindSeSparse
	}
	return KindNone
}
