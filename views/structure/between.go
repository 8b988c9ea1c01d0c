package structure

import (
	"context"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/unclaimed"
	"platter/views"
	"platter/views/theme"
	"platter/views/widget/explain"
)

// between is what lies under the hex cursor where no structure of the tree does.
type between struct {
	asked decode.Place // the byte that was asked about; no length: none
	found unclaimed.Range
	known bool
	err   error
}

// regionRead is the answer about a byte.
type regionRead struct {
	gen   views.Gen
	asked decode.Place
	found unclaimed.Range
	ok    bool
	err   error
}

// regionPatience is how long is looked for a byte's region: an image can have tens of
// millions.
const regionPatience = time.Second

// outside reports whether the user points at a byte that no structure of the tree
// holds, but the file as a whole.
func (v *View) outside() bool {
	n, ok := v.current()
	return ok && v.byBytes && v.seek.number == 0 && n.Field == nil && n.Len() > 0 && (n.Place.Length == 0 || n.Place.Length >= v.hex.Size())
}

// under is the byte under the hex cursor.
func (v *View) under() decode.Place {
	return decode.Place{File: v.hex.Source().Name, Offset: v.hex.Cursor(), Length: 1}
}

// readRegion asks what the byte under the cursor is for, where no structure tells.
func (v *View) readRegion() tea.Cmd {
	at := v.under()
	if !v.outside() || v.between.asked == at || v.between.known && v.between.found.Place().Holds(at.File, at.Offset) {
		return nil
	}
	v.between = between{asked: at}
	img, gen := v.image, v.gen
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), regionPatience)
		defer cancel()
		found, ok, err := unclaimed.At(ctx, img, at)
		return regionRead{gen, at, found, ok, err}
	}
}

func (v *View) regionRead(msg regionRead) tea.Cmd {
	if msg.gen != v.gen || msg.asked != v.between.asked {
		return nil
	}
	v.between.found, v.between.known, v.between.err = msg.found, msg.ok && msg.err == nil, msg.err
	v.canvas.Dirty = true
	return v.readRegion()
}

// betweenName names the bytes under the cursor.
func (v *View) betweenName() string {
	if !v.between.known {
		return "no structure"
	}
	return decode.Printable(v.between.found.Name)
}

// betweenNotes explain the bytes under the cursor.
func (v *View) betweenNotes() []explain.Note {
	switch r := v.between.found; {
	case v.between.err != nil:
		return []explain.Note{{Text: "No structure of the tree holds this byte. What the layout says of it was not found in time: platter layout lists all."}}
	case !v.between.known:
		return []explain.Note{{Text: "..", Style: theme.Dim}}
	default:
		notes := []explain.Note{
			{Text: v.betweenName(), Style: theme.Strong},
			{Text: unclaimed.About(r.Kind), Style: theme.Value},
			{Label: "where", Text: fmt.Sprintf("%s at 0x%x, up to 0x%x", decode.FormatSize(uint64(r.Length)), r.Offset, r.Offset+r.Length-1), Style: theme.Value},
			{Label: "holds", Text: r.Content(), Style: theme.Value},
		}
		if r.Text.Words != "" {
			notes = append(notes, explain.Note{Label: "first text", Text: fmt.Sprintf("at 0x%x: %s", r.Text.Offset, decode.InQuotes(r.Text.Words)), Style: theme.Mark})
		}
		return append(notes, explain.Note{Text: "U lists all bytes that no structure explains.", Style: theme.Dim})
	}
}

// betweenRemark is the one line about the bytes under the cursor.
func (v *View) betweenRemark() string {
	r := v.between.found
	switch {
	case !v.between.known:
		return ""
	case r.Text.Words != "":
		return fmt.Sprintf("%s; first text: %s", r.Content(), decode.InQuotes(r.Text.Words))
	}
	return r.Content() + ". " + unclaimed.About(r.Kind)
}
