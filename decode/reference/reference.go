// Package reference is the one text about the formats: the words of the glossary, and every
// structure, field and setting that decode's tables declare, each found by its name. What it
// says is what the program reads and writes by.
package reference

import (
	"strings"
	"sync"

	"platter/decode"
	"platter/decode/glossary"
	"platter/decode/guest"
	"platter/decode/vhd"
	"platter/decode/vhdx"
	"platter/decode/vmdk"
)

// Format is the declared structures of a disk image format, or of what a guest writes to its
// disk.
type Format struct {
	Name     string // as flags take it: "vhdx"
	Title    string // "VHDX"
	About    string
	Layouts  []*decode.Layout
	Settings []vmdk.Setting // of a text among the structures; empty for most
}

// Formats lists all formats.
func Formats() []Format {
	return []Format{
		{"vhd", "VHD", "All integers are big-endian. Offsets count from the start of the file, and a sector is always 512 bytes.", vhd.Layouts(), nil},
		{"vhdx", "VHDX", "All integers are little-endian and unsigned, and text is UTF-16LE.", vhdx.Layouts(), nil},
		{"vmdk", "VMDK", "All integers are little-endian and may be unaligned. Sectors in the structures are 512 bytes, whatever the guest sees.", vmdk.Layouts(), vmdk.Settings()},
		{"guest", "Guest", "What an operating system writes to its disk: partition tables and boot sectors.", guest.Layouts(), nil},
	}
}

// Kind is what an entry is about.
type Kind uint8

// The kinds of entry.
const (
	Word Kind = iota
	Structure
	Field
	Setting
)

// String is the kind in a word.
func (k Kind) String() string { return [...]string{"word", "structure", "field", "setting"}[k] }

// Entry is a word, a structure, a field or a setting, and its text.
type Entry struct {
	Kind   Kind
	Format string         // the format's title; empty for words, which say so themselves
	Name   string         // in full: "region table.EntryCount"
	Text   string         // what it means
	Layout *decode.Layout // of a structure, or the field's; nil for others
	Field  *decode.Field  // nil for others

	names []string // by which it is found, folded
}

// Title is the name with the format in front.
func (e Entry) Title() string { return strings.TrimSpace(e.Format + " " + e.Name) }

// Entries lists everything: words in their order, then format by format each structure with
// its fields.
func Entries() []Entry { return entries() }

var entries = sync.OnceValue(func() []Entry {
	var list []Entry
	for _, w := range glossary.Entries() {
		list = append(list, Entry{Kind: Word, Name: w.Term, Text: w.Text}.called(w.Names()...))
	}
	for _, f := range Formats() {
		for _, l := range f.Layouts {
			list = append(list, Entry{Kind: Structure, Format: f.Title, Name: l.Name(), Text: l.Doc(), Layout: l}.called(l.Name()))
			for _, field := range l.Fields() {
				list = append(list, Entry{
					Kind: Field, Format: f.Title, Name: l.Name() + "." + field.Name(), Text: field.Doc(), Layout: l, Field: field,
				}.called(field.Name(), l.Name()+field.Name()))
			}
		}
		for _, s := range f.Settings {
			list = append(list, Entry{Kind: Setting, Format: f.Title, Name: s.Key, Text: s.Doc}.called(s.Key, s.Key[strings.LastIndexByte(s.Key, '.')+1:]))
		}
	}
	return list
})

// called adds the names by which an entry is found, each also with its format in front, and
// with an ending for many.
func (e Entry) called(names ...string) Entry {
	for _, n := range names {
		for _, n := range []string{fold(n), fold(e.Format + n)} {
			e.names = append(e.names, n, n+"s")
		}
	}
	return e
}

// fold leaves of a name what counts in a comparison: letters and digits, in one case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}
