package edit_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"platter/engine/edit"
)

const aPatch = `platter-patch 1
# partition type 07 -> 27
image vhdx DataWriteGuid 0a5c
plane disk
@ 0x1c2 1  mbr, partition 1, type
- 07
+ 27
plane file web02.vhdx
@ 66000 3
- 01 02 03
+ 040506
`

// TestPatchText holds that a patch survives being written and read.
func TestPatchText(t *testing.T) {
	p, err := edit.ReadPatch(strings.NewReader(aPatch))
	if err != nil {
		t.Fatal(err)
	}
	want := []edit.PatchEdit{
		{Offset: 0x1C2, Old: []byte{7}, New: []byte{0x27}, Comment: "mbr, partition 1, type"},
		{File: "web02.vhdx", Offset: 66000, Old: []byte{1, 2, 3}, New: []byte{4, 5, 6}},
	}
	if !reflect.DeepEqual(p.Edits, want) || p.Image != "vhdx DataWriteGuid 0a5c" {
		t.Errorf("%+v", p)
	}
	var again bytes.Buffer
	if err := edit.WritePatch(&again, p); err != nil {
		t.Fatal(err)
	}
	q, err := edit.ReadPatch(&again)
	if err != nil || !reflect.DeepEqual(p, q) {
		t.Errorf("read again: %+v, %v", q, err)
	}
	if r := p.Reversed().Reversed(); !reflect.DeepEqual(r.Edits, p.Edits) {
		t.Errorf("reversed twice: %+v", r)
	}
}

// wrongPatches are texts that are no patches, each wrong in one thing.
func wrongPatches() []string {
	head, image, plane := "platter-patch 1\n", "image any\n", "plane disk\n"
	return []string{
		"", "platter-patch 2\n", head, head + image, head + image + plane,
		head + "@ 0 1\n- 00\n+ 01\n", head + image + "@ 0 1\n- 00\n+ 01\n", head + plane + "@ 0 1\n- 00\n+ 01\n",
		head + image + plane + "@ 0 2\n- 00\n+ 01\n", head + image + plane + "@ 0 1\n- 00 01\n+ 01\n", head + image + plane + "@ 0 1\n- 00\n",
		head + image + plane + "@ -1 1\n- 00\n+ 01\n", head + image + plane + "@ 0 0\n", head + image + plane + "@ 0 99999999999\n- 00\n+ 01\n",
		head + image + plane + "@ x 1\n- 00\n+ 01\n", head + image + plane + "@ 0 1\n- 0g\n+ 01\n", head + image + plane + "- 00\n",
		head + image + plane + "@ 0 40\n- " + strings.Repeat("00", 40) + "\n", head + image + plane + "@ 0 1\n- 00\n+ 01\nwhat is this\n",
		head + image + plane + "@ 0 1\n- 00\n+ 01\n\xff\n", "PK\x03\x04" + strings.Repeat("\x00", 100_000),
	}
}

// TestPatchTextRefuses holds that nothing else is taken for a patch.
func TestPatchTextRefuses(t *testing.T) {
	for _, text := range wrongPatches() {
		if p, err := edit.ReadPatch(strings.NewReader(text)); !errors.Is(err, edit.ErrPatch) {
			t.Errorf("%.60q is taken for %+v, %v", text, p, err)
		}
	}
}

// FuzzReadPatch holds that a hostile text does no harm, and that what is taken for a patch
// survives being written.
func FuzzReadPatch(f *testing.F) {
	f.Add(aPatch)
	for _, text := range wrongPatches() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := edit.ReadPatch(strings.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := edit.WritePatch(&again, p); err != nil {
			t.Fatal(err)
		}
		q, err := edit.ReadPatch(&again)
		if err != nil || len(q.Edits) != len(p.Edits) {
			t.Errorf("%q became %+v, %v", text, q, err)
		}
	})
}

// TestPatchOfLongLines says so of a line that no patch has.
func TestPatchOfLongLines(t *testing.T) {
	_, err := edit.ReadPatch(strings.NewReader(strings.Repeat("0", 80<<10)))
	if !errors.Is(err, edit.ErrPatch) || !strings.Contains(err.Error(), "line 1") || !strings.Contains(err.Error(), "64 KiB") {
		t.Errorf("%v", err)
	}
}
