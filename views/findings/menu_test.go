package findings_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/findings"
	"platter/views/viewtest"
)

// editor stands for one that can stage; the screen only asks whether there is one, and how
// many changes it has staged.
type editor struct {
	disk.Staging
	staged int
}

func (e editor) Staged() int { return e.staged }

// damaged is a finding with three repairs.
var damaged = disk.Finding{Code: "fake/C1", Severity: disk.SeverityError, Text: "the two copies differ", Repairable: true}

func repairs(_ context.Context, _ disk.Image, f disk.Finding) ([]disk.Repair, error) {
	if f.Code != damaged.Code {
		return nil, errTorn
	}
	return []disk.Repair{
		{Title: "copy the first over the second"},
		{Title: "copy the second over the first", Risk: "what the first says is lost, \x1b[31mand it may be the one that was written last, so compare the two before that"},
		{Title: "merge them", Risk: "it is guessed which is right"},
	}, nil
}

var errTorn = errors.New("the copy is torn too")

func fixable(t *testing.T, env views.Env, w, h int) *findings.View {
	t.Helper()
	env.Image, env.Theme, env.Repairs = viewtest.New(), viewtest.Theme(t), repairs
	v := findings.New(env)
	v.SetSize(w, h)
	viewtest.Run(v, v.Update(views.Findings{Image: env.Image, List: []disk.Finding{damaged, list[0]}, Complete: true}))
	return v
}

func TestMenuGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 20}, {120, 36}, {200, 56}} {
		w, h := size[0], size[1]
		v := fixable(t, views.Env{Editor: editor{}}, w, h)
		viewtest.Golden(t, fmt.Sprintf("fixable-%dx%d", w, h), v.View(), w, h)
		v.Do(keymap.Fix)
		v.Do(keymap.Down)
		viewtest.Golden(t, fmt.Sprintf("menu-%dx%d", w, h), v.View(), w, h)
	}
}

func TestMenuStages(t *testing.T) {
	for _, c := range []struct {
		keys []keymap.Action
		want string
	}{
		{[]keymap.Action{keymap.Accept}, "stage repair fake/C1: copy the first over the second"},
		{[]keymap.Action{keymap.Down, keymap.Up, keymap.Up, keymap.Accept}, "stage repair fake/C1: copy the first over the second"},
		{[]keymap.Action{keymap.Down, keymap.Accept}, "stage repair fake/C1: copy the second over the first"},
		{[]keymap.Action{keymap.Down, keymap.Down, keymap.Down, keymap.Accept}, "stage repair fake/C1: merge them"},
		{[]keymap.Action{keymap.Cancel}, ""},
	} {
		v := fixable(t, views.Env{Editor: editor{}}, 80, 20)
		v.Do(keymap.Fix)
		if v.Context() != keymap.Repairs {
			t.Fatal("f opens no list of repairs")
		}
		var got []string
		for _, a := range c.keys {
			for _, msg := range viewtest.Run(v, v.Do(a)) {
				switch msg := msg.(type) {
				case views.Stage:
					if got = append(got, "stage "+msg.Title); msg.Image == nil || !strings.HasSuffix(msg.Title, msg.Repair.Title) {
						t.Errorf("%q is %q, of %v", msg.Title, msg.Repair.Title, msg.Image)
					}
				case views.Failed:
					got = append(got, "failed "+msg.Err.Error())
				}
			}
		}
		if s := strings.Join(got, "; "); s != c.want || v.Context() != keymap.Findings {
			t.Errorf("%v: %q, want %q; then the keys are those of %s", c.keys, s, c.want, v.Context())
		}
	}
}

// TestMenuLeavesTheChoice puts the cursor on no repair where none is more likely to be right.
func TestMenuLeavesTheChoice(t *testing.T) {
	even := func(context.Context, disk.Image, disk.Finding) ([]disk.Repair, error) {
		return []disk.Repair{{Title: "take the first", Risk: "the second is lost", Even: true}, {Title: "take the second", Risk: "the first is lost", Even: true}}, nil
	}
	env := views.Env{Editor: editor{}, Image: viewtest.New(), Theme: viewtest.Theme(t), Repairs: even}
	v := findings.New(env)
	v.SetSize(80, 20)
	viewtest.Run(v, v.Update(views.Findings{Image: env.Image, List: []disk.Finding{damaged}, Complete: true}))
	v.Do(keymap.Fix)
	if l := strings.Join(viewtest.Lines(t, v.View(), 80, 20), "\n"); !strings.Contains(l, "take the first") || strings.Contains(l, "> take") {
		t.Errorf("the list of repairs:\n%s", l)
	}
	if msgs := viewtest.Run(v, v.Do(keymap.Accept)); len(msgs) != 1 || v.Context() != keymap.Repairs {
		t.Errorf("enter without a choice: %v", msgs)
	}
	v.Do(keymap.Down)
	if msgs := viewtest.Run(v, v.Do(keymap.Accept)); len(msgs) != 1 || msgs[0].(views.Stage).Repair.Title != "take the first" {
		t.Errorf("enter: %v", msgs)
	}
}

func TestMenuSaysWhyNot(t *testing.T) {
	for _, c := range []struct {
		env  views.Env
		move keymap.Action
		want string
	}{
		{views.Env{Editor: editor{}}, keymap.First, ""},
		{views.Env{Editor: editor{}}, keymap.Last, "no in-place repair is known for this finding"},
		{views.Env{Locked: "it is a device"}, keymap.First, "it is a device"},
		{views.Env{}, keymap.First, "this image is open read-only"},
	} {
		v := fixable(t, c.env, 80, 20)
		v.Do(c.move)
		if got := v.Disabled(keymap.Fix); got != c.want {
			t.Errorf("f is disabled because %q, want %q", got, c.want)
		}
		msgs := viewtest.Run(v, v.Do(keymap.Fix))
		if open := v.Context() == keymap.Repairs; open != (c.want == "") || len(msgs) != map[bool]int{true: 0, false: 1}[open] {
			t.Errorf("%q: the list is open: %v, messages %v", c.want, open, msgs)
		}
	}
}

func TestMenuStaysWhileTheCheckGoesOn(t *testing.T) {
	v := fixable(t, views.Env{Editor: editor{}}, 80, 20)
	v.Do(keymap.Fix)
	v.Update(views.Findings{List: list})
	if v.Context() != keymap.Repairs {
		t.Error("new findings close the list of repairs")
	}
	v.Update(views.Changed{Image: viewtest.New()})
	if v.Context() != keymap.Findings {
		t.Error("the list of repairs outlives a change")
	}
}

func TestMenuMouse(t *testing.T) {
	v := fixable(t, views.Env{Editor: editor{}}, 80, 20)
	v.Do(keymap.Fix)
	for y, l := range viewtest.Lines(t, v.View(), 80, 20) {
		if strings.Contains(l, "copy the second") {
			v.Mouse(10, y, views.Click)
		}
	}
	if l := viewtest.Lines(t, v.View(), 80, 20); !strings.Contains(strings.Join(l, "\n"), "> copy the second") {
		t.Errorf("a click does not move the cursor:\n%s", strings.Join(l, "\n"))
	}
}

// TestMenuWaitsForTheRepairs opens the list with the answer that is under way,
// and not for a finding that was left by then.
func TestMenuWaitsForTheRepairs(t *testing.T) {
	torn := disk.Finding{Code: "fake/C2", Text: "torn", Repairable: true}
	for _, left := range []bool{false, true} {
		env := views.Env{Editor: editor{}, Image: viewtest.New(), Theme: viewtest.Theme(t), Repairs: repairs}
		v := findings.New(env)
		v.SetSize(80, 20)
		answer := v.Update(views.Findings{Image: env.Image, List: []disk.Finding{damaged, list[0], torn}, Complete: true})
		v.Do(keymap.Fix)
		if left {
			v.Do(keymap.Down)
		}
		if viewtest.Run(v, answer); (v.Context() == keymap.Repairs) == left {
			t.Errorf("left: %v, and the keys are those of %s", left, v.Context())
		}
		if left {
			v.Do(keymap.Fix)
			late := v.Do(keymap.Last)
			v.Do(keymap.Fix)
			if msgs := viewtest.Run(v, late); len(msgs) != 1 || msgs[0].(views.Failed).Err != errTorn {
				t.Errorf("told %v", msgs)
			}
		}
	}
}

// TestRowOfManySaysWhoseRepair holds that a row which stands for many findings does not
// promise a repair of all.
func TestRowOfManySaysWhoseRepair(t *testing.T) {
	v := fixable(t, views.Env{Editor: editor{}}, 100, 30)
	viewtest.Run(v, v.Update(views.Findings{Image: viewtest.New(), List: []disk.Finding{damaged, damaged, damaged}, Complete: true}))
	for _, want := range []string{"3 times: the two copies differ", "3 findings like this one", "3 repairs of the first of them: press f"} {
		if screen := v.View(); !strings.Contains(screen, want) {
			t.Errorf("no %q in\n%s", want, screen)
		}
	}
}

// TestRowOfManyOffersAll says that repairs are of all findings of a row, where one is, and
// tells a consequence under its cause, with what is to be settled first.
func TestRowOfManyOffersAll(t *testing.T) {
	of := func(context.Context, disk.Image, disk.Finding) ([]disk.Repair, error) {
		return []disk.Repair{{Title: "clear them", All: true}, {Title: "clear it"}}, nil
	}
	v := findings.New(views.Env{Editor: editor{}, Image: viewtest.New(), Theme: viewtest.Theme(t), Repairs: of})
	v.SetSize(100, 30)
	rules := disk.Rules{"cut": {Severity: disk.SeverityError}, "lost": {Severity: disk.SeverityError, From: []string{"cut"}}}
	caused := rules.Finding("fake", "lost", "the entry is lost", true)
	list := []disk.Finding{caused, damaged, damaged, rules.Finding("fake", "cut", "the file was cut", true)}
	viewtest.Run(v, v.Update(views.Findings{Image: viewtest.New(), List: list, Complete: true}))
	if screen := v.View(); !strings.Contains(screen, "2 repairs of all of them, or of the first: press f") {
		t.Errorf("it is not said what is repaired:\n%s", screen)
	}
	v.Do(keymap.Down)
	v.Do(keymap.Down)
	screen := v.View()
	cut, lost := strings.Index(screen, "the file was cut"), strings.Index(screen, "  the entry is lost")
	if cut < 0 || lost < cut || !strings.Contains(screen, "fake/cut is to be settled first") {
		t.Errorf("the consequence is not under its cause:\n%s", screen)
	}
}

// TestNothingFoundWithWhatIsStaged: what was repaired and is not on disk yet is not said to be
// right there.
func TestNothingFoundWithWhatIsStaged(t *testing.T) {
	for staged, words := range map[int]string{0: "all structures and tables follow", 1: "on disk the image is as it was"} {
		v := findings.New(views.Env{Editor: editor{staged: staged}, Image: viewtest.New(), Theme: viewtest.Theme(t)})
		v.SetSize(80, 20)
		v.Update(views.Findings{Complete: true})
		if got := strings.Join(viewtest.Lines(t, v.View(), 80, 20), " "); !strings.Contains(strings.Join(strings.Fields(got), " "), words) {
			t.Errorf("%d staged: %s", staged, got)
		}
	}
}
