package sectors

import tea "github.com/charmbracelet/bubbletea"

// goTo goes to a byte, wherever it is.
func (v *View) goTo(off int64) tea.Cmd {
	v.hex.Go(off)
	return v.moved()
}

// word is how far the field keys go where there is no field, in bytes.
const word = 4

// nextField goes past the field under the cursor.
func (v *View) nextField() tea.Cmd {
	if n, ok := v.current(); ok {
		return v.goTo(n.Place.End())
	}
	return v.goTo(v.hex.Cursor()/word*word + word)
}

// prevField goes to the start of the field under the cursor, or before it.
func (v *View) prevField() tea.Cmd {
	if n, ok := v.current(); ok && n.Place.Offset < v.hex.Cursor() {
		return v.goTo(n.Place.Offset)
	}
	return v.goTo((v.hex.Cursor() - 1) / word * word)
}
