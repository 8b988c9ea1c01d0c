// Package views is the contract between the program's frame (package tui) and
// its screens. A view is a pointer that paints one screen: keys reach it as
// actions, data as messages, and it speaks up by messages too. It never reads
// a file in Update or View; reading belongs in the commands it returns.
//
// A view imports the contract of the engine (engine/disk), never the engine,
// a format, or another view.
package views

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// View is one screen of the program.
type View interface {
	// Title is the word on the view's tab.
	Title() string
	// Context says which keys are live: that of the pane with the focus.
	Context() keymap.Context
	// SetSize tells how large the view is, in columns and rows. It may be
	// zero.
	SetSize(w, h int)
	// Do carries an action out. What it needs to read comes by the command.
	Do(keymap.Action) tea.Cmd
	// Update takes a message: an answer to one of the view's own commands, or
	// one of this package's.
	Update(tea.Msg) tea.Cmd
	// View is the screen: exactly as many lines and columns as SetSize said.
	View() string
}

// Env is what a view is made with.
type Env struct {
	Image    disk.Image
	Theme    *theme.Theme
	Explorer disk.Explorer // nil: what the guest wrote is not looked at
	Editor   disk.Staging  // nil: nothing can be changed
	Repairs  disk.Repairer // nil: no repairs are offered
	Queue    *Queue        // for Stage, Revert and Act; nil: they are sent as they come
	Locked   string        // why nothing can be changed; empty where there is an Editor
	Rest     time.Duration // that nothing has changed before a whole disk is gone through again
}

// Statuser is a view with something to say in the status line.
type Statuser interface{ Status() string }

// Disabler is a view that knows why an action would do nothing now; an empty
// answer means that it would do something.
type Disabler interface{ Disabled(keymap.Action) string }

// Starter is a view with a command to run when it is opened.
type Starter interface{ Start() tea.Cmd }

// Stopper is a view with work in the background. Stop ends it and reports
// whether there was any.
type Stopper interface{ Stop() bool }

// Typist is a view that takes typed text itself while Typing reports true.
type Typist interface {
	Typing() bool
	Type(tea.KeyMsg) tea.Cmd
}

// Mouse is what the mouse did.
type Mouse uint8

// The things that a mouse does.
const (
	Click Mouse = iota
	DoubleClick
	WheelUp
	WheelDown
)

// wheelRows is how far one notch of the wheel goes.
const wheelRows = 3

// Wheel is how many rows down the wheel goes, up if negative; 0 for a click.
func (m Mouse) Wheel() int64 {
	switch m {
	case WheelUp:
		return -wheelRows
	case WheelDown:
		return wheelRows
	}
	return 0
}

// On has the mouse act on line y of a list: the wheel scrolls, a click puts the
// cursor on the row. It reports whether a click hit one.
func (m Mouse) On(s *grid.Scroll, y int) (hit bool) {
	if n := m.Wheel(); n != 0 {
		s.Wheel(n)
		return false
	}
	row, hit := s.At(y)
	if hit {
		s.To(row)
	}
	return hit
}

// Mouser is a view that the mouse can be used on. X and y count from the
// view's own corner.
type Mouser interface {
	Mouse(x, y int, what Mouse) tea.Cmd
}

// Dragger is a view in which the mouse selects. Drag says that the mouse has
// come to a cell with the button held that a Click in the view pressed; it may
// lie outside the view, so that both may be negative.
type Dragger interface {
	Drag(x, y int) tea.Cmd
}

// Crumber is a [Statuser] whose status line names where the cursor is in parts
// that one can go to. X counts from the start of its text.
type Crumber interface {
	Crumb(x int) tea.Cmd
}

// Traveller is a view that can be gone to, and come back to.
type Traveller interface {
	// Here is where the cursor is.
	Here() Spot
	// Show goes to a spot.
	Show(Spot) tea.Cmd
}

// Spot is somewhere to go in the structure and bytes of an image: bytes of a
// file, a node of the tree, or both.
type Spot struct {
	Place decode.Place // Length may be 0: just the offset
	Path  []int        // of the node in the image's tree; nil: whatever node holds the place
}

// Same reports whether two spots are one.
func (s Spot) Same(t Spot) bool {
	return s.Place.File == t.Place.File && s.Place.Offset == t.Place.Offset && slices.Equal(s.Path, t.Path)
}

// Goto asks the program to go to a spot, remembering where it was.
type Goto struct{ To Spot }

// Stage asks the program to stage new bytes as one undoable change. An edit
// whose file is [disk.VirtualDisk] concerns the virtual disk: it is staged in
// the files where its sectors are stored. Whether it worked or not, Changed
// follows.
type Stage struct {
	Image disk.Image // that the edits were worked out from, and which they need as it was; nil: any will do
	Title string
	Edits []disk.Edit

	Repair *disk.Repair // takes the place of Edits; it needs the Image

	// Typed is where bytes that were just typed begin, in words. It takes the
	// place of Title: what goes on where the last typing ended becomes one
	// change with it, which is titled by the number of bytes and this place.
	Typed string

	Note string // what to tell the user once it is staged; may be empty
}

// Revert asks the program to stage what is on disk for a range of a file, or
// of the virtual disk. Changed follows.
type Revert struct {
	Title string
	Place decode.Place
}

// Drop asks the program to take one change out of what is staged. Changed
// follows.
type Drop struct{ ID int }

// Act asks the program to carry an action of its own out, for a view in a
// mode that takes all keys: undo, help.
type Act struct{ Action keymap.Action }

// Failed says that something went wrong that the user should know of. The
// text may hold what comes from an image: the frame escapes it.
type Failed struct{ Err error }

// Changed tells all views that the image has other bytes than before: they
// read again what they show.
type Changed struct {
	Image  disk.Image
	Editor disk.Staging // where another one stands for the image from now on; nil: the one before does
}

// Replay asks the program to show the image as it is when that many entries
// of its log are replayed. Changed follows.
type Replay struct{ Steps int }

// Answer asks the program to show rows of words over the screen: what a view
// was asked to find out. All its texts are safe to print.
type Answer struct {
	Image disk.Image // of which it tells: once another one shows it comes too late
	Title string
	Note  string
	Rows  []AnswerRow
}

// AnswerRow is a row of an answer.
type AnswerRow struct {
	Cells []string
	Bad   bool         // it is no good news
	Place decode.Place // where it leads; no file for nowhere
}

// Saver is a view with something of its own to save to a file.
type Saver interface {
	// Save is what the cursor stands on; false if that is nothing.
	Save() (Saving, bool)
}

// Saving is bytes to be saved to a file, from one or several places one after
// the other.
type Saving struct {
	What   string // "entry 12": safe to print
	Places []decode.Place
}

// Findings tells all views what the check has found by now.
type Findings struct {
	Image    disk.Image // that was examined
	List     []disk.Finding
	Complete bool
	Err      error  // why it is not complete and won't be
	Profile  string // of the check, see [disk.Profiles]
}

// Headline is what a finding says in a list of rows, safe to print: how often, and indented
// under what explains it.
func Headline(f disk.Finding) string {
	text := decode.Printable(f.Text)
	if f.Count > 1 {
		text = fmt.Sprintf("%d times: %s", f.Count, text)
	}
	if f.Cause != "" {
		return "  " + text
	}
	return text
}

// CheckAgain asks the program to run the check again, with a profile. Findings
// follows.
type CheckAgain struct{ Profile string }

// Disagreed tells all views where the readers of an image do not see the same disk.
type Disagreed struct {
	List  []hexgrid.Range // bytes of the disk, ascending, none touching the next
	Until int64           // how far the readers are compared
	Whole bool            // up to the end
}

// OpenPath asks the program to open an image instead of the present one.
type OpenPath struct{ Path string }

// Gen numbers questions so that late answers can be told from current ones.
// Numbers are never used twice in a run, not even by different views.
type Gen uint64

var gens atomic.Uint64

// NewGen is a number that no question had before.
func NewGen() Gen { return Gen(gens.Add(1)) }

// Send is a command that only sends a message.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
