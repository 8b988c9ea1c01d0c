package vmdk_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestProfiles asks whether other programs would take an image.
func TestProfiles(t *testing.T) {
	good := kinds()["sparse"].files
	for _, c := range []struct {
		name, profile string
		files         map[string][]byte
		want          string // what errors say, in any order; empty for none
	}{
		{"sparse", disk.ProfileQEMU, good, ""},
		{"flat", disk.ProfileQEMU, kinds()["flat"].files, ""},
		{"mixed", disk.ProfileQEMU, map[string][]byte{"d.vmdk": []byte(text("custom", mixed)), "s.vmdk": hosted("", nil).b, "f.raw": make([]byte, 28*sector)}, "createType|leaves this extent out"},
		{"flat without offset", disk.ProfileQEMU, inText(`"d-x.vmdk" 0`, `"d-x.vmdk"`), "without an offset"},
		{"size", disk.ProfileQEMU, map[string][]byte{"d.vmdk": []byte(text("twoGbMaxExtentSparse", "RW 1000 SPARSE \"s\"\nRW 1000 SPARSE \"t\"")), "s": hosted("", nil).b, "t": hosted("", nil).b}, "shifted"},
		{"entries", disk.ProfileQEMU, inSparse(func(f *built) { f.u32(44, 1024) }), "1024 entries"},
		{"overHead", disk.ProfileQEMU, inSparse(func(f *built) { f.u64(64, 1<<20) }), "shorter than its overHead"},
		{"sparse", disk.ProfileVirtualBox, good, ""},
		{"version 2", disk.ProfileVirtualBox, inSparse(func(f *built) { f.u32(4, 2) }), "versions 1 and 3"},
		{"one directory", disk.ProfileVirtualBox, inSparse(func(f *built) { f.u64(48, uint64(f.gd/sector)) }), "redundant directory"},
		{"cowd", disk.ProfileVirtualBox, kinds()["cowd"].files, "reads no COWD"},
		{"change tracking", disk.ProfileVirtualBox, inText("version=1", "version=3"), "descriptor version 1"},
		{"stream", disk.ProfileVMware, kinds()["stream"].files, ""},
		{"old stream", disk.ProfileVMware, inStream(func(f *built) { f.u32(int64(len(f.b))-2*sector+4, 1) }), "version 3"},
		{"extent alone", disk.ProfileVMware, map[string][]byte{"d.vmdk": hosted("", grains()).b}, "by its descriptor only"},
		{"any", disk.ProfileAzure, good, "convert"},
		{"any", disk.ProfileForensic, good, ""},
	} {
		t.Run(c.profile+"/"+c.name, func(t *testing.T) {
			img := openMem(t, c.files, "d.vmdk")
			var got []string
			for f, err := range img.(disk.Profiler).CheckProfile(t.Context(), c.profile) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Severity == disk.SeverityError {
					got = append(got, f.Text)
				}
			}
			text := strings.Join(got, "\n")
			if c.want == "" && text != "" {
				t.Errorf("unexpected: %s", text)
			}
			for want := range strings.SplitSeq(c.want, "|") {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not said:\n%s", want, text)
				}
			}
		})
	}
}
