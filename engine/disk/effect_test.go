package disk_test

import (
	"fmt"
	"slices"
	"testing"

	"platter/engine/disk"
	"platter/views/viewtest"
)

// effects words what the entry of a step of the replay changes.
func effects(t *testing.T, step int) (list []string, where string) {
	t.Helper()
	img := viewtest.NewDirty()
	before, err := img.AtStep(t.Context(), step-1)
	if err != nil {
		t.Fatal(err)
	}
	log, _ := img.Log(t.Context())
	finder := disk.NewEffectFinder(before)
	for _, e := range log.Entries {
		if e.Step != step {
			continue
		}
		for d, err := range e.Descriptors {
			if err != nil {
				t.Fatal(err)
			}
			found, err := finder.Find(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range found.List {
				list = append(list, fmt.Sprintf("0x%x+%d %s: %s -> %s", c.Place.Offset, c.Place.Length, c.Name, c.Before, c.After))
			}
			where += found.Where + ";"
		}
	}
	return list, where
}

func TestEffectsNameFields(t *testing.T) {
	list, where := effects(t, 1)
	want := []string{"0x8028+8 entry 5.FileOffset: 0x0000000000000000 (none) -> 0x00000000000a0000"}
	if !slices.Equal(list, want) || where != "table;" {
		t.Errorf("%q in %q, want %q", list, where, want)
	}
}

func TestEffectsOfBytesThatNoFieldHolds(t *testing.T) {
	list, where := effects(t, 2)
	if len(list) != 3 || where != "header 1;;" {
		t.Errorf("%q in %q", list, where)
	}
}

func TestEffectsAreBounded(t *testing.T) {
	img := viewtest.New()
	d := disk.LogDescriptor{Kind: "zero"}
	d.Target.File, d.Target.Length = "fake.vhdx", 1<<60
	found, err := disk.NewEffectFinder(img).Find(d)
	if err != nil || !found.More || len(found.Old) != 1<<20 {
		t.Errorf("%d bytes compared, more %v: %v", len(found.Old), found.More, err)
	}
	d.Target.File = "nobody.vhdx"
	if _, err := disk.NewEffectFinder(img).Find(d); err == nil {
		t.Error("a target in no file of the image has effects")
	}
}
