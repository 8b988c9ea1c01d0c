package tui_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/tui"
	"platter/tui/lessons"
	"platter/views/start"
	"platter/views/viewtest"
)

// studies keeps lessons in memory.
type studies map[string]tui.Study

func (s studies) Load(name string) tui.Study { return s[name] }

func (s studies) Save(name string, st tui.Study) error {
	st.Done = slices.Clone(st.Done)
	s[name] = st
	return nil
}

// openSample opens a sample to be edited.
func openSample(ctx context.Context, path, _ string) (disk.Image, tui.Editing, error) {
	s, err := edit.Open(ctx, path, engine.Options{})
	if err != nil {
		return nil, tui.Editing{}, err
	}
	img, err := s.Image()
	return img, tui.Editing{Editor: s, Close: s.Close}, err
}

// inLesson opens a lesson.
func inLesson(t *testing.T, l lessons.Lesson, kept studies, w, h int) *story {
	t.Helper()
	img, how, err := openSample(t.Context(), l.Image, "")
	if err != nil {
		t.Fatal(err)
	}
	return tell(t, tui.Config{Image: img, Editing: how, Path: l.Image, Open: openSample, Repairs: engine.Repairs, Lesson: &l, Studies: kept}, w, h)
}

// course is how a lesson is done with the keyboard: the right keys of each of its tasks, in
// order; and places of its image that no task is about.
type course struct {
	name  string
	wrong []string
	right []string // keys of a task, with blanks between them
}

// courses do all lessons. In a task's keys ":x" goes to x, and "=x" answers x; _ is a blank.
var courses = []course{
	{"vhdx-1-headers", []string{"0x600", "lba_3", "0x30008"}, []string{
		"2", ":header_2", "=2", ":header_2.checksum", "2 :header_1.sequencenumber e alt+c 9 9 enter", "u", ":VirtualDiskSize", "=64_MiB"}},
	{"vhdx-2-blocks", []string{"0x10008", "lba_3", "0x30008"}, []string{
		"6 :lba_2048", "6 :lba_2048 x x", ":BAT[1]", "=0x900000", ":BAT[2]", ":BAT[10] h f", ":lba_20480"}},
	{"vhdx-3-write", []string{"0x10008", "lba_3", "0x30008"}, []string{
		"=10485760", "6 :lba_8192", "=10_MiB", "6 :lba_8192 e 4 1 esc", ":BAT[4]", "=datawriteguid", "u u"}},
	{"vhdx-4-log", []string{"0x10008", "lba_3", "0x30008"}, []string{"4", "=3", "4 A", "4 r r", "=bat", "=4"}},
	{"vhdx-5-chain", []string{"0x10008", "lba_3", "lba_9"}, []string{"7", "=3", "6 :lba_2048", "=server.vhdx", "6 :lba_2300", "=server.vhdx."}},
	{"vhdx-6-questions", []string{"0x10008", "lba_3", "lba_9"}, []string{
		"=2", "=11", "=no", "=0x300000", "=64M", "=1_MiB", "=partially_present", "=6M", "=server-before.avhdx", "=DataWriteGuid"}},
	{"vhd-1-footer", []string{"0x210", "lba_200", "0x680"}, []string{":footer", ":footer.disk_type", "=16746496", "2 :footer %", ":BAT[0]", "=0x80A00", "6 :lba_0 x"}},
	{"vhd-2-repair", []string{"0x210", "lba_200", "0x680"}, []string{"5", ":footer.checksum", "=timestamp", "5 f enter", "2 :0x201210", "=Swordfish"}},
	{"vmdk-1-sparse", []string{"0x2e00", "lba_200", "0x4000"}, []string{
		":createType", ":parentCID", "=131072", ":grain_directory", "6 :lba_0 x", ":redundant_grain_directory", "6 :lba_65536 e 4 1 esc", ":descriptor.CID"}},
	{"vmdk-2-stream", []string{"0x13000", "lba_200", "0x10200"}, []string{":footer", "2 :0x10000", "=126", ":grain_directory"}},
}

// act presses the keys of a course.
func (s *story) act(keys string) {
	for _, k := range strings.Fields(keys) {
		switch text := strings.ReplaceAll(k, "_", " "); k[0] {
		case ':':
			s.keys(":", text[1:], "enter")
		case '=':
			s.keys("f9", text[1:], "enter")
		default:
			s.keys(k)
		}
	}
}

// wrongs are three things to do that don't fulfil a task.
func wrongs(c course, step lessons.Step) []string {
	kind, rest, _ := strings.Cut(step.Done[0].String(), " ")
	switch kind {
	case "answer":
		return []string{"=nonsense", "=77", "=server"}
	case "screen":
		return slices.DeleteFunc([]string{"1", "2", "3", "6"}, func(k string) bool {
			return k == "2" && rest == "structure" || k == "6" && rest == "sectors"
		})[:3]
	case "replayed":
		return map[string][]string{"0": {"4", "1 4", "4 j"}, "2": {"4", "4 r", "1"}}[rest]
	case "staged", "value", "no", "finding":
		return []string{"2 " + ":" + c.wrong[0], "6 :lba_40 e esc", "R"}
	}
	return []string{":" + c.wrong[0], ":" + c.wrong[1], ":" + c.wrong[2]}
}

// TestLessons does each lesson with the keyboard alone, at 80x24: three wrong actions leave a
// task undone, the right one fulfils it.
func TestLessons(t *testing.T) {
	var names []string
	for _, c := range courses {
		names = append(names, c.name)
		l, ok := lessons.Named(c.name)
		if !ok {
			t.Fatalf("there is no lesson %s", c.name)
		}
		t.Run(c.name, func(t *testing.T) { takeCourse(t, c, l) })
	}
	for _, l := range lessons.All() {
		if !slices.Contains(names, l.Name) {
			t.Errorf("%s is not tried", l.Name)
		}
	}
}

func takeCourse(t *testing.T, c course, l lessons.Lesson) {
	kept := studies{}
	s := inLesson(t, l, kept, 80, 24)
	task := 0
	for i, step := range l.Steps {
		at := fmt.Sprintf("step %d of %d", i+1, len(l.Steps))
		for range 6 {
			if strings.Contains(s.screen(), at) {
				break
			}
			s.keys("f8")
		}
		s.expect(at)
		if step.Task == "" {
			continue
		}
		for _, wrong := range wrongs(c, step) {
			s.act(wrong)
			if !strings.Contains(s.screen(), "[ ] to do") {
				t.Fatalf("%s: %q is taken for the right action\n%s", at, wrong, s.screen())
			}
		}
		s.act(c.right[task])
		if !strings.Contains(s.screen(), "[x] done") {
			t.Fatalf("%s: %q is not taken for the right action\n%s", at, c.right[task], s.screen())
		}
		task++
	}
	if task != len(c.right) || len(kept[l.Name].Done) != task {
		t.Errorf("%d tasks are done, %d kept, %d known", task, len(kept[l.Name].Done), len(c.right))
	}
	for range 4 {
		s.keys("f8")
	}
	s.expect("the lesson is finished").keys("f10").not("step " + fmt.Sprint(len(l.Steps)) + " of")
}

// TestLessonScreens draws the panel beside the view and below it.
func TestLessonScreens(t *testing.T) {
	l, _ := lessons.Named("vhdx-1-headers")
	for _, size := range [][2]int{{80, 24}, {160, 50}} {
		s := inLesson(t, l, studies{}, size[0], size[1]).keys("f8", "f8", "2", "f6")
		viewtest.Golden(t, fmt.Sprintf("lesson-%dx%d", size[0], size[1]), s.m.View(), size[0]-1, size[1])
	}
	s := inLesson(t, l, studies{}, 60, 15).expect("step 1 of 9", "page 1/").keys("2", "f8", "f8").expect("step 2 of 9", "[x] done")
	for w := 60; w < 240; w += 13 {
		for h := 15; h < 60; h += 7 {
			s.m.Update(tea.WindowSizeMsg{Width: w, Height: h})
			viewtest.Lines(t, s.m.View(), w-1, h)
		}
	}
}

// TestLessonIsResumed leaves a lesson, comes back by the menu, and is where it was.
func TestLessonIsResumed(t *testing.T) {
	kept := studies{}
	l, _ := lessons.Named("vhdx-1-headers")
	s := inLesson(t, l, kept, 120, 40).keys("f8", "2", "f8").expect("step 3 of 9").keys("f10").not("step 3 of 9")
	s.keys("f8").expect("no lesson is open: f5 offers them")
	s.keys("f5").expect("Lessons", "1 of 8 done: which header").keys("VHDX 1", "enter").expect("step 3 of 9", "Find")
	s.keys("f7").expect("step 2 of 9", "[x] done").keys("f7", "f7").expect("this is where the lesson begins")
}

// TestNextLesson offers the lesson after a finished one first, and the one that is open otherwise.
func TestNextLesson(t *testing.T) {
	l, _ := lessons.Named("vhdx-1-headers")
	s := inLesson(t, l, studies{l.Name: {Step: 8, Done: []int{1, 2, 3, 4, 5, 6, 7, 8}}}, 120, 40)
	for range len(l.Steps) { // a finished lesson begins at its first step again
		s.keys("f8")
	}
	s.expect("f5 offers the next one").keys("f5", "enter").expect("VHDX 2: from the disk")
	s.keys("f5", "enter").expect("VHDX 2: from the disk")
	l, _ = lessons.Named("vmdk-2-stream")
	s = inLesson(t, l, studies{l.Name: {Done: []int{0, 1, 2, 3}}}, 120, 40)
	for range l.Steps {
		s.keys("f8")
	}
	s.expect("it is the last one").not("offers the next one")
}

// TestLessonTalks asks for hints, answers wrong and right, and opens another image.
func TestLessonTalks(t *testing.T) {
	l, _ := lessons.Named("vhdx-1-headers")
	s := inLesson(t, l, studies{"vhdx-1-headers": {Step: 3}}, 120, 40).expect("step 4 of 9", "[ ] to do", "f9 answer")
	s.keys("f6").expect("Hint: Compare").keys("f6").expect("there is no further hint")
	s.keys("f9", "1", "enter").expect("that is not it: f6 gives a hint", "Your answer: 1", "[ ] to do")
	s.keys("f9", "1", "enter").expect("that is not it")
	s.keys("f9", "header 2", "enter").expect("[x] done").not("f9 answer")
	s.keys("O", "backspace").keys(strings.Split("sample:vhd", "")...).keys("enter").expect("the lesson has ended", "sample:vhd").not("step 4 of 9")
}

// TestLessonsFromTheStart chooses a lesson on the start screen.
func TestLessonsFromTheStart(t *testing.T) {
	cfg := tui.Config{Open: openSample, Studies: studies{}, Samples: []start.Sample{{Name: "lessons", About: "step by step", Path: tui.LessonsPath, Hint: "platter lesson"}}}
	s := tell(t, cfg, 120, 40).expect("step by step", "platter lesson").keys("enter").expect("Lessons", "VMDK 2: a stream")
	s.keys("VHD 2", "enter").expect("sample:damaged", "step 1 of 6", "What is wrong")
}

// TestLeave asks at the end of a lesson in its own words: its sample is in memory only.
func TestLeave(t *testing.T) {
	l, _ := lessons.Named("vhdx-3-write")
	img, how, err := openSample(t.Context(), l.Image, "")
	if err != nil {
		t.Fatal(err)
	}
	how.SaveCopy = func(context.Context, string) (string, error) { return "", nil }
	s := tell(t, tui.Config{Image: img, Editing: how, Path: l.Image, Open: openSample, Lesson: &l, Studies: studies{}}, 80, 24)
	s.keys("6", "e", "4", "1", "esc", "q").expect("Leave the lesson?", "in memory only", "is kept").not("Changes are staged")
	s.keys("esc").expect("[6 Sectors]").keys("f10", "q").expect("Changes are staged")
}

// TestLeaveReads has the room that a lesson leaves filled with bytes.
func TestLeaveReads(t *testing.T) {
	l, _ := lessons.Named("vhdx-1-headers")
	for _, screen := range []string{"2", "6"} {
		for _, size := range [][2]int{{80, 24}, {160, 50}} {
			s := inLesson(t, l, studies{}, size[0], size[1])
			s.keys(screen, "f10").not(".. .. ..")
		}
	}
}
