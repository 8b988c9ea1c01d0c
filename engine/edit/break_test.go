package edit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/damage"
	"platter/engine/edit"
	"platter/engine/enginetest"
)

// broken makes a damaged copy of a sample, and returns its path with its key.
func broken(t *testing.T, source string, seed uint64, wishes ...damage.Wish) (string, damage.Key) {
	t.Helper()
	img, err := engine.Open(t.Context(), source, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	path := filepath.Join(t.TempDir(), "broken."+img.Info().Format)
	if _, err := edit.Break(t.Context(), img, path, edit.Breaking{Wishes: wishes, Seed: seed}); err != nil {
		t.Fatalf("%s, seed %d: %v", source, seed, err)
	}
	f, err := os.Open(path + damage.Ending)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	key, err := damage.Unseal(f)
	if err != nil {
		t.Fatal(err)
	}
	return path, key
}

// marked is what an image is marked with.
func marked(t *testing.T, path string, key damage.Key) damage.Marks {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{Format: key.Format})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := damage.Mark(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// putBack undoes the damage byte by byte.
func putBack(t *testing.T, path string, key damage.Key) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, make([]byte, max(0, int(key.Size)-len(b)))...)[:key.Size]
	for _, f := range key.Faults {
		for _, c := range f.Changes {
			copy(b[min(c.Offset, key.Size):], c.Before)
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// touch changes a byte of a file.
func touch(t *testing.T, path string, off int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[off] ^= 0x40
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMarks has damage repaired by hand, repaired by the program, repaired with another byte
// touched, and not repaired.
func TestMarks(t *testing.T) {
	for _, c := range []struct {
		source, code string
		repairs      bool  // the program can repair it without a loss
		other        int64 // a byte that has nothing to do with it
	}{
		{"sample:vhd", "V002", true, 0x80a00 + 4096},
		{"sample:vhd", "V020", true, 0x80a00 + 77},
		{"sample:vhd", "V034", false, 0x700},
		{"sample:vhdx", "3", true, 0x500000 + 99},
		{"sample:vhdx", "13", true, 0x9000},
		{"sample:vhdx", "51", false, 0x200000 + 70000},
		{"sample:vmdk", "G4", true, 0x10000},
		{"sample:stream", "S6", false, 0x15},
	} {
		format := strings.TrimPrefix(c.source, "sample:")
		if format == "stream" {
			format = "vmdk"
		}
		path, key := broken(t, c.source, 5, damage.Called(format, c.code))
		if m := marked(t, path, key); m.Passed() || m.Faults[0].Done || len(m.Faults[0].Left) == 0 || len(m.Touched) > 0 {
			t.Errorf("%s %s: unrepaired it is marked %+v", c.source, c.code, m)
		}
		touch(t, path, c.other)
		if m := marked(t, path, key); len(m.Touched) != 1 || c.other < m.Touched[0].Offset || c.other >= m.Touched[0].End() {
			t.Errorf("%s %s: byte 0x%x was touched, and is marked %+v", c.source, c.code, c.other, m.Touched)
		}
		putBack(t, path, key)
		if m := marked(t, path, key); m.Passed() || !m.Faults[0].Done || m.Exact {
			t.Errorf("%s %s: repaired with another byte touched it is marked %+v", c.source, c.code, m)
		}
		touch(t, path, c.other)
		if m := marked(t, path, key); !m.Passed() || !m.Exact {
			t.Errorf("%s %s: put back byte by byte it is marked %+v", c.source, c.code, m)
		}
		if !c.repairs {
			continue
		}
		path, key = broken(t, c.source, 6, damage.Called(format, c.code))
		repairCode(t, path, key.Faults[0].Code)
		if m := marked(t, path, key); !m.Passed() {
			t.Errorf("%s %s: repaired by the program it is marked %+v", c.source, c.code, m)
		}
		touch(t, path, c.other)
		if m := marked(t, path, key); m.Passed() {
			t.Errorf("%s %s: repaired by the program, with another byte touched, it passes", c.source, c.code)
		}
	}
}

func repairCode(t *testing.T, path, code string) {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.RepairAll(t.Context(), edit.Wish{Codes: map[string]int{code: 0}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestRepairBesideAnother repairs a header by the program, which gives it another sequence number
// too, while another fault is left: the planted checksum alone would not show the same fault again.
func TestRepairBesideAnother(t *testing.T) {
	path, key := broken(t, "sample:vhdx", 7, damage.Called("vhdx", "14"), damage.Called("vhdx", "8"))
	repairCode(t, path, "vhdx/8")
	for _, f := range marked(t, path, key).Faults {
		if f.Done != (f.Code == "vhdx/8") {
			t.Errorf("%s: done %t", f.Code, f.Done)
		}
	}
}

// TestEachByItself repairs one of three faults: by its bytes and in another way that is right; by
// other bytes, by giving up what the disk holds, and with another byte touched. What
// becomes of the two others is not its concern.
func TestEachByItself(t *testing.T) {
	wishes := func() (list []damage.Wish) {
		for _, code := range []string{"V034", "V019", "V033"} {
			list = append(list, damage.Called("vhd", code))
		}
		return list
	}
	lay := func(off int64, b ...byte) func(*testing.T, string, damage.Key) {
		return func(t *testing.T, path string, _ damage.Key) {
			all, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(all[off:], b)
			if err := os.WriteFile(path, all, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, like := broken(t, "sample:vhd", 3, wishes()...)
	entry := like.Faults[0].Changes[0].Offset &^ 3
	for name, c := range map[string]struct {
		do     func(*testing.T, string, damage.Key)
		state  [3]bool // done
		points int
		left   bool // the first fault is untouched
	}{
		"nothing": {func(*testing.T, string, damage.Key) {}, [3]bool{}, 0, true},
		"its bytes": {func(t *testing.T, path string, key damage.Key) {
			for _, c := range key.Faults[0].Changes {
				lay(c.Offset, c.Before...)(t, path, key)
			}
		}, [3]bool{true}, 1, false},
		"other bytes": {lay(entry, 0, 0x7f, 0xff, 0), [3]bool{}, 0, false},
		"given up":    {lay(entry, 0xff, 0xff, 0xff, 0xff), [3]bool{}, 0, false},
		"all, and another byte": {func(t *testing.T, path string, key damage.Key) {
			putBack(t, path, key)
			touch(t, path, 0x80a00+4096)
		}, [3]bool{true, true, true}, 3, false},
		"another time": {func(t *testing.T, path string, key damage.Key) {
			for _, footer := range []int64{0, key.Size - 512} {
				lay(footer+24, 0x30, 0, 0, 0)(t, path, key)
				lay(footer+64, sumOf(t, path, footer)...)(t, path, key)
			}
		}, [3]bool{false, true}, 1, true},
		"another time, wrong sum": {lay(24, 0x30, 0, 0, 0), [3]bool{}, 0, true},
	} {
		path, key := broken(t, "sample:vhd", 3, wishes()...)
		c.do(t, path, key)
		m := marked(t, path, key)
		var done [3]bool
		for i, f := range m.Faults {
			done[i] = f.Done
		}
		if got, _ := m.Points(); done != c.state || got != c.points || m.Faults[0].Untouched != c.left {
			t.Errorf("%s: %v, %d points, first untouched %t: %+v", name, done, got, m.Faults[0].Untouched, m.Faults)
		}
	}
}

// sumOf is the checksum that the VHD footer at off should have.
func sumOf(t *testing.T, path string, off int64) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := uint32(0)
	for i, c := range b[off : off+512] {
		if i < 64 || i >= 68 {
			sum += uint32(c)
		}
	}
	return binary.BigEndian.AppendUint32(nil, ^sum)
}

// TestHidingIsNoRepair removes the finding in a way that loses what the disk holds.
func TestHidingIsNoRepair(t *testing.T) {
	path, key := broken(t, "sample:vhd", 3, damage.Called("vhd", "V034")) // a seed by which the block holds something
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range key.Faults[0].Changes {
		copy(b[c.Offset&^3:], "\xff\xff\xff\xff") // the entry says: not stored
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if m := marked(t, path, key); m.Faults[0].Done || m.Passed() {
		t.Errorf("an entry that was given up is marked %+v", m)
	}
}

// TestSeveralFaults plants some at random in each format: each is found in the copy, and the
// source stays as it is.
func TestSeveralFaults(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		for seed := range uint64(enginetest.Scale(1, 20)) {
			path, key := broken(t, "sample:"+format, seed, damage.Random(format, 3)...)
			if len(key.Faults) != 3 {
				t.Errorf("%s: %d faults", format, len(key.Faults))
			}
			got, of := marked(t, path, key).Points()
			if got != 0 || of != 4 {
				t.Errorf("%s, seed %d: %d of %d points for nothing", format, seed, got, of)
			}
			putBack(t, path, key)
			if m := marked(t, path, key); !m.Exact {
				t.Errorf("%s, seed %d: the key does not undo the damage: %+v", format, seed, m)
			}
		}
	}
}

// TestKeys holds that a key says nothing at a glance, and that one that was changed is refused.
func TestKeys(t *testing.T) {
	path, key := broken(t, "sample:vhd", 3, damage.Called("vhd", "V017"))
	sealed, err := os.ReadFile(path + damage.Ending)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"V017", key.Faults[0].About, "cylinders", key.Sum} {
		if bytes.Contains(sealed, []byte(word)) {
			t.Errorf("%q stands in the key", word)
		}
	}
	for i := 0; i < len(sealed); i += 97 {
		b := bytes.Clone(sealed)
		b[i] ^= 1
		if _, err := damage.Unseal(bytes.NewReader(b)); !errors.Is(err, damage.ErrKey) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	img, err := engine.Open(t.Context(), "sample:vhd", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if _, err := edit.Break(t.Context(), img, path, edit.Breaking{Wishes: damage.Random("vhd", 1)}); err == nil {
		t.Error("an image that is there was replaced")
	}
	none := filepath.Join(t.TempDir(), "none.vhd")
	if _, err := edit.Break(t.Context(), img, none, edit.Breaking{Wishes: []damage.Wish{damage.Called("vhd", "V044")}}); err == nil {
		t.Error("the fault of a child was planted in a disk without a parent")
	}
	if list, _ := os.ReadDir(filepath.Dir(none)); len(list) > 0 {
		t.Errorf("a failed break leaves %v", list)
	}
}
