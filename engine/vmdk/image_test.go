package vmdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"platter/decode/decodetest"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
)

// TestKinds reads good images of every kind.
func TestKinds(t *testing.T) {
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, k.files, "d.vmdk")
			if err := img.Info().Refused; err != nil {
				t.Fatal(err)
			}
			enginetest.Conform(t, img)
			enginetest.CrossRead(t, img, bytes.NewReader(k.want), int64(len(k.want)))
			enginetest.Clean(t, img, disk.SeverityWarning)
			if got := len(img.Files()); got != len(k.files) {
				t.Errorf("%d files, want %d", got, len(k.files))
			}
		})
	}
}

// TestExtentAlone opens sparse extents without their descriptor.
func TestExtentAlone(t *testing.T) {
	for _, name := range []string{"split", "cowd", "se"} {
		k := kinds()[name]
		img := openMem(t, k.files, "d-x.vmdk")
		enginetest.Conform(t, img) // what they do not store can't be read, see TestAloneIsNotZeros
	}
	flat := kinds()["flat"]
	src := enginetest.Memory(t, folder(flat.files), "d-x.vmdk", formats)
	if _, ok := vmdk.Probe(src); ok {
		t.Error("raw data is taken for a VMDK")
	}
	if _, err := vmdk.Open(t.Context(), src); !errors.Is(err, disk.ErrNotThisFormat) {
		t.Errorf("raw data opens: %v", err)
	}
}

// TestRenamed opens a file whose embedded descriptor names another one, which
// lies beside it.
func TestRenamed(t *testing.T) {
	k := kinds()["sparse"]
	other := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), nil)
	img := openMem(t, map[string][]byte{"copy.vmdk": k.files["d.vmdk"], "d.vmdk": other.b}, "copy.vmdk")
	enginetest.CrossRead(t, img, bytes.NewReader(k.want), int64(len(k.want)))
}

// mixed is a descriptor with extents of all kinds, some of them unreadable.
const mixed = `RW 16 ZERO
RW 10240 SPARSE "s.vmdk"
RDONLY 5 FLAT "f.raw" 3
NOACCESS 7 FLAT "f.raw" 0
RW 9 FLAT "gone.raw" 0
RW 4 VMFSRAW "/vmfs/devices/disks/x"
RW 20 FLAT "f.raw" 8`

func TestMixedExtents(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789abcdef"), 20*sector/16)
	files := map[string][]byte{
		"d.vmdk": []byte(text("custom", mixed)), "s.vmdk": hosted("", grains()).b, "f.raw": raw,
	}
	img := openMem(t, files, "d.vmdk")
	if err := img.Info().Refused; err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, img)
	var got strings.Builder
	for s, err := range img.Map(10256*sector, 100*sector) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%d+%d %s %d;", s.Start/sector, s.Length/sector, s.State, s.Offset/sector)
	}
	want := "10256+5 data 3;10261+7 missing 0;10268+9 missing 0;10277+4 missing 0;10281+12 data 8;10293+8 missing 0;"
	if got.String() != want {
		t.Errorf("map is  %s\nwant %s", got.String(), want)
	}
	buf := make([]byte, sector)
	for lba, want := range map[int64]string{10261: "NOACCESS", 10268: "gone.raw", 10277: "device", 10293: "shorter than its extent"} {
		if _, err := img.ReadAt(buf, lba*sector); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("sector %d: %v, want %q", lba, err, want)
		}
	}
	// What lies before an unreadable range is delivered.
	long := make([]byte, 10*sector)
	if n, err := img.ReadAt(long, 10256*sector); n != 5*sector || err == nil || !bytes.Equal(long[:n], raw[3*sector:8*sector]) {
		t.Errorf("read across the border: %d, %v", n, err)
	}
}

// TestExtentSize checks that the descriptor's size counts, not the header's. What
// the header lacks is lost, not zeros.
func TestExtentSize(t *testing.T) {
	for _, n := range []int64{1000, 10240, 12000} {
		files := map[string][]byte{
			"d.vmdk": []byte(text("custom", fmt.Sprintf("RW %d SPARSE \"s.vmdk\"\nRW 1 FLAT \"f.raw\" 0", n))),
			"s.vmdk": hosted("", grains()).b, "f.raw": bytes.Repeat([]byte("x"), sector),
		}
		img := openMem(t, files, "d.vmdk")
		want := make([]byte, (n+1)*sector)
		copy(want, content(grains(), diskSectors*sector))
		copy(want[n*sector:], files["f.raw"])
		enginetest.Conform(t, img)
		last := make([]byte, sector)
		if _, err := img.ReadAt(last, n*sector); err != nil || !bytes.Equal(last, files["f.raw"]) {
			t.Errorf("%d sectors: the second extent reads as %q, %v", n, last[:8], err)
		}
		if n > diskSectors {
			if _, err := img.ReadAt(last, (n-1)*sector); err == nil {
				t.Errorf("%d sectors: what the header lacks reads as zeros", n)
			}
			continue
		}
		enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
	}
}

// TestZeroGrain reads an entry of 1 as zeros, with the flag and without.
func TestZeroGrain(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.entry(3, 1)
	img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
	for s := range img.Map(3*grainBytes, grainBytes) {
		if s.State != disk.Zero || s.Length != grainBytes || len(s.Via) != 2 || s.Via[1].Raw != 1 {
			t.Errorf("span %+v", s)
		}
	}
	buf := make([]byte, grainBytes)
	if _, err := img.ReadAt(buf, 3*grainBytes); err != nil || !bytes.Equal(buf, make([]byte, grainBytes)) {
		t.Errorf("a zeroed grain reads as %q: %v", buf[:8], err)
	}
}

// TestRedundantDirectory falls back on the second copy where the first leads
// nowhere, and says so.
func TestRedundantDirectory(t *testing.T) {
	want := content(grains(), diskSectors*sector)
	for name, damage := range map[string]func(f *built){
		"header": func(f *built) { f.u64(56, 1<<40) },
		"entry":  func(f *built) { f.u32(f.gd+4, 0xFFFFFF00) },
	} {
		t.Run(name, func(t *testing.T) {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
			damage(f)
			img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
			enginetest.Conform(t, img)
			enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
		})
	}
}

// TestVia checks the trail that leads to a byte.
func TestVia(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
	for s := range img.Map(512*grainBytes+700, 1) {
		if s.State != disk.Data || s.Offset != f.grain[512]+700 {
			t.Errorf("span %+v", s)
		}
		want := fmt.Sprintf("GD[1]@%d GT[0]@%d", f.gd+4, f.gts[1])
		got := fmt.Sprintf("%s[%d]@%d %s[%d]@%d", s.Via[0].Table, s.Via[0].Index, s.Via[0].Place.Offset, s.Via[1].Table, s.Via[1].Index, s.Via[1].Place.Offset)
		if got != want {
			t.Errorf("via %s, want %s", got, want)
		}
	}
}

// TestLastGrain cuts a file inside the last grain: past the end of the disk
// nothing is missing.
func TestLastGrain(t *testing.T) {
	const sectors = diskSectors - 9
	for cut, want := range map[int64]error{9: nil, 10: disk.ErrDamaged} {
		f := hosted(text("monolithicSparse", fmt.Sprintf(`RW %d SPARSE "d.vmdk"`, sectors)), grains())
		f.u64(12, sectors)
		f.b = f.b[:int64(len(f.b))-cut*sector]
		img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
		enginetest.Conform(t, img)
		buf := make([]byte, 7*sector)
		n, err := img.ReadAt(buf, (sectors-7)*sector)
		if !errors.Is(err, want) || want == nil && n != len(buf) || want != nil && n != 6*sector {
			t.Errorf("cut by %d sectors: %d, %v", cut, n, err)
		}
	}
}

// TestStreamForms reads compressed grains without markers, and a last grain
// that was packed only as far as the disk reaches.
func TestStreamForms(t *testing.T) {
	g := grains()
	const sectors = diskSectors - 9
	g[639] = g[639][:7*sector]
	f := stream(text("streamOptimized", fmt.Sprintf(`RDONLY %d SPARSE "d.vmdk"`, sectors)), g)
	f.u64(12, sectors)
	f.u64(int64(len(f.b))-2*sector+12, sectors)
	img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
	want := make([]byte, sectors*sector)
	for i, data := range g {
		copy(want[i*grainBytes:], data)
	}
	enginetest.Conform(t, img)
	enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
	enginetest.Clean(t, img, disk.SeverityWarning)

	bare := hosted(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), map[int64][]byte{})
	bare.u32(4, 3)
	bare.u32(8, 3|1<<16)
	bare.b[77] = 1
	for _, i := range sorted(grains()) {
		packed := deflate(grains()[i])
		bare.entry(i, uint32(len(bare.b)/sector))
		at := int64(len(bare.b))
		bare.b = padded(append(append(bare.b, 0, 0, 0, 0), packed...))
		bare.u32(at, uint32(len(packed)))
	}
	img = openMem(t, map[string][]byte{"d.vmdk": bare.b}, "d.vmdk")
	whole := content(grains(), diskSectors*sector)
	enginetest.Conform(t, img)
	enginetest.CrossRead(t, img, bytes.NewReader(whole), int64(len(whole)))
}

// TestBomb stops unpacking one byte after a grain.
func TestBomb(t *testing.T) {
	g := grains()
	g[3] = make([]byte, 100<<20)
	f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), g)
	f.u32(f.grain[3]+8, 16000) // the size is honest as far as it may be
	img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
	buf := make([]byte, grainBytes)
	if _, err := img.ReadAt(buf, 3*grainBytes); !errors.Is(err, disk.ErrDamaged) {
		t.Errorf("a grain that unpacks to 100 MiB: %v", err)
	}
	if _, err := img.ReadAt(buf, 4*grainBytes); err != nil || !bytes.Equal(buf, g[4]) {
		t.Errorf("the grain after it: %v", err)
	}
}

// TestRefusals opens what can't be read, and expects a reason.
func TestRefusals(t *testing.T) {
	sparse := func(damage func(f *built)) map[string][]byte {
		f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
		damage(f)
		return map[string][]byte{"d.vmdk": f.b}
	}
	plain := func(s string) map[string][]byte { return map[string][]byte{"d.vmdk": []byte(s)} }
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"unfinished":     {sparse(func(f *built) { copy(f.b, "kdmv") }), "never finished"},
		"version":        {sparse(func(f *built) { f.u32(4, 4) }), "version 4"},
		"flags":          {sparse(func(f *built) { f.u32(8, 1<<20) }), "incompatible flags"},
		"grain":          {sparse(func(f *built) { f.u64(20, 0) }), "grains of 0 sectors"},
		"odd grain":      {sparse(func(f *built) { f.u64(20, 24) }), "power of two"},
		"giant grain":    {sparse(func(f *built) { f.u64(20, 1<<63) }), "power of two up to"},
		"entries":        {sparse(func(f *built) { f.u32(44, 0) }), "0 entries"},
		"capacity":       {sparse(func(f *built) { f.u64(12, 1<<60) }), "63 bits"},
		"tables":         {sparse(func(f *built) { f.u64(12, 1<<50) }), "grain tables"},
		"no directory":   {sparse(func(f *built) { f.u64(48, 0); f.u64(56, 0) }), "outside the file"},
		"no footer":      {sparse(func(f *built) { f.u64(56, 1<<64-1) }), "no footer"},
		"compression":    {sparse(func(f *built) { f.b[77] = 1 }), "contradict"},
		"cut":            {sparse(func(f *built) { f.b = f.b[:400] }), "cut off"},
		"no extents":     {plain("# Disk DescriptorFile\nversion=1\n"), "no extent lines"},
		"overflow":       {plain("version=1\nRW 9223372036854775807 ZERO\n"), "2^63"},
		"overflow twice": {plain("version=1\nRW 18014398509481983 ZERO\nRW 18014398509481983 ZERO\n"), "2^63"},
		"line":           {plain("version=1\nRW x FLAT \"f\" 0\n"), "can't be placed"},
		"device":         {plain("version=1\nRW 63 FLAT \"\\\\.\\PhysicalDrive0\" 63\n"), `extent on the device "\\.\PhysicalDrive0": devices`},
		"unix device":    {plain("version=1\nRW 63 FLAT \"/dev/sda\" 63\n"), "device"},
		"rdm":            {plain("version=1\nRW 63 VMFSRDM \"x-rdm.vmdk\"\n"), "VMFSRDM"},
		"itself":         {plain("version=1\nRW 63 FLAT \"d.vmdk\" 0\n"), "itself"},
		"encrypted":      {plain("version=2\nencryptionKeys=\"x\"\n"), "encrypted"},
		"missing":        {plain("version=1\nRW 63 FLAT \"gone.vmdk\" 0\nRW 5 ZERO\n"), "can't be opened"},
		"outside":        {plain("version=1\nRW 1 FLAT \"../../etc/passwd\" 0\n"), "leaves"},
		"absolute":       {plain("version=1\nRW 1 FLAT \"/etc/passwd\" 0\n"), "leaves"},
		"network":        {plain("version=1\nRW 1 FLAT \"\\\\server\\share\\x\" 0\n"), "network"},
	} {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, c.files, "d.vmdk")
			enginetest.Conform(t, img)
			if err := img.Info().Refused; err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("refused: %v, want %q", err, c.want)
			}
		})
	}
}

// TestEncodings finds an extent whose name is written in windows-1252.
func TestEncodings(t *testing.T) {
	for _, encoding := range []string{"encoding=\"windows-1252\"", "# none"} {
		d := text("monolithicFlat", "RW 1 FLAT \"M\xFCller.raw\" 0", encoding)
		img := openMem(t, map[string][]byte{"d.vmdk": []byte(d), "Müller.raw": bytes.Repeat([]byte("u"), sector)}, "d.vmdk")
		if err := img.Info().Refused; err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// TestGiant opens an image whose tables would fill gigabytes, were they not
// full of holes.
func TestGiant(t *testing.T) {
	d := text("monolithicSparse", `RW 536870912000 SPARSE "d.vmdk"`)
	f := hosted(d, grains())
	const sectors = 500 << 30
	f.u64(12, sectors)
	f.u64(48, 2<<20)
	f.u64(56, 1<<20)
	f.u64(64, 4<<20)
	m := folder(map[string][]byte{"d.vmdk": f.b})
	w, err := m.OpenWrite("d.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	w.Truncate(4 << 30)
	img := openSource(t, enginetest.Memory(t, m, "d.vmdk", formats))
	if err := img.Info().Refused; err == nil || !strings.Contains(err.Error(), "grain tables") {
		t.Fatalf("500 Gi sectors with small grains: %v", err)
	}
	var b [8]byte
	b[0] = 128 // a grain of 64 KiB
	w.WriteAt(b[:], 20)
	img = openSource(t, enginetest.Memory(t, m, "d.vmdk", formats))
	if err := img.Info().Refused; err != nil {
		t.Fatal(err)
	}
	spans := 0
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil || s.State != disk.Unallocated {
			t.Fatalf("%+v %v", s, err)
		}
		spans++
	}
	if spans > 100 {
		t.Errorf("%d spans for an empty disk", spans)
	}
	decodetest.Walk(t, img.Tree(), 5000)
}

// TestShrunkFile reads from a file that was cut after it was opened.
func TestShrunkFile(t *testing.T) {
	k := kinds()["sparse"]
	m := folder(k.files)
	img := openSource(t, enginetest.Memory(t, m, "d.vmdk", formats))
	w, err := m.OpenWrite("d.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	w.Truncate(int64(len(k.files["d.vmdk"])) - grainBytes/2)
	buf := make([]byte, grainBytes)
	if n, err := img.ReadAt(buf, 639*grainBytes); !errors.Is(err, io.ErrUnexpectedEOF) || n != 0 {
		t.Errorf("read of what is gone: %d, %v", n, err)
	}
}

// TestCancelled stops before anything is opened.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src := enginetest.Memory(t, folder(kinds()["sparse"].files), "d.vmdk", formats)
	if _, err := vmdk.Open(ctx, src); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	img := openMem(t, kinds()["stream"].files, "d.vmdk")
	var last error
	for _, err := range img.Check(ctx) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled check ends with %v", last)
	}
}
