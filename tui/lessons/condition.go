package lessons

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/locate"
	"platter/views"
)

// Now is what a student has in front of him.
type Now struct {
	Image    disk.Image // as staged, or as it is in the middle of a replay
	Original disk.Image // as it is on disk; nil: the same
	Screen   string     // its title in lower case: "structure"
	Pointed  views.Pointed
	Points   bool           // Pointed says something
	Found    map[string]int // how many findings each code has
	Complete bool           // the check came to its end
	Replayed int            // entries of the log; -1 outside of a replay
	Answer   string         // that was typed last; empty for none
}

// Condition is what has to hold for a step to be done.
type Condition struct {
	text string
	kind string
	path string // of a node of the tree, or a list of words
	a, b uint64
}

// String is the condition as it was written.
func (c Condition) String() string { return c.text }

func (c Condition) asks() bool { return strings.HasPrefix(c.kind, "answer") }

// ParseCondition reads a condition:
//
//	at PATH               the cursor is on the structure or field: at header 2.Checksum
//	screen NAME           the screen shows: screen log
//	sector N              the cursor is in that sector of the disk, on the screen Sectors
//	stores N              the cursor is where the file stores byte N of the disk
//	byte OFFSET LENGTH    the cursor is in that range of the image's first file
//	staged sector N       sector N of the disk holds other bytes than on disk
//	staged PATH           so does the structure or field
//	value PATH = VALUE    the field has that value
//	finding CODE          the check finds it
//	no finding CODE       the check is complete and does not find it
//	replayed N            so many entries of the log are replayed
//	answer WORD | WORD    that was answered, in either case
//	answer number N       that was answered, in any way to write a number or a size
//	answer value PATH     the field's value was answered
//
// Numbers are written as anywhere in the program: 0x200, 64K, 100s.
func ParseCondition(text string) (Condition, error) {
	c := Condition{text: text}
	kind, rest := "", ""
	for _, k := range kinds {
		if r, ok := strings.CutPrefix(text, k+" "); ok {
			kind, rest = k, strings.TrimSpace(r)
			break
		}
	}
	if c.kind = kind; rest == "" {
		return c, fmt.Errorf("%s: expected one of: %s", decode.Quote(text), strings.Join(kinds, ", "))
	}
	var err error
	switch kind {
	case "sector", "stores", "staged sector", "replayed", "answer number":
		c.a, err = decode.ParseSize(rest)
	case "byte":
		off, n, ok := strings.Cut(rest, " ")
		if !ok {
			return c, fmt.Errorf("%s: expected an offset and a length", decode.Quote(text))
		}
		c.a, err = decode.ParseSize(off)
		if err == nil {
			c.b, err = decode.ParseSize(n)
		}
	case "value":
		if !strings.Contains(rest, "=") {
			err = errors.New("expected a field and its value with = between them")
		}
		c.path = rest
	default:
		c.path = rest
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", decode.Quote(text), err)
	}
	return c, nil
}

// kinds are the conditions, a longer one before its beginning.
var kinds = []string{
	"at", "screen", "sector", "stores", "byte", "staged sector", "staged", "value", "no finding", "finding", "replayed",
	"answer number", "answer value", "answer",
}

// Holds reports whether the condition is fulfilled. It may read files. What can't be read, or
// is not there, does not hold.
func (c Condition) Holds(ctx context.Context, now Now) bool {
	switch c.kind {
	case "at":
		n, err := locate.Node(now.Image, c.path)
		return err == nil && now.Points && n.Place.Holds(now.Pointed.Cursor.File, now.Pointed.Cursor.Offset)
	case "screen":
		return strings.EqualFold(now.Screen, c.path)
	case "sector":
		size := uint64(max(now.Image.Info().LogicalSectorSize, 1))
		return now.Points && now.Pointed.Cursor.File == disk.VirtualDisk && uint64(now.Pointed.Cursor.Offset)/size == c.a
	case "stores":
		return c.stores(now)
	case "byte":
		at := now.Pointed.Cursor
		return now.Points && at.File == now.Image.Files()[0].Name && uint64(at.Offset) >= c.a && uint64(at.Offset)-c.a < c.b
	case "staged sector", "staged":
		return c.staged(now)
	case "value":
		path, value, _ := strings.Cut(c.path, "=")
		return valueIs(now.Image, strings.TrimSpace(path), strings.TrimSpace(value))
	case "finding":
		return now.Found[c.path] > 0
	case "no finding":
		return now.Complete && now.Found[c.path] == 0
	case "replayed":
		return now.Replayed >= 0 && uint64(now.Replayed) == c.a
	}
	return c.answered(now)
}

// answered looks at what was typed.
func (c Condition) answered(now Now) bool {
	answer := strings.TrimSpace(now.Answer)
	switch {
	case answer == "":
		return false
	case c.kind == "answer value":
		return valueIs(now.Image, c.path, answer)
	case c.kind == "answer number":
		n, err := decode.ParseSize(strings.ReplaceAll(answer, " ", ""))
		return err == nil && n == c.a
	}
	return slices.ContainsFunc(strings.Split(c.path, "|"), func(word string) bool {
		return strings.EqualFold(strings.TrimSpace(word), strings.Trim(answer, ". "))
	})
}

// stores looks whether the cursor is in the file, in the sector that holds a byte of the disk.
func (c Condition) stores(now Now) bool {
	at := now.Pointed.Cursor
	if !now.Points || c.a >= uint64(max(now.Image.Info().VirtualSize, 0)) {
		return false
	}
	off := int64(c.a) &^ 511
	for span, err := range now.Image.Map(off, 512) {
		if err != nil || span.State != disk.Data || span.Packed > 0 {
			return false
		}
		return span.File == at.File && at.Offset >= span.Offset && at.Offset < span.Offset+min(span.Length, 512)
	}
	return false
}

// staged looks whether bytes are others than on disk.
func (c Condition) staged(now Now) bool {
	if now.Original == nil {
		return false
	}
	if c.kind == "staged sector" {
		size := now.Image.Info().LogicalSectorSize
		if size <= 0 || c.a > uint64(now.Image.Info().VirtualSize/size) {
			return false
		}
		one, two := make([]byte, size), make([]byte, size)
		_, err1 := now.Image.ReadAt(one, int64(c.a)*size)
		_, err2 := now.Original.ReadAt(two, int64(c.a)*size)
		return err1 == nil && err2 == nil && !bytes.Equal(one, two)
	}
	n, err := locate.Node(now.Image, c.path)
	if err != nil || n.Place.Length == 0 || n.Place.Length > 1<<20 {
		return false
	}
	one, ok1 := read(now.Image, n.Place)
	two, ok2 := read(now.Original, n.Place)
	return ok1 && ok2 && !bytes.Equal(one, two)
}

// read reads a place in a file of an image.
func read(img disk.Image, p decode.Place) ([]byte, bool) {
	for _, f := range img.Files() {
		if f.Name == p.File {
			b := make([]byte, p.Length)
			n, _ := f.Data.ReadAt(b, p.Offset)
			return b, int64(n) == p.Length
		}
	}
	return nil, false
}

// valueIs looks whether a field has a value, however that is written.
func valueIs(img disk.Image, path, text string) bool {
	n, err := locate.Node(img, path)
	if err == nil && n.Field == nil && n.Len() == 1 {
		n = n.Child(0) // a structure with this one field
	}
	if err != nil || len(n.Raw) == 0 {
		return false
	}
	if n.Field == nil { // a line of a descriptor
		return strings.EqualFold(strings.Trim(n.Value, `"`), strings.Trim(text, `"`))
	}
	rec := make([]byte, n.Field.Offset()+n.Field.Size())
	copy(rec[n.Field.Offset():], n.Raw)
	for _, t := range []string{text, strings.ReplaceAll(text, " ", "")} {
		if b, err := n.Field.Parse(rec, t); err == nil && bytes.Equal(b, n.Raw) {
			return true
		}
	}
	return false
}
