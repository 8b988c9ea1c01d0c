package cli

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"platter/decode"
	"platter/engine/disk"
	"platter/tui"
)

// noteFolder keeps bookmarks and notes: a file for each image, named after its
// identity. It is a [tui.Keeper].
type noteFolder struct{ dir string }

// noteFile is the content of one.
type noteFile struct {
	Image string `json:"image"` // for people: what the notes are on
	Notes []note `json:"notes"`
}

type note struct {
	File   string `json:"file"` // "disk:" for the virtual disk
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Text   string `json:"text,omitempty"`
}

// noteLimit bounds the size of a file of notes, in bytes.
const noteLimit = 16 << 20

// path is the file for an image: by the identity that the format gives the
// disk, or else by where it lies.
func (n noteFolder) path(info disk.Info) string {
	identity := info.Format + "\x00" + info.ID
	if info.ID == "" || info.Format == "vmdk" { // a CID changes with the content
		abs, err := filepath.Abs(info.Path)
		if err != nil {
			abs = info.Path
		}
		identity += "\x00" + abs
	}
	return filepath.Join(n.dir, fmt.Sprintf("%.16x.json", sha256.Sum256([]byte(identity))))
}

// Load reads the notes on an image; none if there is no file.
func (n noteFolder) Load(info disk.Info) ([]tui.Note, error) {
	path := n.path(info)
	if st, err := os.Stat(path); err == nil && st.Size() > noteLimit {
		return nil, fmt.Errorf("%s has %d bytes, expected at most %d", path, st.Size(), noteLimit)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f noteFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var list []tui.Note
	for _, e := range f.Notes {
		if e.Offset >= 0 && e.Length >= 0 {
			list = append(list, tui.Note{Place: decode.Place{File: e.File, Offset: e.Offset, Length: e.Length}, Text: e.Text})
		}
	}
	return list, nil
}

// Save replaces the notes on an image.
func (n noteFolder) Save(info disk.Info, list []tui.Note) error {
	f := noteFile{Image: info.Path, Notes: []note{}}
	for _, e := range list {
		f.Notes = append(f.Notes, note{e.Place.File, e.Place.Offset, e.Place.Length, e.Text})
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	path := n.path(info)
	return writeWhole(filepath.Dir(path), filepath.Base(path), string(b)+"\n")
}
