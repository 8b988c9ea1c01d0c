package vhdx_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestProfiles(t *testing.T) {
	dirtied, _ := dirty(t)
	dirtied.log(dirtied.record(0, 1, 0))
	torn := build(t, plain)
	torn.put(3*64<<10, []byte("X"))
	for _, c := range []struct {
		profile string
		image   *fixture
		want    string
	}{
		{disk.ProfileQEMU, build(t, plain), ""},
		{disk.ProfileQEMU, build(t, plan{size: 8 * mib, sector: 4096}), "sectors of 4096"},
		{disk.ProfileQEMU, build(t, derived), "parent locator"},
		{disk.ProfileQEMU, dirtied, "replayed"},
		{disk.ProfileQEMU, torn, "first region table"},
		{disk.ProfileHyperV, build(t, plain), ""},
		{disk.ProfileHyperV, build(t, plan{size: mib}), "3 MiB"},
		{disk.ProfileVMware, build(t, plain), "VMDK"},
		{disk.ProfileAzure, build(t, plain), "fixed VHD"},
		{disk.ProfileForensic, dirtied, ""},
		{disk.ProfileStrict, dirtied, ""},
	} {
		folder := files(map[string]*fixture{"disk.vhdx": c.image, "base.vhdx": build(t, plan{size: 4 * mib, id: 2})})
		img := open(t, enginetest.Memory(t, folder, "disk.vhdx", formats)).(disk.Profiler)
		var texts []string
		for f, err := range img.CheckProfile(t.Context(), c.profile) {
			if err != nil || len(f.Where) == 0 || f.Detail == "" || !strings.HasPrefix(f.Code, "vhdx/P") {
				t.Fatalf("%+v: %v", f, err)
			}
			texts = append(texts, f.Text)
		}
		if got := strings.Join(texts, "|"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) || len(texts) > 1 {
			t.Errorf("%s: %q, want %q", c.profile, got, c.want)
		}
	}
}
