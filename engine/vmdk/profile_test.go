package vmdk_test

import (
	"bytes"
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
		{"parentCID first", disk.ProfileQEMU, inText("CID=12345678\nparentCID=ffffffff\n", "parentCID=ffffffff\nCID=12345678\n"), "that of parentCID"},
		{"blanks", disk.ProfileQEMU, inText("createType=", "createType = "), "blanks around"},
		{"long name", disk.ProfileQEMU, inText("\"d-x.vmdk\"", "\""+strings.Repeat("x", 512)+"\""), "after 511 bytes"},
		{"late CID", disk.ProfileQEMU, inText("CID=", strings.Repeat("# a comment\n", 1000)+"CID="), "first 10240 bytes"},
		{"grain", disk.ProfileQEMU, inSparse(func(f *built) { f.u64(12, 1<<23); f.u64(20, 1<<22) }), "grains of 4194304"},
		{"descriptor elsewhere", disk.ProfileQEMU, inSparse(func(f *built) { f.u64(28, 2); copy(f.b[2*sector:20*sector], bytes.Clone(f.b[sector:])) }), "at sector 1"},
		{"zero extent", disk.ProfileQEMU, inText("RW 10240 ", "RW 16 ZERO\nRW 10240 "), "leaves this extent out"},
		{"read-only line", disk.ProfileQEMU, inText("RW 10240 ", "RDONLY 10240 "), "leaves this extent out"},
		{"partial end", disk.ProfileVirtualBox, map[string][]byte{"d.vmdk": partialStream()}, "unpack to 8192 bytes"},
		{"copies differ", disk.ProfileVirtualBox, inSparse(func(f *built) { f.u32(f.rgts[0]+4*3, 0) }), "copies of table 0 differ"},
		{"no table", disk.ProfileVirtualBox, inSparse(func(f *built) { f.u32(f.rgd+4, 0) }), "only one directory knows table 1"},
		{"shared table", disk.ProfileVirtualBox, inSparse(func(f *built) { f.u32(f.rgd+4, uint32(f.gts[1]/sector)) }), "share table 1"},
		{"order", disk.ProfileVirtualBox, inText("# Extent description\n", "ddb.deletable = \"true\"\n# Extent description\n"), "in this order"},
		{"lines", disk.ProfileVirtualBox, inText("# Extent description\n", strings.Repeat("#\n", 1100)+"# Extent description\n"), "reads 1100 lines"},
		{"bytes", disk.ProfileVirtualBox, inText("# Extent description\n", strings.Repeat("# "+strings.Repeat("x", 200)+"\n", 700)+"# Extent description\n"), "131072 bytes"},
		{"carriage return", disk.ProfileVirtualBox, inText("createType", "#\rcreateType"), "single carriage return"},
		{"no access", disk.ProfileVirtualBox, inText("RW 10240", "NOACCESS 10240"), "marked NOACCESS"},
		{"one table missing", disk.ProfileVMware, inSparse(func(f *built) { f.u32(f.rgd+4, 0) }), "lacks grain tables"},
		{"snapshot without a base", disk.ProfileVMware, kinds()["cowd"].files, "has no parent"},
		{"adapter", disk.ProfileVMware, inText(`"ide"`, `"scsi"`), "no adapter"},
		{"huge", disk.ProfileVMware, inText("RW 10240 ", "RW 140737488355328 ZERO\nRW 10240 "), "62 TiB"},
		{"busLogic", disk.ProfileVMware, inTexts("RW 10240 ", "RW 8589934592 ZERO\nRW 10240 ", `"ide"`, `"buslogic"`), "2 TiB"},
		{"stream of another type", disk.ProfileVMware, map[string][]byte{"d.vmdk": stream(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains()).b}, "demands streamOptimized"},
		{"orphan", disk.ProfileVMware, map[string][]byte{"d.vmdk": hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", "12345678", "gone.vmdk"), nil).b}, "parent is missing"},
		{"any", disk.ProfileHyperV, good, "convert"},
		{"any", disk.ProfileAzure, good, "convert"},
		{"any", disk.ProfileStrict, good, ""},
		{"any", disk.ProfileForensic, good, ""},
		{"bare extent", disk.ProfileQEMU, map[string][]byte{"d.vmdk": cowd(nil).b}, "by its descriptor only"},
		{"bare extent", disk.ProfileVirtualBox, map[string][]byte{"d.vmdk": cowd(nil).b}, "by its descriptor only"},
		{"byte order mark", disk.ProfileQEMU, inText("# Disk DescriptorFile", "\ufeff# Disk DescriptorFile"), "byte order mark"},
		{"tabs", disk.ProfileQEMU, inText("RW 10240 FLAT ", "RW\t10240\tFLAT\t"), ""},
		{"tabs", disk.ProfileForensic, inText("RW 10240 FLAT ", "RW\t10240\tFLAT\t"), "refuse tabs"},
		{"first line", disk.ProfileVirtualBox, inText("# Disk DescriptorFile", "# A descriptor"), "whose first line is not"},
		{"first line", disk.ProfileForensic, inText("# Disk DescriptorFile", "# A descriptor"), "VirtualBox refuses|libvmdk"},
		{"second line", disk.ProfileForensic, inText("# Disk DescriptorFile", "# A comment\n# Disk DescriptorFile"), "first line is not its heading"},
		{"stream", disk.ProfileOVF, kinds()["stream"].files, ""},
		{"sparse", disk.ProfileOVF, kinds()["sparse"].files, "an OVF names disks as streamOptimized"},
		{"sparse", disk.ProfileAWS, kinds()["sparse"].files, "streamOptimized only"},
		{"stream", disk.ProfileAWS, kinds()["stream"].files, ""},
		{"sparse", disk.ProfileGCP, kinds()["sparse"].files, ""},
		{"flat", disk.ProfileGCP, kinds()["flat"].files, "one file"},
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

// partialStream is a stream whose last grain holds only what belongs to the
// disk, as QEMU writes it.
func partialStream() []byte {
	const size = diskSectors - 8
	list := grains()
	list[639] = list[639][:8*sector]
	f := stream(text("streamOptimized", "RW 10232 SPARSE \"d.vmdk\""), list)
	f.u64(12, size)
	f.u64(int64(len(f.b))-2*sector+12, size)
	return f.b
}

// TestProfileRemarks are what profiles say without forbidding the disk.
func TestProfileRemarks(t *testing.T) {
	for _, c := range []struct {
		name, profile string
		files         map[string][]byte
		severity      disk.Severity
		want          string
	}{
		{"sparse", disk.ProfileVMware, kinds()["sparse"].files, notes, "ESXi must import it: its extent is hosted sparse"},
		{"flat", disk.ProfileVMware, kinds()["flat"].files, notes, "writes as VMFS"},
		{"split", disk.ProfileVMware, extents("RW 16 ZERO\nRW 16 ZERO", map[string][]byte{}), notes, "it has 2 extents"},
		{"stream", disk.ProfileVMware, kinds()["stream"].files, warns, "import it first"},
		{"stream for vSphere", disk.ProfileVMware, kinds()["stream"].files, notes, "ddb.toolsVersion"},
		{"large", disk.ProfileVMware, inText("RW 10240 ", "RW 17179869185 ZERO\nRW 10240 "), warns, "only ESXi"},
		{"cowd", disk.ProfileQEMU, kinds()["cowd"].files, warns, "over the header"},
		{"stream", disk.ProfileQEMU, kinds()["stream"].files, warns, "over the header"},
		{"short", disk.ProfileQEMU, inText(`"d-x.vmdk" 0`, `"d-x.vmdk" 1`), warns, "lacks as zeros"},
		{"version 3", disk.ProfileQEMU, inSparse(func(f *built) { f.u32(4, 3) }), warns, "read-only"},
		{"little room", disk.ProfileVirtualBox, embedded(func(s string) string {
			return s + strings.Repeat("# "+strings.Repeat("x", 61)+"\n", 10*sector)[:20*sector-len(s)-10]
		}), warns, "no room for them"},
		{"child", disk.ProfileVirtualBox, map[string][]byte{"d.vmdk": hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", "12345678", "gone.vmdk"), nil).b}, warns, "UUIDs of its own"},
	} {
		t.Run(c.profile+"/"+c.name, func(t *testing.T) {
			img := openMem(t, c.files, "d.vmdk")
			for f, err := range img.(disk.Profiler).CheckProfile(t.Context(), c.profile) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Severity == c.severity && strings.Contains(f.Text, c.want) {
					return
				}
			}
			t.Errorf("%q is not said", c.want)
		})
	}
}
