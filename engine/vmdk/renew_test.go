package vmdk_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
)

// TestRenewal gives disks another content ID, in place, and nothing else.
func TestRenewal(t *testing.T) {
	flat := kinds()["flat"].files["d-x.vmdk"]
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b
	child := hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "0000beef", "12345678", "base.vmdk"), nil).b
	first := strings.Replace(text("monolithicFlat", `RW 10240 FLAT "d-x.vmdk" 0`), "CID=12345678\nparentCID=ffffffff\n", "parentCID=ffffffff\nCID=12345678\n", 1)
	separate := func(s string) map[string][]byte { return map[string][]byte{"d.vmdk": []byte(s), "d-x.vmdk": flat} }
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		offered bool
		long    bool // the long content ID follows
	}{
		{"separate", kinds()["flat"].files, true, true},
		{"embedded", kinds()["sparse"].files, true, true},
		{"stream", kinds()["stream"].files, true, true},
		{"parentCID first", separate(first), true, true},
		{"child", map[string][]byte{"d.vmdk": child, "base.vmdk": base}, true, true},
		{"upper case", inText("CID=12345678", "CID=1234ABCD"), true, false},
		{"long one differs", inText("aabb12345678", "aabb12345679"), true, false},
		{"long one in upper case", inTexts("CID=12345678", "CID=1234abcd", "aabb12345678", "aabb1234ABCD"), true, true},
		{"no long one", inText("ddb.longContentID", "ddb.other"), true, false},
		{"short, with room", embedded(func(s string) string { return replace(s, "CID=12345678", "CID=1234567") }), true, false},
		{"short", inText("CID=12345678", "CID=1234567"), false, false},
		{"short, padded by QEMU", map[string][]byte{"d.vmdk": append(inText("CID=12345678", "CID=1234567")["d.vmdk"], make([]byte, 20)...), "d-x.vmdk": flat}, true, false},
		{"short, a longer one before", embedded(func(s string) string { return replace(s, "CID=12345678", "CID=1234567") + "\x00\"\nx\n" }), true, false},
		{"short, hidden text", embedded(func(s string) string { return replace(s, "CID=12345678", "CID=1234567") + "\x00hidden = \"text\"\n" }), false, false},
		{"hidden text", embedded(func(s string) string { return s + "\x00hidden = \"text\"\n" }), true, true},
		{"none", inText("CID=12345678\n", ""), false, false},
		{"unreadable", inText("CID=12345678", "CID=new"), false, false},
		{"twice", inText("CID=12345678\n", "CID=12345678\nCID=12345678\n"), false, false},
		{"extent alone", map[string][]byte{"d.vmdk": hosted("", grains()).b}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := openMem(t, c.files, "d.vmdk")
			r, ok := vmdk.Renewal(img)
			if ok != c.offered {
				t.Fatalf("offered: %v", ok)
			}
			if !ok {
				return
			}
			out, err := carryOut(t, c.files, r)
			if err != nil {
				t.Fatal(err)
			}
			renewed(t, img, openMem(t, out, "d.vmdk"), c.long)
			if len(out["d.vmdk"]) != len(c.files["d.vmdk"]) {
				t.Error("the file has another length")
			}
		})
	}
}

// inTexts makes two changes of a flat disk's descriptor.
func inTexts(old, with, old2, with2 string) map[string][]byte {
	files := inText(old, with)
	files["d.vmdk"] = []byte(replace(string(files["d.vmdk"]), old2, with2))
	return files
}

// renewed compares a disk with what it was before it got a new content ID.
func renewed(t *testing.T, before, after disk.Image, long bool) {
	t.Helper()
	id := after.Info().ID
	if len(id) != 8 || strings.EqualFold(id, before.Info().ID) || id == "ffffffff" || id == "fffffffe" {
		t.Errorf("CID %q after %q", id, before.Info().ID)
	}
	if got := strings.HasSuffix(detail(after, "Long content ID"), id); got != long {
		t.Errorf("long content ID %q, CID %q", detail(after, "Long content ID"), id)
	}
	if a, b := detail(before, "Parent CID"), detail(after, "Parent CID"); a != b {
		t.Errorf("parentCID %q became %q", a, b)
	}
	if !bytes.Equal(diskOf(t, before), diskOf(t, after)) {
		t.Error("the disk holds something else")
	}
	enginetest.Clean(t, after, disk.SeverityError)
}

// detail is a row of the overview.
func detail(img disk.Image, label string) string {
	for _, d := range img.Info().Details {
		if d.Label == label {
			return d.Value
		}
	}
	return ""
}

// TestAbilities holds images to all that others ask them for.
func TestAbilities(t *testing.T) {
	img := openMem(t, kinds()["sparse"].files, "d.vmdk")
	_, linked := img.(disk.Linked)
	_, profiler := img.(disk.Profiler)
	if !linked || !profiler {
		t.Errorf("linked %v, profiler %v", linked, profiler)
	}
}
