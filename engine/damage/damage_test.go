package damage_test

import (
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/damage"
	"platter/engine/edit"
	"platter/engine/enginetest"
)

// sources are images to plant faults in: samples, and what none of them is.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	made := func(name, parent string, values map[string]string) string {
		path := filepath.Join(dir, name)
		opt := engine.CreateOptions{Values: values}
		if parent != "" {
			opt.Parent = filepath.Join(dir, parent)
		}
		if _, err := engine.Create(t.Context(), path, opt); err != nil {
			t.Fatal(err)
		}
		return path
	}
	grown := made("grown.vhd", "", map[string]string{"size": "16M"})
	write(t, grown, 1<<20)
	fixed := made("fixed.vhd", "", map[string]string{"size": "4M", "type": "fixed"})
	for _, base := range []string{"base.vhd", "base.vhdx", "base.vmdk"} {
		made(base, "", map[string]string{"size": "16M"})
	}
	return map[string][]string{
		"vhd":  {"sample:vhd", fixed, grown, made("child.vhd", "base.vhd", nil)},
		"vhdx": {"sample:vhdx", made("child.vhdx", "base.vhdx", nil)},
		"vmdk": {"sample:vmdk", "sample:stream", made("child.vmdk", "base.vmdk", nil)},
	}
}

// write stores a little at a place of a disk.
func write(t *testing.T, path string, off int64) {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(t.Context(), "write", off, []byte("something")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestEveryFaultIsFound plants each fault with several seeds: the check finds its code, where
// it did not before.
func TestEveryFaultIsFound(t *testing.T) {
	places := sources(t)
	for _, f := range damage.Faults() {
		for seed := range uint64(enginetest.Scale(1, 40)) {
			var why []string
			for _, source := range places[f.Format()] {
				if _, err := planted(t, source, f.Format(), seed, damage.Wish{f}); err != nil {
					why = append(why, source+": "+err.Error())
					continue
				}
				why = nil
				break
			}
			if len(why) > 0 {
				t.Errorf("%s, %s, seed %d:\n  %s", f.Code, f.About, seed, strings.Join(why, "\n  "))
			}
		}
	}
}

// TestSeeds plants the same bytes with the same seed, others with another, and as many faults
// as are asked for.
func TestSeeds(t *testing.T) {
	for format, source := range map[string]string{"vhd": "sample:vhd", "vhdx": "sample:vhdx", "vmdk": "sample:vmdk"} {
		first, err := planted(t, source, format, 7, damage.Random(format, 3)...)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := planted(t, source, format, 7, damage.Random(format, 3)...); again != first {
			t.Errorf("%s: seed 7 plants other bytes the second time", source)
		}
		if other, _ := planted(t, source, format, 8, damage.Random(format, 3)...); other == first {
			t.Errorf("%s: seeds 7 and 8 plant the same", source)
		}
	}
}

// planted plants faults in an image, and lists what it would write.
func planted(t *testing.T, source, format string, seed uint64, wishes ...damage.Wish) (string, error) {
	t.Helper()
	s, err := edit.Open(t.Context(), source, engine.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = damage.Plant(t.Context(), s, wishes, seed)
	if err != nil {
		if s.Staged() > 0 {
			t.Errorf("%s: %d changes are left of a fault that could not be planted", source, s.Staged())
		}
		return "", err
	}
	var text strings.Builder
	if err := s.Save(&text); err != nil {
		t.Fatal(err)
	}
	return text.String(), nil
}
