package blockmap

import "platter/views/grid"

// layout is where everything lies. Rects of what does not show are empty.
type layout struct {
	cols, rows int       // of cells
	wide       int       // columns of the screen that a cell takes
	cells      grid.Rect // without labels
	labels     grid.Rect

	frame  grid.Rect // around map and legend
	legend grid.Rect
	facts  grid.Rect // one line about the cell

	cell, totals, files, list grid.Rect // boxes
	strip                     grid.Rect // the columns of the file strip, within files
}

// widen makes the cells of a disk that has only few wider, so that they do not
// huddle in a corner.
func (l *layout) widen(cells int64) {
	l.wide = 1
	for cells > 0 && l.wide < maxWide && l.cols > 1 && cells <= int64(l.cols/2)*int64(l.rows/4) {
		l.cols, l.wide = l.cols/2, l.wide*2
	}
}

// stripColumns is the number of columns of the file strip, row by row.
func (l *layout) stripColumns() int { return max(1, l.strip.W*l.strip.H) }

// stripAt is the column of the file strip at a place of the screen.
func (l *layout) stripAt(x, y int) (int, bool) {
	if !l.strip.Holds(x, y) {
		return 0, false
	}
	return (y-l.strip.Y)*l.strip.W + x - l.strip.X, true
}

// The measures of the layouts.
const (
	labelWidth = 7 // of the offset before a row of cells
	maxCols    = 128
	maxWide    = 8

	mediumWidth, mediumHeight = 112, 30
	largeWidth, largeHeight   = 190, 50
	totalsHeight              = 13
	sideFilesHeight           = 10
	wideFilesHeight           = 7
	listHeight                = 13
	legendHeight              = 2
)

func arrange(w, h int) layout {
	switch {
	case w < labelWidth+8 || h < 4:
		return layout{}
	case w >= largeWidth && h >= largeHeight:
		return large(w, h)
	case w >= mediumWidth && h >= mediumHeight:
		return medium(w, h)
	}
	return small(w, h)
}

// columns is the largest power of two of cells that fit next to each other.
func columns(w int) int {
	cols := 1
	for cols*2 <= min(w, maxCols) {
		cols *= 2
	}
	return cols
}

// small has no frames: words, map, legend, strip.
func small(w, h int) layout {
	l := layout{cols: columns(w - labelWidth)}
	below := 3
	if h < 10 {
		below = 1
	}
	l.rows = h - 1 - below
	l.place(0, 1)
	l.legend = grid.At(1, 1+l.rows, w-1, 1)
	if below == 3 {
		l.facts = grid.At(1, 2+l.rows, w-1, 1)
		l.strip = grid.At(labelWidth, 3+l.rows, w-labelWidth-1, 1)
		l.files = grid.At(0, 3+l.rows, w, 1)
	}
	return l
}

// place puts labels and cells into the frame.
func (l *layout) place(x, y int) {
	l.labels = grid.At(x, y, labelWidth, l.rows)
	l.cells = grid.At(x+labelWidth, y, l.cols, l.rows)
}

// medium has the map to the left, and facts to the right of it.
func medium(w, h int) layout {
	l := layout{cols: 64}
	l.mapFrame(h)
	x := l.frame.W
	l.files = grid.At(x, h-sideFilesHeight, w-x, sideFilesHeight)
	l.side(x, w-x, h-sideFilesHeight)
	l.inFiles(3)
	return l
}

// large has the files and the blocks of a cell in full width below.
func large(w, h int) layout {
	l := layout{cols: 128}
	top := h - wideFilesHeight - listHeight
	l.mapFrame(top)
	l.side(l.frame.W, w-l.frame.W, top)
	l.files = grid.At(0, top, w, wideFilesHeight)
	l.list = grid.At(0, top+wideFilesHeight, w, listHeight)
	l.inFiles(2)
	return l
}

func (l *layout) mapFrame(h int) {
	l.rows = h - 2 - legendHeight
	l.frame = grid.At(0, 0, labelWidth+l.cols+3, h)
	l.place(1, 1)
	l.legend = grid.At(2, 1+l.rows, l.frame.W-4, legendHeight)
}

func (l *layout) side(x, w, h int) {
	l.totals = grid.At(x, h-totalsHeight, w, totalsHeight)
	l.cell = grid.At(x, 0, w, h-totalsHeight)
}

// inFiles puts the strip into its frame, with rows for words below.
func (l *layout) inFiles(words int) {
	f := l.files
	l.strip = grid.At(f.X+2, f.Y+1, f.W-4, f.H-2-words)
}
