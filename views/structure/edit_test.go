package structure_test

import (
	"bytes"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/structure"
	"platter/views/viewtest"
)

// editor knows that 2 bytes of header 2 are staged.
type editor struct{ disk.Staging }

func (editor) Dirty(file string) []store.Range { return []store.Range{{Offset: 0x2008, Length: 2}} }

// editing opens the fake image so that it can be changed, at header 2.
func editing(t *testing.T, w, h int) *driver {
	t.Helper()
	v := structure.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t), Editor: editor{}})
	v.SetSize(w, h)
	d := &driver{t: t, v: v, w: w, h: h}
	d.run(v.Start())
	return header2(d)
}

var special = map[string]tea.KeyMsg{
	"enter": {Type: tea.KeyEnter}, "esc": {Type: tea.KeyEsc}, "tab": {Type: tea.KeyTab}, "up": {Type: tea.KeyUp}, "down": {Type: tea.KeyDown},
	"backspace": {Type: tea.KeyBackspace}, "delete": {Type: tea.KeyDelete}, "ctrl+u": {Type: tea.KeyCtrlU}, "left": {Type: tea.KeyLeft},
	"alt+c": {Type: tea.KeyRunes, Runes: []rune("c"), Alt: true},
}

// keys types into the view.
func (d *driver) keys(names ...string) *driver {
	d.t.Helper()
	for _, n := range names {
		msg, ok := special[n]
		if !ok {
			msg = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(n)}
		}
		if !d.v.Typing() {
			d.t.Fatalf("%q is typed while nobody listens", n)
		}
		d.run(d.v.Type(msg))
	}
	return d
}

// stages are what was asked to be staged, in order.
func (d *driver) stages() []views.Stage {
	var out []views.Stage
	for _, m := range d.up {
		if s, ok := m.(views.Stage); ok {
			out = append(out, s)
		}
	}
	return out
}

func TestTypingInTheHexPane(t *testing.T) {
	d := editing(t, 119, 36).do(keymap.NextPane, keymap.EditBytes)
	d.keys("c", "0").expect("EDIT overwrite", "c0 61 b0 29")
	d.keys("4").expect("c0 4_ b0 29")
	d.keys("backspace", "tab", "Z", "esc")
	st := d.stages()
	if len(st) != 2 || st[0].Edits[0].Offset != 0x2004 || !bytes.Equal(st[0].Edits[0].Data, []byte{0xc0}) || string(st[1].Edits[0].Data) != "Z" || st[1].Edits[0].Offset != 0x2005 {
		t.Fatalf("asked to stage %+v", st)
	}
	if d.v.Typing() {
		t.Error("escape does not leave the mode")
	}
}

func TestStagedBytesAreMarked(t *testing.T) {
	d := editing(t, 119, 36)
	d.expect("00002000* 68", "*header 2", "*SequenceNumber")
	if strings.Contains(d.screen(), "*Checksum") {
		t.Error("a field that is as on disk is marked")
	}
}

func TestFillStopsAtTheField(t *testing.T) {
	d := editing(t, 119, 36).do(keymap.NextPane, keymap.FillBytes)
	d.expect("FILL")
	d.keys("ff")
	if st := d.stages(); len(st) != 1 || st[0].Edits[0].Offset != 0x2004 || !bytes.Equal(st[0].Edits[0].Data, []byte{255, 255, 255, 255}) {
		t.Fatalf("asked to stage %+v", st)
	}
}

func TestFieldBringsItsChecksum(t *testing.T) {
	d := editing(t, 119, 36).do(keymap.Down, keymap.EditField)
	d.expect("EDIT field  header 2.SequenceNumber", "was  29")
	d.keys("up", "up").expect("= 31", "[x] checksum of header 2")
	d.keys("enter")
	st := d.stages()
	if len(st) != 2 || st[0].Title != "header 2.SequenceNumber: 29 -> 31" || st[1].Title != "checksum of header 2" || !strings.Contains(st[1].Note, "the copy at 0x1008 differs now") {
		t.Fatalf("asked to stage %+v", st)
	}
	for _, e := range st[1].Edits {
		if e.Offset < 0x2004 || e.Offset+int64(len(e.Data)) > 0x2008 {
			t.Errorf("the checksum lies at 0x%x", e.Offset)
		}
	}
}

func TestFieldWithoutItsChecksum(t *testing.T) {
	d := editing(t, 119, 36).do(keymap.Down, keymap.EditField).keys("ctrl+u", "1K", "alt+c")
	d.expect("= 1024", "[ ] checksum")
	if st := d.keys("enter").stages(); len(st) != 1 {
		t.Fatalf("asked to stage %+v", st)
	}
}

func TestFieldSaysWhatIsWrong(t *testing.T) {
	d := editing(t, 79, 20).do(keymap.Down, keymap.Down, keymap.EditField)
	d.keys("ctrl+u", "nonsense").expect("! ", "expected a GUID")
	d.keys("enter").expect("EDIT field")
	d.keys("esc")
	if st := d.stages(); len(st) > 0 || d.v.Typing() {
		t.Errorf("asked to stage %+v", st)
	}
	d.do(keymap.EditField).keys("enter")
	if st := d.stages(); len(st) > 0 {
		t.Errorf("the same value is staged: %+v", st)
	}
}

func TestWhyNotEdited(t *testing.T) {
	d := editing(t, 119, 36)
	for _, tt := range []struct {
		moves []keymap.Action
		why   string
	}{
		{nil, ""}, {[]keymap.Action{keymap.First}, "not a field"}, {[]keymap.Action{keymap.Last}, "not a field"},
	} {
		if got := d.do(tt.moves...).v.Disabled(keymap.EditField); !strings.Contains(got, tt.why) || tt.why == "" && got != "" {
			t.Errorf("after %v: %q, want %q", tt.moves, got, tt.why)
		}
	}
	if why := open(t, viewtest.New(), 119, 36).v.Disabled(keymap.EditBytes); !strings.Contains(why, "open read-only") {
		t.Errorf("without an editor: %q", why)
	}
}

// TestChangedKeepsWhatIsOpen holds that the tree, the hex pane and their
// cursors stay where they are while the image is read again.
func TestChangedKeepsWhatIsOpen(t *testing.T) {
	d := editing(t, 119, 36).do(keymap.Last, keymap.Right, keymap.Down, keymap.Right)
	before := d.screen()
	cmd := d.v.Update(views.Changed{Image: viewtest.New()})
	if got := d.screen(); got != before {
		t.Errorf("before it is read again:\n%s\nwas\n%s", got, before)
	}
	d.run(cmd)
	if got := d.screen(); got != before {
		t.Errorf("read again:\n%s\nwas\n%s", got, before)
	}
}
