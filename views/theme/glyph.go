package theme

// Glyphs is the set of shapes that a terminal can show.
type Glyphs uint8

// The sets.
const (
	ASCII Glyphs = iota
	Unicode
)

// Border is the shapes of a frame.
type Border struct{ Horizontal, Vertical, TopLeft, TopRight, BottomLeft, BottomRight rune }

// Border is the frame of a pane; with focus it is heavier, so that focus
// shows without colour.
func (g Glyphs) Border(focus bool) Border {
	switch {
	case g == ASCII && focus:
		return Border{'=', '|', '+', '+', '+', '+'}
	case g == ASCII:
		return Border{'-', '|', '+', '+', '+', '+'}
	case focus:
		return Border{'━', '┃', '┏', '┓', '┗', '┛'}
	}
	return Border{'─', '│', '┌', '┐', '└', '┘'}
}

// EditBorder is the frame of a pane in which keys overwrite bytes: double.
func (g Glyphs) EditBorder() Border {
	if g == ASCII {
		return Border{'#', '#', '#', '#', '#', '#'}
	}
	return Border{'═', '║', '╔', '╗', '╚', '╝'}
}

// pick is the shape in the current set.
func (g Glyphs) pick(ascii, unicode rune) rune {
	if g == Unicode {
		return unicode
	}
	return ascii
}

// Open stands before a row whose children show.
func (g Glyphs) Open() rune { return g.pick('v', '▾') }

// Closed stands before a row with children that do not show.
func (g Glyphs) Closed() rune { return g.pick('>', '▸') }

// Pointer stands after a value that leads somewhere.
func (g Glyphs) Pointer() string {
	if g == Unicode {
		return "→"
	}
	return "->"
}

// State is the shape and style of a state of blocks.
type State struct {
	Glyph rune
	Style Style
	Name  string // for the legend
}

// The states that a cell of a map can show, worst last.
const (
	CellNone = iota
	CellFull
	CellPartial
	CellZero
	CellParent
	CellUnmapped
	CellMissing
)

// States are the shapes by state; all differ with colour taken away.
func (g Glyphs) States() []State {
	return []State{
		CellNone:     {g.pick('.', '·'), StateNone, "not present"},
		CellFull:     {g.pick('#', '█'), StateFull, "present"},
		CellPartial:  {g.pick('+', '▌'), StatePartial, "partial"},
		CellZero:     {g.pick('0', '○'), StateZero, "zero"},
		CellParent:   {g.pick('^', '↑'), StateParent, "from parent"},
		CellUnmapped: {g.pick('-', '╌'), StateUnmapped, "unmapped"},
		CellMissing:  {g.pick('!', '!'), StateMissing, "missing"},
	}
}

// Density is the shape of a cell that is partly present: part of 4, from 1 to
// 4.
func (g Glyphs) Density(part int) rune {
	if g == Unicode {
		return []rune("░▒▓█")[min(max(part, 1), 4)-1]
	}
	return []rune(":oO#")[min(max(part, 1), 4)-1]
}

// seeThrough are shapes to draw instead of those that fill their cell.
var seeThrough = map[rune]rune{'░': ':', '▒': 'o', '▓': 'O', '█': '#', '▌': '+'}

// UnderCursor is the shape of a cell of a map where the cursor is on it. One
// that fills its cell would leave nothing of the cursor's background to see,
// and a state that is drawn in reverse looks like a cursor already.
func UnderCursor(shape rune, s Style) rune {
	if s == StateMissing {
		return '@'
	}
	if r, ok := seeThrough[shape]; ok {
		return r
	}
	return shape
}
