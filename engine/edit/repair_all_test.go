package edit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
)

// rows are the findings of an image as a screen shows them.
func rows(t *testing.T, img disk.Image) []disk.Finding {
	t.Helper()
	var list []disk.Finding
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return disk.Arrange(disk.Merge(list))
}

// cutImage is a VHDX of eight blocks, of which the file has the first four.
func cutImage(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cut.vhdx")
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "8M", "block-size": "1M"}}); err != nil {
		t.Fatal(err)
	}
	s := session(t, path)
	if _, err := s.Write(t.Context(), "write", 0, bytes.Repeat([]byte{0xA5}, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-4<<20)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func session(t *testing.T, path string) *edit.Session {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestRepairAllSaysEachKind cuts a file inside a block: that one is lengthened, the others are
// missing as a whole, and neither is told of the other.
func TestRepairAllSaysEachKind(t *testing.T) {
	path := cutImage(t)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()+512<<10)
	}
	if err != nil {
		t.Fatal(err)
	}
	img, err := session(t, path).Image()
	if err != nil {
		t.Fatal(err)
	}
	list, err := engine.Repairs(t.Context(), img, rows(t, img)[0])
	if err != nil || len(list) == 0 || !strings.HasPrefix(list[0].Title, "lengthen the file") ||
		!strings.Contains(list[0].Title, "; for those of another kind: let BAT entry") ||
		!strings.HasPrefix(list[0].Risk, "for each of the 1: ") || !strings.Contains(list[0].Risk, "; for those of another kind: what is stored for the block is lost") {
		t.Fatalf("%+v, %v", list, err)
	}
}

// TestRepairAllAlike repairs all findings of a row at once, as one change: each is gone,
// what was not lost is as it was, and undoing it brings all of them back.
func TestRepairAllAlike(t *testing.T) {
	s := session(t, cutImage(t))
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	row := rows(t, img)[0]
	if row.Code != "vhdx/42" || row.Count != 4 || len(row.Alike) != 4 {
		t.Fatalf("%s, %d times: %s", row.Code, row.Count, row.Text)
	}
	list, err := engine.Repairs(t.Context(), img, row)
	if err != nil || len(list) < 2 || !list[0].All || list[1].All || !strings.Contains(list[0].Title, "the 3 other findings like it") || !strings.HasPrefix(list[0].Risk, "for each of the 4: ") {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.Repair(t.Context(), list[0].Title, list[0]); err != nil {
		t.Fatal(err)
	}
	if img, err = s.Image(); err != nil {
		t.Fatal(err)
	}
	for _, f := range rows(t, img) {
		if f.Severity == disk.SeverityError {
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
	got := make([]byte, 8<<20)
	if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, append(bytes.Repeat([]byte{0xA5}, 4<<20), make([]byte, 4<<20)...)) {
		t.Errorf("the disk: %v, %d bytes of data", err, bytes.Count(got, []byte{0xA5}))
	}
	if _, err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	if img, err = s.Image(); err != nil || rows(t, img)[0].Count != 4 {
		t.Errorf("after undoing it: %v", err)
	}
	one := row
	one.Alike = row.Alike[:1]
	if list, _ := engine.Repairs(t.Context(), img, one); len(list) == 0 || list[0].All {
		t.Errorf("a finding by itself: %+v", list)
	}
	row.Alike[2].Repairable, row.Alike[2].Where = false, nil
	if list, _ := engine.Repairs(t.Context(), img, row); len(list) == 0 || list[0].All {
		t.Errorf("one that can't be repaired: %+v", list)
	}
	row.Cause = "vhdx/4"
	if list, err := engine.Repairs(t.Context(), img, row); len(list) > 0 || err == nil || !strings.Contains(err.Error(), "vhdx/4 is to be settled first") {
		t.Errorf("a consequence is repaired: %+v, %v", list, err)
	}
}

// TestRepairHeedsCauses repairs no consequence as long as its cause is there, not even when it
// is named, and a row of findings at once, with the numbers of the list.
func TestRepairHeedsCauses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut.vmdk")
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "1G"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 64<<10); err != nil {
		t.Fatal(err)
	}
	s := session(t, path)
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	follows := 0
	choices, err := edit.Choices(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range choices {
		if c.Cause == "" {
			continue
		}
		follows++
		if len(c.Repairs) > 0 {
			t.Errorf("%s follows from %s, and has a repair: %s", c.Code, c.Cause, c.Repairs[0].Title)
		}
		done, err := s.RepairAll(t.Context(), edit.Wish{Codes: map[string]int{c.Code: 0}})
		if err != nil || len(done) > 0 {
			t.Errorf("%s was repaired before %s: %+v, %v", c.Code, c.Cause, done, err)
		}
	}
	if follows == 0 {
		t.Error("nothing follows from the cut")
	}
	if done, err := s.RepairAll(t.Context(), edit.Wish{Risky: true}); err != nil || slices.ContainsFunc(done, func(r edit.Repaired) bool { return r.Code == "vmdk/H8" || r.Code == "vmdk/G2" }) {
		t.Errorf("consequences were repaired: %+v, %v", done, err)
	}
}

// TestRepairRow takes the repair of a row that the number of the list names: all of them, or
// the first alone.
func TestRepairRow(t *testing.T) {
	for choice, want := range map[int]int{0: 4, 1: 4, 2: 1} {
		s := session(t, cutImage(t))
		done, err := s.RepairAll(t.Context(), edit.Wish{Codes: map[string]int{"vhdx/42": choice}})
		if err != nil || len(done) != 1 || done[0].Count != want || done[0].Choice != max(choice, 1) {
			t.Errorf("choice %d: %+v, %v", choice, done, err)
		}
	}
}

// TestRepairTakesNoneOfEqualOnes takes no repair, risky or named without a number, where another
// one is as likely to be right: two entries of one copy of a table are exchanged.
func TestRepairTakesNoneOfEqualOnes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vmdk")
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "1M", "block-size": "64K"}}); err != nil {
		t.Fatal(err)
	}
	s := session(t, path)
	if _, err := s.Write(t.Context(), "write", 0, bytes.Repeat([]byte{0xA5}, 128<<10)); err != nil {
		t.Fatal(err)
	}
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	for span, err := range img.Map(0, 1) {
		if err != nil {
			t.Fatal(err)
		}
		at = span.Via[len(span.Via)-1].Place.Offset
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entry := bytes.Clone(b[at : at+4])
	copy(b[at:], b[at+4:at+8])
	copy(b[at+4:], entry)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wish edit.Wish
		done bool
	}{
		{edit.Wish{}, false},
		{edit.Wish{Risky: true}, false},
		{edit.Wish{Codes: map[string]int{"vmdk/G5": 0}}, false},
		{edit.Wish{Codes: map[string]int{"vmdk/G5": 2}}, true},
	} {
		done, err := session(t, path).RepairAll(t.Context(), c.wish)
		if err != nil || (len(done) > 0) != c.done {
			t.Errorf("%+v: %+v, %v", c.wish, done, err)
		}
	}
}
