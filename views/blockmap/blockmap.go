// Package blockmap is the screen that shows a whole virtual disk at once,
// however large: cells of a power of two of blocks, down to single ones, the
// worst of a cell's blocks deciding how it looks; and beside it what each part
// of the image's files is for.
//
// The map is counted once, in the background, into at most 64 Ki buckets. What
// a coarser cell shows is a sum of buckets; for finer ones only the part of
// the map that shows is asked for again.
package blockmap

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// pane is one of the panes that can have the focus.
type pane uint8

const (
	mapPane pane = iota
	stripPane
)

// View is the map screen. It implements [views.View].
type View struct {
	rest time.Duration // see [views.Env]

	image disk.Image
	info  disk.Info
	theme *theme.Theme
	looks [overlays][]look

	tally   tally
	fine    fine
	strip   *strip
	survey  job
	due     bool   // the survey is to follow the scan
	shared  ranges // what the survey found to be claimed more than once
	content content
	readers *views.Disagreed // nil: the image has no readers
	detail  detail
	exam    job
	seeking job

	w, h    int
	lay     layout
	overlay overlay
	focus   pane
	level   uint          // a cell is 1<<level blocks
	top     uint          // the level at which everything shows
	cursor  int64         // block; the map's cursor is on the cell that holds it
	rows    grid.Scroll   // of cells
	column  int           // cursor of the strip
	opening keymap.Action // to be done as soon as the cell is known
	note    string        // for the status line, until the next key

	cells []count // of the rows that show
	shown []uint8 // their looks
	used  [16]bool
	stale bool // cells

	canvas grid.Canvas
	ink    ink
}

// job is something that runs in the background.
type job struct {
	gen    views.Gen
	cancel context.CancelFunc // nil: nothing runs
}

// begin replaces what ran before.
func (j *job) begin() (context.Context, views.Gen) {
	j.stop()
	ctx, cancel := context.WithCancel(context.Background())
	j.gen, j.cancel = views.NewGen(), cancel
	return ctx, j.gen
}

// stop reports whether anything ran.
func (j *job) stop() bool {
	if j.cancel == nil {
		return false
	}
	j.cancel()
	j.cancel, j.gen = nil, views.NewGen()
	return true
}

// end is for an answer: it reports whether it was asked for.
func (j *job) end(gen views.Gen) bool {
	if j.cancel == nil || gen != j.gen {
		return false
	}
	j.cancel()
	j.cancel = nil
	return true
}

// New makes the screen of an image. Start begins to count its map.
func New(env views.Env) *View {
	v := &View{image: env.Image, theme: env.Theme, looks: looks(env.Theme.Glyphs), rest: env.Rest}
	v.open()
	return v
}

func (v *View) open() {
	v.info = v.image.Info()
	sh := shape{}
	if v.info.Readable() {
		sh = shapeOf(v.info)
	}
	if sh != v.tally.shape || v.tally.pages == nil {
		v.tally.stop()
		v.tally = newTally(sh)
		v.level, v.cursor = ^uint(0), 0
	}
	if v.strip == nil {
		v.strip = newStrip(v.image.Files())
	}
	v.shared, v.stale = nil, true
}

// Start counts the map, then looks at the files.
func (v *View) Start() tea.Cmd {
	if v.tally.shape.blocks == 0 {
		return v.startSurvey()
	}
	v.due = true
	return tea.Batch(v.tally.start(v.image, nil), v.refresh())
}

func (v *View) startSurvey() tea.Cmd {
	v.due = false
	ctx, gen := v.survey.begin()
	return survey(ctx, gen, v.image)
}

// Stop ends whatever runs.
func (v *View) Stop() bool {
	stopped := v.tally.stop()
	for _, stop := range []func() bool{v.fine.stop, v.content.stop, v.survey.stop, v.exam.stop, v.seeking.stop} {
		stopped = stop() || stopped
	}
	v.opening, v.canvas.Dirty = "", true
	return stopped
}

// Title is the word on the tab.
func (v *View) Title() string { return "Map" }

// Context says which keys are live.
func (v *View) Context() keymap.Context { return keymap.Map }

// SetSize arranges the panes again. The cursor stays on its block.
func (v *View) SetSize(w, h int) {
	v.w, v.h = w, h
	whole := v.level >= v.top
	v.lay = arrange(w, h)
	v.lay.widen(v.tally.shape.blocks)
	v.top = v.tally.shape.level(int64(v.lay.cols) * int64(v.lay.rows))
	if whole || v.level > v.top {
		v.level = v.top
	}
	v.column = max(0, min(v.column, v.lay.stripColumns()-1))
	v.place()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case scanned:
		return v.scanned(msg)
	case refined:
		if v.fine.take(msg) {
			v.stale, v.canvas.Dirty = true, true
			return v.refresh()
		}
	case surveyed:
		return v.surveyed(msg)
	case tasted:
		if v.content.take(msg) {
			v.stale, v.canvas.Dirty = true, true
			return msg.more
		}
	case examined:
		return v.examined(msg)
	case sought:
		return v.sought(msg)
	case tea.WindowSizeMsg:
		return tea.Batch(v.refresh(), v.sample())
	case views.Disagreed:
		v.readers, v.stale, v.canvas.Dirty = &msg, true, true
	case views.Changed:
		return v.changed(msg)
	}
	return nil
}

func (v *View) scanned(msg scanned) tea.Cmd {
	if !v.tally.take(msg) {
		return nil
	}
	v.stale, v.canvas.Dirty = true, true
	if !v.tally.running && v.due {
		return tea.Batch(v.startSurvey(), v.refresh())
	}
	return tea.Batch(msg.more, v.refresh())
}

// surveyed shows the strip. Where files have ranges that are claimed more than
// once, the map is counted again, to show which blocks these are.
func (v *View) surveyed(msg surveyed) tea.Cmd {
	if msg.gen != v.survey.gen {
		return nil
	}
	v.strip, v.canvas.Dirty = msg.strip, true
	if !v.strip.done {
		return msg.more
	}
	v.survey.end(msg.gen)
	if len(v.strip.shared) == 0 || v.tally.shape.blocks == 0 {
		return nil
	}
	v.shared = v.strip.shared
	v.fine.forget()
	v.detail = detail{}
	return tea.Batch(v.tally.start(v.image, v.shared), v.refresh())
}

func (v *View) examined(msg examined) tea.Cmd {
	if !v.exam.end(msg.gen) {
		return nil
	}
	v.detail, v.canvas.Dirty = msg.detail, true
	if cmd := v.refresh(); cmd != nil {
		return cmd
	}
	if a := v.opening; a != "" {
		v.opening = ""
		return v.visit(a)
	}
	return nil
}

// changed counts everything again; until then the screen stays as it was.
func (v *View) changed(msg views.Changed) tea.Cmd {
	v.Stop()
	v.image = msg.Image
	v.open()
	v.fine.forget()
	v.content, v.detail = content{}, detail{}
	v.SetSize(v.w, v.h)
	v.tally.rest = v.rest
	return tea.Batch(v.Start(), v.sample())
}

// cell is the one under the cursor.
func (v *View) cell() int64 { return v.cursor >> v.level }

// window is the range of cells that show.
func (v *View) window() (first, n int64) {
	first = v.rows.Top * int64(v.lay.cols)
	return first, max(0, min(int64(v.lay.rows)*int64(v.lay.cols), v.tally.shape.cells(v.level)-first))
}

// place keeps the cursor on the disk and in sight.
func (v *View) place() {
	v.cursor = max(0, min(v.cursor, v.tally.shape.blocks-1))
	cols := int64(max(v.lay.cols, 1))
	v.rows.Fit((v.tally.shape.cells(v.level)+cols-1)/cols, v.lay.rows)
	v.rows.To(v.cell() / cols)
	v.stale, v.canvas.Dirty = true, true
}

// refresh asks for what the screen lacks and nobody has asked for yet.
func (v *View) refresh() tea.Cmd {
	if v.tally.shape.blocks == 0 || v.lay.cols == 0 {
		return nil
	}
	var cmds []tea.Cmd
	if first, n := v.window(); v.level < v.tally.shape.shift && v.fine.cancel == nil && !v.fine.holds(v.level, first, n) {
		cmds = append(cmds, v.fine.fetch(v.image, v.tally.shape, v.shared, v.level, first, n))
	}
	if v.exam.cancel == nil && !v.known() {
		ctx, gen := v.exam.begin()
		cmds = append(cmds, examine(ctx, gen, v.image, v.tally.shape, v.shared, v.level, v.cell()))
	}
	return tea.Batch(cmds...)
}

// known reports whether the cell under the cursor has been looked at.
func (v *View) known() bool {
	return len(v.detail.blocks) > 0 && v.detail.level == v.level && v.detail.cell == v.cell()
}

// sample reads samples of the cells that show, if their overlay does.
func (v *View) sample() tea.Cmd {
	first, n := v.window()
	if v.overlay != contents || n == 0 || v.content.covers(v.level, first, n) {
		return nil
	}
	return v.content.start(v.image, v.tally.shape, v.level, first, n)
}

// Here is the cell under the cursor, as a place on the virtual disk.
func (v *View) Here() views.Spot {
	return views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: v.tally.shape.offset(v.cursor)}}
}

// Show goes to the block that holds a place of the virtual disk.
func (v *View) Show(s views.Spot) tea.Cmd {
	if s.Place.File != disk.VirtualDisk || v.tally.shape.block == 0 {
		return nil
	}
	v.focus = mapPane
	v.cursor = s.Place.Offset / v.tally.shape.block
	v.place()
	return tea.Batch(v.refresh(), v.sample())
}
