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
	geometry := build(t, fixedPlan)
	layout.FooterCreator.Put(geometry.footer(), "*img")
	layout.FooterCylinders.Put(geometry.footer(), 31)
	geometry.both()
	none := build(t, fixedPlan)
	layout.FooterCylinders.Put(none.footer(), 0)
	layout.FooterCreator.Put(none.footer(), "")
	none.both()
	planted := func(p plan, plant func(f *fixture)) *fixture {
		f := build(t, p)
		plant(f)
		return f
	}
	child := planted(childPlan, func(*fixture) {})
	unlocated := planted(childPlan, func(f *fixture) { clear(f.locator(0).Bytes()); f.sealHeader() })
	frontless := planted(dynamicPlan, func(f *fixture) { clear(f.bytes[:512]) })
	tailless := planted(dynamicPlan, func(f *fixture) { f.bytes = f.bytes[:f.tail] })
	old := planted(fixedPlan, func(f *fixture) { f.bytes = f.bytes[:len(f.bytes)-1] })
	trailing := planted(dynamicPlan, func(f *fixture) { f.bytes = append(f.bytes, make([]byte, 512)...) })
	unsealed := planted(fixedPlan, func(f *fixture) { f.bytes[f.tail+27]++ })
	headerSum := planted(dynamicPlan, func(f *fixture) { f.bytes[512+1000] = 1 })
	tiny := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 2048, id: 1})
	nested := planted(fixedPlan, func(f *fixture) { copy(f.bytes, build(t, dynamicPlan).bytes[:2048]) })
	saved := planted(fixedPlan, func(f *fixture) { layout.FooterSavedState.Put(f.footer(), 1); f.both() })
	poisoned := planted(fixedPlan, func(f *fixture) { copy(f.bytes[f.tail:], "v_poison"); layout.FooterTable.Seal(f.footer().Bytes()) })
	huge := planted(fixedPlan, func(f *fixture) { layout.FooterCurrentSize.Put(f.footer(), 2041<<30); f.both() })
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
		{disk.ProfileAzure, unsealed, "20 MiB|cookie and the checksum"},
		{disk.ProfileAzure, planted(plan{kind: layout.Fixed, size: 20 * mib, id: 1}, func(f *fixture) { f.insert(make([]byte, mib)) }), "right after the disk"},
		{disk.ProfileHyperV, headerSum, "0xC03A0006|3 of 3 stored"},
		{disk.ProfileHyperV, unsealed, "0xC03A0002"},
		{disk.ProfileHyperV, unlocated, "0xC03A000D|2 of 2 stored"},
		{disk.ProfileHyperV, saved, "saved state"},
		{disk.ProfileHyperV, huge, "0xC03A0012"},
		{disk.ProfileQEMU, build(t, dynamicPlan), ""},
		{disk.ProfileQEMU, tailless, ""},
		{disk.ProfileQEMU, trailing, ""},
		{disk.ProfileQEMU, frontless, "only the copy"},
		{disk.ProfileQEMU, unsealed, "wrong checksum|-f vpc"},
		{disk.ProfileQEMU, nested, "what lies inside|-f vpc"},
		{disk.ProfileQEMU, child, "without its parent"},
		{disk.ProfileQEMU, tiny, "blocks under 4 KiB"},
		{disk.ProfileQEMU, geometry, "1079296 bytes, by the geometry|shows the footer|-f vpc"},
		{disk.ProfileQEMU, none, "no bytes|-f vpc"},
		{disk.ProfileVirtualBox, build(t, dynamicPlan), ""},
		{disk.ProfileVirtualBox, frontless, ""},
		{disk.ProfileVirtualBox, unsealed, ""},
		{disk.ProfileVirtualBox, tailless, "corrupted"},
		{disk.ProfileVirtualBox, trailing, "corrupted"},
		{disk.ProfileVirtualBox, old, "does not find"},
		{disk.ProfileVirtualBox, poisoned, "disabled"},
		{disk.ProfileVMware, azure, "no VHD"},
		{disk.ProfileForensic, build(t, dynamicPlan), ""},
		{disk.ProfileForensic, frontless, "only the copy"},
		{disk.ProfileForensic, tailless, "corrupted"},
		{disk.ProfileOVF, azure, "streamOptimized VMDK"},
		{disk.ProfileAWS, azure, ""},
		{disk.ProfileAWS, child, "merge the chain"},
		{disk.ProfileGCP, child, "without its parent"},
	} {
		img := openBytes(t, c.image.bytes).(disk.Profiler)
		var texts []string
		for f, err := range img.CheckProfile(t.Context(), c.profile) {
			if err != nil || len(f.Where) != 1 {
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
