package edit

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Patch is a list of changes to an image, by old and new bytes.
type Patch struct {
	Why   []string // comments
	Image string   // what the image must be like: "vhdx DataWriteGuid 0a5c..."; "any" for no demand
	Edits []PatchEdit
}

// PatchEdit is one of the changes. Old and new bytes are of one length.
type PatchEdit struct {
	File     string // a file of the image; empty: the virtual disk
	Offset   int64  // bytes
	Old, New []byte
	Comment  string
}

// ErrPatch: a text is no patch.
var ErrPatch = errors.New("not a patch")

// patchHead is the first line of a patch, and anyImage the demand that all images meet.
const (
	patchHead = "platter-patch 1"
	anyImage  = "any"
)

// The bounds of a patch: its bytes are staged in memory.
const (
	maxPatch    = 4 * store.MaxStaged
	maxPatchHex = 32 // bytes in a line
	maxComments = 1000
)

// IdentityOf is what a patch can demand of an image: its format, and the mark of its
// content if it has one.
func IdentityOf(img disk.Image) string {
	text := img.Info().Format
	if m, ok := img.(disk.Marked); ok {
		if term, value := m.Mark(); term != "" {
			text += " " + strings.ReplaceAll(term, " ", "_") + " " + value
		}
	}
	return text
}

// WritePatch writes a patch as text.
func WritePatch(w io.Writer, p Patch) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, patchHead)
	for _, why := range p.Why {
		fmt.Fprintln(b, "# "+decode.Printable(why))
	}
	fmt.Fprintln(b, "image", p.Image)
	plane := "\x00"
	for _, e := range p.Edits {
		if e.File != plane {
			plane = e.File
			fmt.Fprintln(b, strings.TrimSpace("plane "+planeName(e.File)))
		}
		fmt.Fprintln(b, strings.TrimSpace(fmt.Sprintf("@ 0x%x %d  %s", e.Offset, len(e.Old), decode.Printable(e.Comment))))
		hexLines(b, "- ", e.Old)
		hexLines(b, "+ ", e.New)
	}
	return b.Flush()
}

func planeName(file string) string {
	if file == "" {
		return "disk"
	}
	return "file " + file
}

func hexLines(w io.Writer, sign string, b []byte) {
	for len(b) > 0 {
		n := min(len(b), maxPatchHex)
		fmt.Fprintf(w, "%s% x\n", sign, b[:n])
		b = b[n:]
	}
}

// ReadPatch reads the text of a patch. What is no patch is [ErrPatch], with the number of
// the line.
func ReadPatch(r io.Reader) (Patch, error) {
	p := patchReader{patch: Patch{Image: ""}}
	lines := bufio.NewScanner(io.LimitReader(r, maxPatch))
	lines.Buffer(make([]byte, 0, 4096), 64<<10)
	for lines.Scan() {
		p.line++
		if err := p.read(strings.TrimRight(lines.Text(), " \t\r")); err != nil {
			return Patch{}, fmt.Errorf("line %d: %w: %w", p.line, ErrPatch, err)
		}
	}
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = errors.New("it has more than 64 KiB, and no line of a patch is so long")
	}
	if err != nil {
		return Patch{}, fmt.Errorf("line %d: %w: %w", p.line+1, ErrPatch, err)
	}
	if err := p.whole(); err != nil {
		return Patch{}, fmt.Errorf("line %d: %w: %w", p.line, ErrPatch, err)
	}
	if p.patch.Image == "" || len(p.patch.Edits) == 0 {
		return Patch{}, fmt.Errorf("%w: there are no changes in it", ErrPatch)
	}
	return p.patch, nil
}

type patchReader struct {
	patch  Patch
	line   int
	plane  bool
	file   string
	length int // of the edit that is being read
	bytes  int // of all edits
}

func (p *patchReader) read(text string) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("it is no text")
	case p.line == 1 && text != patchHead:
		return fmt.Errorf("expected %q", patchHead)
	case p.line == 1 || text == "":
		return nil
	case strings.HasPrefix(text, "#"):
		if len(p.patch.Why) < maxComments {
			p.patch.Why = append(p.patch.Why, strings.TrimSpace(text[1:]))
		}
		return nil
	case strings.HasPrefix(text, "image "):
		p.patch.Image = strings.TrimSpace(text[6:])
		return nil
	case text == "plane disk":
		p.plane, p.file = true, ""
		return p.whole()
	case strings.HasPrefix(text, "plane file "):
		p.plane, p.file = true, strings.TrimSpace(text[11:])
		return p.whole()
	case strings.HasPrefix(text, "@ "):
		return p.begin(text[2:])
	case strings.HasPrefix(text, "- "), strings.HasPrefix(text, "+ "):
		return p.bytesOf(text[0], text[2:])
	}
	return fmt.Errorf("unknown line %.40q", text)
}

// begin reads where an edit is: offset, length, comment.
func (p *patchReader) begin(text string) error {
	if err := p.whole(); err != nil {
		return err
	}
	offset, rest, _ := strings.Cut(text, " ")
	length, comment, _ := strings.Cut(strings.TrimSpace(rest), " ")
	off, err := strconv.ParseInt(offset, 0, 64)
	if err != nil || off < 0 {
		return fmt.Errorf("offset %.20q: expected a number of bytes", offset)
	}
	n, err := strconv.Atoi(length)
	if err != nil || n < 1 || n > store.MaxStaged-p.bytes {
		return fmt.Errorf("length %.20q: expected 1 to %d bytes", length, store.MaxStaged-p.bytes)
	}
	if !p.plane || p.patch.Image == "" {
		return fmt.Errorf("a change before the lines that say of which image and plane it is")
	}
	p.length, p.bytes = n, p.bytes+n
	p.patch.Edits = append(p.patch.Edits, PatchEdit{File: p.file, Offset: off, Comment: strings.TrimSpace(comment)})
	return nil
}

// bytesOf reads a line of old or new bytes.
func (p *patchReader) bytesOf(sign byte, text string) error {
	if len(p.patch.Edits) == 0 {
		return fmt.Errorf("bytes before the line that says where they are")
	}
	e := &p.patch.Edits[len(p.patch.Edits)-1]
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	to := &e.Old
	if sign == '+' {
		to = &e.New
	}
	if err != nil || len(b) > maxPatchHex || len(*to)+len(b) > p.length {
		return fmt.Errorf("%.40q: expected pairs of hex digits, at most %d in a line, %d in all", text, maxPatchHex, p.length)
	}
	*to = append(*to, b...)
	return nil
}

// whole checks the edit that was read.
func (p *patchReader) whole() error {
	if len(p.patch.Edits) == 0 {
		return nil
	}
	e := p.patch.Edits[len(p.patch.Edits)-1]
	if len(e.Old) != p.length || len(e.New) != p.length {
		return fmt.Errorf("the change at 0x%x has %d old and %d new bytes, expected %d of each", e.Offset, len(e.Old), len(e.New), p.length)
	}
	return nil
}

// Reversed is the patch that takes a patch back. It makes no demand of the image: the
// content was marked anew since.
func (p Patch) Reversed() Patch {
	r := Patch{Why: p.Why, Image: anyImage}
	for i := len(p.Edits) - 1; i >= 0; i-- {
		e := p.Edits[i]
		e.Old, e.New = e.New, e.Old
		r.Edits = append(r.Edits, e)
	}
	return r
}

// PatchState is what a patch is to an image.
type PatchState string

// The states.
const (
	Applicable PatchState = "applicable" // all old bytes are there
	Applied    PatchState = "applied"    // all new bytes are there
	Differs    PatchState = "differs"    // neither, or it is another image
)

// Against holds a patch against an image, and lists the edits whose old bytes are not
// there.
func (p Patch) Against(img disk.Image) (PatchState, []PatchEdit, error) {
	var other []PatchEdit
	applied := true
	for _, e := range p.Edits {
		plane := io.ReaderAt(img)
		if e.File != "" {
			f, err := fileOf(img, e.File)
			if err != nil {
				return Differs, nil, err
			}
			plane = f.Data
		}
		b := make([]byte, len(e.Old))
		n, err := plane.ReadAt(b, e.Offset)
		if n < len(b) && err != nil && err != io.EOF {
			return Differs, nil, err
		}
		applied = applied && bytes.Equal(b, e.New)
		if n < len(b) || !bytes.Equal(b, e.Old) {
			other = append(other, e)
		}
	}
	switch {
	case applied:
		return Applied, nil, nil
	case len(other) > 0 || p.Image != anyImage && !strings.EqualFold(p.Image, IdentityOf(img)):
		return Differs, other, nil
	}
	return Applicable, nil, nil
}

// fileOf is one of an image's files. The name of a single file does not matter: it may be
// a copy.
func fileOf(img disk.Image, name string) (disk.File, error) {
	list := img.Files()
	for _, f := range list {
		if f.Name == name || len(list) == 1 {
			return f, nil
		}
	}
	return disk.File{}, &disk.Error{Kind: disk.NotFound, Op: "patch", What: "the image has no file " + decode.InQuotes(name)}
}
