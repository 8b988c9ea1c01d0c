package structure

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/views/grid"
)

// View paints the screen, or gives the last one again if nothing changed.
func (v *View) View() string { return v.canvas.Paint(v.theme, v.w, v.h, v.draw) }

func (v *View) draw(a grid.Area) {
	if r := v.lay.tree; r.Shows() {
		p := treePainter{v.theme, &v.tree, &v.rows, v.staged}
		p.draw(r.In(a).Box(v.theme, p.title(), v.focus == treePane))
	}
	if r := v.lay.hex; r.Shows() {
		v.drawHex(r.In(a))
	}
	if r := v.lay.inspect; r.Shows() {
		v.drawInspector(r.In(a))
	}
	if r := v.lay.explain; r.Shows() {
		v.drawExplain(r.In(a).Box(v.theme, "Explain", v.focus == explainPane))
	}
	if r := v.lay.second; r.Shows() {
		v.second.draw(r.In(a), v.theme)
	}
	if v.form.open() {
		v.form.draw(a, v.theme)
	}
}

// drawHex paints the hex pane, with another frame while bytes are typed.
func (v *View) drawHex(a grid.Area) {
	m := &v.hex.Marks
	m.InText = v.edit.InText()
	m.High, m.Half = v.edit.Half()
	if v.edit.On() {
		v.hex.Draw(a.EditBox(v.theme, v.edit.Words()+"  "+v.hexTitle()), true)
		return
	}
	v.hex.Draw(a.Box(v.theme, v.hexTitle(), v.focus == hexPane), v.focus == hexPane)
}

func (v *View) hexTitle() string {
	src := v.hex.Source()
	parts := []string{"Hex", "file offset"}
	if len(v.files) > 1 {
		i, _ := v.file(src.Name)
		parts[1] = fmt.Sprintf("%s (%d of %d)", decode.Printable(src.Name), i+1, len(v.files))
	}
	if err := v.hex.Err(); err != nil {
		parts = append(parts, "! "+decode.Printable(err.Error()))
	}
	parts = append(parts, fmt.Sprintf("%d bytes/row", v.hex.PerRow()), v.hex.Text().String())
	return strings.Join(parts, "  ")
}
