package vhdx_test

import (
	"encoding/binary"
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestProfiles asks each profile about images that the program mounts and
// about those that it refuses: what it says must be this, and no more.
func TestProfiles(t *testing.T) {
	planted := func(p plan, plant func(*fixture)) *fixture {
		f := build(t, p)
		plant(f)
		return f
	}
	dirtied := planted(plain, func(f *fixture) { f.log(f.record(0, 1, 0)) })
	torn := planted(plain, func(f *fixture) { f.put(layout.RegionOffset(0), []byte("X")) })
	byQEMU := planted(plain, func(f *fixture) {
		for i := range 2 {
			f.regions(i, entry{layout.RegionBAT, batAt, mib, 0}, entry{layout.RegionMetadata, metadataAt, mib, 1})
		}
	})
	flagged := planted(plain, func(f *fixture) { f.put(metaEntry(1)+24, []byte{4}) })
	early := planted(plain, func(f *fixture) { f.put(metaEntry(3)+24, []byte{2}) }) // PhysicalSectorSize not required
	broken := planted(plain, func(f *fixture) { f.put(itemAt(f, 0), binary.LittleEndian.AppendUint32(nil, 3*mib)) })
	orphan := planted(derived, func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(3), layout.KeyRelativePath, "base.vhdx")
	})
	const readOnly, noVHDX = "read-only", "takes no VHDX"
	for _, c := range []struct {
		profile string
		image   *fixture
		want    []string
	}{
		{disk.ProfileQEMU, build(t, plain), nil},
		{disk.ProfileQEMU, build(t, plan{size: 8 * mib, sector: 4096}), []string{"sectors of 4096"}},
		{disk.ProfileQEMU, build(t, derived), []string{"parent locator"}},
		{disk.ProfileQEMU, dirtied, []string{"replayed"}},
		{disk.ProfileQEMU, torn, []string{"first region table"}},
		{disk.ProfileHyperV, build(t, plain), nil},
		{disk.ProfileHyperV, build(t, derived), nil},
		{disk.ProfileHyperV, byQEMU, nil},
		{disk.ProfileHyperV, build(t, plan{size: mib}), []string{"3 MiB"}},
		{disk.ProfileHyperV, broken, []string{"won't mount"}},
		{disk.ProfileHyperV, dirtied, []string{"access denied"}},
		{disk.ProfileHyperV, orphan, []string{"Set-VHD"}},
		{disk.ProfileVirtualBox, build(t, plain), []string{readOnly}},
		{disk.ProfileVirtualBox, build(t, lone), []string{readOnly}},
		{disk.ProfileVirtualBox, early, []string{readOnly}},
		{disk.ProfileVirtualBox, dirtied, []string{readOnly, "log to be replayed"}},
		{disk.ProfileVirtualBox, build(t, derived), []string{readOnly, "merge the chain"}},
		{disk.ProfileVirtualBox, torn, []string{readOnly, "first region table"}},
		{disk.ProfileVirtualBox, byQEMU, []string{readOnly, "not marked as required"}},
		{disk.ProfileVirtualBox, flagged, []string{readOnly, "flags of Virtual Disk Size"}},
		{disk.ProfileVirtualBox, broken, []string{readOnly, "errors of the check"}},
		{disk.ProfileVMware, build(t, plain), []string{"VMDK"}},
		{disk.ProfileAzure, build(t, plain), []string{noVHDX}},
		{disk.ProfileAzure, build(t, plan{size: mib + 512}), []string{noVHDX, "whole MiB only"}},
		{disk.ProfileAzure, build(t, plan{size: 8 * mib, sector: 4096}), []string{noVHDX, "512 bytes"}},
		{disk.ProfileAzure, build(t, plan{size: 5 << 40, block: 256 * mib}), []string{noVHDX, "4095 GiB"}},
		{disk.ProfileAzure, build(t, derived), []string{noVHDX, "no parent"}},
		{disk.ProfileAzure, dirtied, []string{noVHDX, "log has to be replayed"}},
		{disk.ProfileForensic, dirtied, []string{"QEMU does not open", "read-only", "VirtualBox refuses"}},
		{disk.ProfileOVF, dirtied, []string{"streamOptimized VMDK"}},
		{disk.ProfileAWS, dirtied, []string{"replayed first"}},
		{disk.ProfileAWS, build(t, derived), []string{"merge the chain"}},
		{disk.ProfileGCP, dirtied, []string{"QEMU does not open"}},
		{disk.ProfileStrict, dirtied, nil},
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
		fits := len(texts) == len(c.want)
		for i := range min(len(texts), len(c.want)) {
			fits = fits && strings.Contains(texts[i], c.want[i])
		}
		if !fits {
			t.Errorf("%s: %q, want %q", c.profile, texts, c.want)
		}
	}
}

// TestProfileByName: Hyper-V goes by the name of the file.
func TestProfileByName(t *testing.T) {
	for name, want := range map[string]int{"a.vhdx": 0, "A.AVHDX": 0, "a.img": 1} {
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{name: build(t, plain)}), name, formats))
		n := 0
		for f := range img.(disk.Profiler).CheckProfile(t.Context(), disk.ProfileHyperV) {
			if n++; !strings.Contains(f.Text, ".vhdx") {
				t.Error(f.Text)
			}
		}
		if n != want {
			t.Errorf("%s: %d findings", name, n)
		}
	}
}
