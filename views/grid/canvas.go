package grid

import "platter/views/theme"

// Canvas is the screen of a view: painted again while it is dirty, else kept.
type Canvas struct {
	Dirty bool

	grid Grid
	text string
}

// Paint has a screen of w columns and h rows drawn if it is dirty, and returns
// it.
func (c *Canvas) Paint(t *theme.Theme, w, h int, draw func(Area)) string {
	if c.Dirty {
		c.Dirty = false
		c.grid.Resize(w, h)
		draw(c.grid.Area())
		c.text = c.grid.String(t)
	}
	return c.text
}

// Rect is where a pane lies on a screen; empty if it does not show.
type Rect struct{ X, Y, W, H int }

// At is the rectangle of w by h whose corner lies at x, y.
func At(x, y, w, h int) Rect { return Rect{x, y, w, h} }

// Shows reports whether there is anything of it.
func (r Rect) Shows() bool { return r.W > 0 && r.H > 0 }

// Holds reports whether a cell lies in it.
func (r Rect) Holds(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// In is the part of an area that it takes.
func (r Rect) In(a Area) Area { return a.Sub(r.X, r.Y, r.W, r.H) }

// Inside is the rectangle without its frame.
func (r Rect) Inside() Rect { return Rect{r.X + 1, r.Y + 1, max(0, r.W-2), max(0, r.H-2)} }
