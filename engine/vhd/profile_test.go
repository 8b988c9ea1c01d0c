package vhd_test

import (
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
)

func TestProfiles(t *testing.T) {
	azure := build(t, plan{kind: layout.Fixed, size: 20 * mib, id: 1})
	small := build(t, fixedPlan)
	layout.FooterCreatorOS.Put(small.footer(), "FBSD")
	small.both()
	aligned := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 2 * mib, id: 1})
	aligned.insert(make([]byte, 3584-2048))
	aligned.setEntry(0, 3584/512)
	aligned.insert(make([]byte, 512+2*mib))
	for _, c := range []struct {
		profile string
		image   *fixture
		want    string
	}{
		{disk.ProfileAzure, azure, ""},
		{disk.ProfileAzure, small, "20 MiB|Wi2k"},
		{disk.ProfileAzure, build(t, dynamicPlan), "fixed images|20 MiB"},
		{disk.ProfileHyperV, build(t, dynamicPlan), "3 of 3 stored"},
		{disk.ProfileHyperV, aligned, ""},
		{disk.ProfileHyperV, azure, ""},
		{disk.ProfileForensic, small, ""},
	} {
		img := openBytes(t, c.image.bytes).(disk.Profiler)
		var texts []string
		for f, err := range img.CheckProfile(t.Context(), c.profile) {
			if err != nil || f.Severity != info || len(f.Where) != 1 {
				t.Fatalf("%+v: %v", f, err)
			}
			texts = append(texts, f.Text)
		}
		want := strings.Split(c.want, "|")
		if c.want == "" {
			want = nil
		}
		if len(texts) != len(want) {
			t.Errorf("%s: %q, want %q", c.profile, texts, want)
			continue
		}
		for i := range want {
			if !strings.Contains(texts[i], want[i]) {
				t.Errorf("%s: %q, want %q", c.profile, texts[i], want[i])
			}
		}
	}
}
