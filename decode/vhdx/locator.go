package vhdx

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
)

// Locator is the head of a parent locator.
type Locator struct{}

// LocatorEntry places one key and its value in a parent locator.
type LocatorEntry struct{}

// LocatorType is the only kind of parent locator that the format defines.
var LocatorType = guid("B04AEFB7-D19E-4A81-B789-25B8E9445913")

// The measures of a parent locator, in bytes and entries.
const (
	LocatorHeadSize   = 20
	LocatorEntrySize  = 12
	MaxLocatorEntries = 256
)

// The keys of a parent locator.
const (
	KeyLinkage      = "parent_linkage"
	KeyLinkage2     = "parent_linkage2"
	KeyRelativePath = "relative_path"
	KeyVolumePath   = "volume_path"
	KeyWin32Path    = "absolute_win32_path"
)

// The table of the parent locator's head and its fields.
var (
	LocatorTable = decode.New[Locator]("parent locator", LocatorHeadSize, decode.Little,
		"Names the parent of a differencing image by pairs of a key and a value: parent_linkage is the parent's DataWriteGuid when the child was made, the others are paths to look for it.",
		"MS-VHDX 2.6.2.6.1")

	LocatorTypeGUID = LocatorTable.GUID(0, "LocatorType",
		"How the parent is named. Only b04aefb7-d19e-4a81-b789-25b8e9445913 is defined: the parent is a VHDX file.")
	LocatorReserved = LocatorTable.Reserved(16, 2)
	LocatorCount    = LocatorTable.U16(18, "KeyValueCount", "Number of pairs.")
)

// The table of a parent locator entry and its fields.
var (
	LocatorEntryTable = decode.New[LocatorEntry]("parent locator entry", LocatorEntrySize, decode.Little,
		"Places one key and its value, both UTF-16 without a terminator.",
		"MS-VHDX 2.6.2.6.2")

	LocatorKeyOffset = LocatorEntryTable.U32(0, "KeyOffset",
		"Where the key lies, from the start of the item.", decode.Points(decode.InBytes, "key"))
	LocatorValueOffset = LocatorEntryTable.U32(4, "ValueOffset",
		"Where the value lies, from the start of the item.", decode.Points(decode.InBytes, "value"))
	LocatorKeyLength = LocatorEntryTable.U16(8, "KeyLength",
		"Length of the key in bytes, so an even number.", decode.Multiple(2))
	LocatorValueLength = LocatorEntryTable.U16(10, "ValueLength",
		"Length of the value in bytes, so an even number.", decode.Multiple(2))
)

// Pair is one key and its value as found in a parent locator.
type Pair struct {
	Key, Value  string
	Entry       int64 // offsets in the item and lengths, in bytes
	KeyOffset   int64
	KeyLength   int64
	ValueOffset int64
	ValueLength int64
	KeyBad      string // why the key can't be used; empty if it can
	ValueBad    string
}

// maxLocatorText bounds how much text is read from one parent locator, in
// bytes: its entries may all lead to the same place.
const maxLocatorText = 512 << 10

// Pairs reads the pairs of a parent locator item. Those that do not fit the
// item come with a reason. At most MaxLocatorEntries are read.
func Pairs(item []byte) []Pair {
	rec, ok := LocatorTable.Of(item)
	if !ok {
		return nil
	}
	var list []Pair
	budget := int64(maxLocatorText)
	for i := range min(int64(LocatorCount.Get(rec)), MaxLocatorEntries) {
		at := LocatorHeadSize + i*LocatorEntrySize
		if at+LocatorEntrySize > int64(len(item)) {
			break
		}
		e, _ := LocatorEntryTable.Of(item[at : at+LocatorEntrySize])
		p := Pair{
			Entry:     at,
			KeyOffset: int64(LocatorKeyOffset.Get(e)), KeyLength: int64(LocatorKeyLength.Get(e)),
			ValueOffset: int64(LocatorValueOffset.Get(e)), ValueLength: int64(LocatorValueLength.Get(e)),
		}
		if budget -= p.KeyLength + p.ValueLength; budget < 0 {
			p.KeyBad, p.ValueBad = "too much text for a locator", "too much text for a locator"
		} else {
			p.Key, p.KeyBad = locatorText(item, p.KeyOffset, p.KeyLength)
			p.Value, p.ValueBad = locatorText(item, p.ValueOffset, p.ValueLength)
		}
		list = append(list, p)
	}
	return list
}

func locatorText(item []byte, off, length int64) (text, bad string) {
	switch {
	case off == 0 || length == 0:
		return "", "empty"
	case length%2 != 0:
		return "", fmt.Sprintf("length %d is odd", length)
	case off+length > int64(len(item)):
		return "", fmt.Sprintf("bytes 0x%x+0x%x lie outside the item of 0x%x bytes", off, length, len(item))
	}
	text = decode.DecodeUTF16(item[off:off+length], decode.Little)
	if strings.ContainsRune(text, 0) {
		return text, "has a NUL character"
	}
	return text, ""
}

// Linkage reads the value of parent_linkage: a GUID in braces. It reports
// false for anything else (vhdx.md 7).
func Linkage(value string) (uuid.UUID, bool) {
	if len(value) != 38 || value[0] != '{' || value[37] != '}' {
		return uuid.UUID{}, false
	}
	id, err := uuid.Parse(value[1:37])
	return id, err == nil
}

// LocatorItem makes a parent locator of pairs, of which only Key and Value
// count: the head, an entry for each pair, and the texts after them.
func LocatorItem(pairs []Pair) []byte {
	head := LocatorTable.Blank()
	LocatorTypeGUID.Put(head, LocatorType)
	LocatorCount.Put(head, uint16(len(pairs)))
	item := append(head.Bytes(), make([]byte, len(pairs)*LocatorEntrySize)...)
	for i, p := range pairs {
		key, value := decode.EncodeUTF16(p.Key, decode.Little), decode.EncodeUTF16(p.Value, decode.Little)
		e, _ := LocatorEntryTable.Of(item[LocatorHeadSize+i*LocatorEntrySize:])
		LocatorKeyOffset.Put(e, uint32(len(item)))
		LocatorKeyLength.Put(e, uint16(len(key)))
		LocatorValueOffset.Put(e, uint32(len(item)+len(key)))
		LocatorValueLength.Put(e, uint16(len(value)))
		item = append(append(item, key...), value...)
	}
	return item
}

// KeyDoc explains a key of the parent locator.
func KeyDoc(key string) string {
	switch key {
	case KeyLinkage:
		return "The DataWriteGuid that the parent had when the child was made. If the parent has another one now, it was changed since, and the child does not fit it."
	case KeyLinkage2:
		return "A second GUID that the parent may have, used while a merge rewrites the parent. The null GUID counts as absent."
	case KeyRelativePath:
		return "Path of the parent, from the folder of the child. It is tried first."
	case KeyVolumePath:
		return "Path of the parent with the GUID of its Windows volume. It is tried second."
	case KeyWin32Path:
		return "Absolute path of the parent on the machine where the child was made. It is tried last."
	}
	return "A key that the format does not define."
}
