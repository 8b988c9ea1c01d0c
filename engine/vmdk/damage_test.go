package vmdk_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vmdk/writer"
)

// damagePlants are faults whose repairs go another way than those of the plain
// ones that TestChecks plants.
func damagePlants() []plant {
	return append(append(damagedTexts(), damagedTables()...), damagedStreams()...)
}

func damagedTexts() []plant {
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b
	other := bytes.Replace(base, []byte("CID=12345678"), []byte("CID=87654321"), 1)
	child := func(parentCID, hint string) []byte {
		return hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", parentCID, hint), nil).b
	}
	flat := kinds()["flat"].files["d-x.vmdk"]
	title := []byte("# Disk DescriptorFile\n")
	garbage := hosted("# no settings at all\n", grains()).b
	noHint := bytes.Replace(child("12345678", "base.vmdk"), []byte("parentCID=12345678\n"), nil, 1)
	split := extents("RW 10240 SPARSE \"c\"", map[string][]byte{"c": cowd(small(sector)).b})
	split["d.vmdk"] = bytes.Replace(split["d.vmdk"], []byte("custom"), []byte("twoGbMaxExtentSparse"), 1)
	return []plant{
		{"only a title", "D1", wrong, "", map[string][]byte{"d.vmdk": title, "d-flat.vmdk": flat}},
		{"no text in the room", "D1", wrong, "", map[string][]byte{"d.vmdk": garbage}},
		{"hint to a parent", "D4", wrong, "", map[string][]byte{"d.vmdk": noHint, "base.vmdk": base}},
		{"parent without a name", "D4", wrong, "", map[string][]byte{"d.vmdk": child("12345678", ""), "base.vmdk": base}},
		{"no extents, files", "D6", wrong, "D10", map[string][]byte{"d.vmdk": []byte(text("twoGbMaxExtentSparse", "")), "d-s001.vmdk": hosted("", grains()).b}},
		{"CRLF", "D9", notes, "", inText("version=1\n", "version=1\r\n")},
		{"short long ID", "D12", notes, "", inText("00112233445566778899aabb12345678", "1234")},
		{"sparse file of a petabyte", "X2", wrong, "D10", inText("RW 10240 ", "RW 2199023255552 ")},
		{"same tables", "X5", wrong, "", extents("RW 10250 SPARSE \"s\"", map[string][]byte{"s": hosted("", grains()).b})},
		{"type of the disk", "X6", wrong, "", split},
		{"another fits", "L2", wrong, "", map[string][]byte{"d.vmdk": child("87654321", "base.vmdk"), "base.vmdk": base, "right.vmdk": other}},
	}
}

func damagedTables() []plant {
	onDemand := func() map[string][]byte { // the second redundant table's place went to a grain
		return inSparse(func(f *built) {
			f.u32(f.rgd+4, 0)
			at := f.rgts[1]
			copy(f.b[at:], f.b[f.grain[3]:][:sector])
			f.u64(64, 16)
			f.entry(3, uint32(at/sector))
		})
	}
	inChild := func(damage func(f *built)) map[string][]byte {
		f := hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", "12345678", "base.vmdk"), grains())
		f.u32(4, 2)
		f.u32(8, 7)
		damage(f)
		return map[string][]byte{"d.vmdk": f.b, "base.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b}
	}
	return []plant{
		{"directory, elsewhere", "H8", wrong, "", inSparse(func(f *built) { f.u64(56, 1<<33); f.u32(f.gd, 0) })},
		{"without grains", "H10", warns, "", map[string][]byte{"d.vmdk": func() []byte {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), nil)
			f.u64(64, 16)
			return f.b[:f.gts[1]+tableBytes]
		}()}},
		{"no first table", "G1", warns, "", inSparse(func(f *built) { f.u32(f.gd+4, 0) })},
		{"no tables", "G1", warns, "", inSparse(func(f *built) { f.u64(f.gd, 0); f.u64(f.rgd, 0) })},
		{"grains in the way", "G1", warns, "", onDemand()},
		{"one copy outside", "G6", wrong, "", inSparse(func(f *built) { f.u32(f.gts[0]+4*3, 1<<30) })},
		{"both copies in metadata", "G6", wrong, "H10", inSparse(func(f *built) { f.u64(64, 1); f.entry(3, uint32(f.gts[0]/sector)) })},
		{"copies in metadata", "G6", wrong, "H10 G5", inSparse(func(f *built) {
			f.u64(64, 1)
			f.u32(f.gts[0]+4*3, uint32(f.gts[0]/sector))
			f.u32(f.rgts[0]+4*3, uint32(f.gts[1]/sector))
		})},
		{"in a child", "G6", wrong, "", inChild(func(f *built) { f.entry(3, 1<<30) })},
		{"at the end", "G12", notes, "", inSparse(func(f *built) { f.entry(639, 0); clear(f.b[f.grain[639]:][:grainBytes]) })},
	}
}

func damagedStreams() []plant {
	front := func(tail []byte, damage func(f *built)) map[string][]byte { // a directory in front, as QEMU writes it
		f := hosted(replace(text("streamOptimized", `RW 10240 SPARSE "d.vmdk"`), "", ""), nil)
		f.u32(4, 3)
		f.u32(8, vmdk.FlagNewlines|vmdk.FlagRedundant|vmdk.FlagCompressed|vmdk.FlagMarkers)
		f.b[77] = 1
		for _, i := range sorted(grains()) {
			f.entry(i, uint32(len(f.b)/sector))
			f.b = append(f.b, packedGrain(uint64(i*grainSectors), grains()[i])...)
		}
		damage(f)
		return map[string][]byte{"d.vmdk": append(f.b, tail...)}
	}
	return []plant{
		{"finished stream", "H1", wrong, "", inStream(func(f *built) { copy(f.b, "kdmv") })},
		{"stream", "H5", wrong, "", inStream(func(f *built) { f.u32(8, 1|vmdk.FlagMarkers); f.u32(int64(len(f.b))-2*sector+8, 1|vmdk.FlagMarkers) })},
		{"order, header without grain size", "S4", warns, "S2", inStream(func(f *built) { swap(f, 3, 4); f.u64(20, 0) })},
		{"order, header of a small disk", "S4", warns, "S2", inStream(func(f *built) { swap(f, 3, 4); f.u64(12, 16); f.u32(44, 1) })},
		{"order, no overHead", "S4", warns, "", inStream(func(f *built) { swap(f, 3, 4); f.u64(64, 0); f.u64(int64(len(f.b))-2*sector+64, 0) })},
		{"cut in a grain", "S1", wrong, "", inStream(func(f *built) { f.b = f.b[:f.grain[512]+30] })},
		{"half a sector, front directory", "S8", warns, "", front([]byte{1, 2, 3}, func(*built) {})},
		{"table outside, compressed grains", "G2", wrong, "", front(nil, func(f *built) { f.u32(f.gd, 1<<30) })},
	}
}

// repaired carries out one of the repairs of the first finding of a code, and
// opens what comes out.
func repaired(t *testing.T, files map[string][]byte, code string, n int) (before, after disk.Image, out map[string][]byte) {
	t.Helper()
	before = openMem(t, files, "d.vmdk")
	for f, err := range before.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != code {
			continue
		}
		list := repairs(t, before, f)
		if n >= len(list) {
			t.Fatalf("%s has %d repairs: %s", code, len(list), f.Text)
		}
		if out, err = carryOut(t, files, list[n]); err != nil {
			t.Fatal(err)
		}
		return before, openMem(t, out, "d.vmdk"), out
	}
	t.Fatalf("there is no finding %s", code)
	return nil, nil, nil
}

// repairs are those of a finding.
func repairs(t *testing.T, img disk.Image, f disk.Finding) []disk.Repair {
	t.Helper()
	list, err := writer.Repairs(t.Context(), img, f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// carryOut makes a repair in copies of files.
func carryOut(t *testing.T, files map[string][]byte, r disk.Repair) (map[string][]byte, error) {
	t.Helper()
	ws := store.NewWorkspace(folder(files), "d.vmdk")
	defer ws.Close()
	if err := enginetest.Repair(t, ws, r); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for name := range files {
		f, err := ws.Snapshot().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = make([]byte, size)
		if n, err := f.ReadAt(out[name], 0); n < len(out[name]) {
			t.Fatal(err)
		}
		f.Close()
	}
	return out, nil
}

// TestRepairsAndContentID holds repairs to the rule that a new content ID comes
// with a change of what the guest reads, and only with that.
func TestRepairsAndContentID(t *testing.T) {
	all := map[string]plant{}
	for _, list := range [][]plant{descriptorPlants(), damagePlants(), extentPlants(), headerPlants(), tablePlants(), streamPlants(), esxPlants(), chainPlants()} {
		for _, p := range list {
			all[p.code+" "+p.name] = p
		}
	}
	for _, c := range []struct {
		plant  string
		repair int
		alters bool
	}{
		{"D9 order", 0, false}, {"D9 CRLF", 0, false}, {"D12 long ID", 0, false}, {"D4 parent without a name", 1, true},
		{"X2 short", 0, true}, {"X6 no magic", 0, true}, {"H10 overHead short", 0, false},
		{"G1 no table", 0, false}, {"G1 no first table", 0, true}, {"G1 grains in the way", 0, false}, {"G2 table outside", 0, false},
		{"G3 one directory", 0, false}, {"G3 one directory", 1, false}, {"G3 shared table", 0, false},
		{"G4 one copy zero", 0, false}, {"G5 copies differ", 1, true}, {"G6 grain outside", 0, true}, {"G7 zeroed", 1, false},
		{"G8 shared", 0, false}, {"G8 shared", 1, true}, {"G8 overlap", 0, false}, {"G11 cut grain", 0, true}, {"G11 cut padding", 0, false},
		{"S1 no footer", 0, true}, {"S4 order", 0, false}, {"S4 address", 0, false}, {"S6 damaged data", 0, true}, {"S6 trailing bytes", 0, false}, {"S8 half a sector", 0, false},
		{"C3 free sector", 0, false}, {"C4 grain outside", 0, true}, {"L1 missing", 0, false}, {"L2 another fits", 0, false},
	} {
		t.Run(c.plant, func(t *testing.T) {
			p := all[c.plant]
			before, after, _ := repaired(t, p.files, "vmdk/"+p.code, c.repair)
			if same := before.Info().ID == after.Info().ID; same == c.alters {
				t.Errorf("CID %s before, %s after", before.Info().ID, after.Info().ID)
			}
			if !c.alters && before.Info().Readable() && p.code[0] != 'L' && !keptWhatWasRead(before, after) {
				t.Error("the disk holds something else than before")
			}
		})
	}
}

// keptWhatWasRead reports whether all sectors that could be read before are the same
// after.
func keptWhatWasRead(before, after disk.Image) bool {
	one, two := make([]byte, sector), make([]byte, sector)
	for off := int64(0); off < before.Info().VirtualSize; off += sector {
		if _, err := before.ReadAt(one, off); err != nil {
			continue
		}
		if _, err := after.ReadAt(two, off); err != nil || !bytes.Equal(one, two) {
			return false
		}
	}
	return true
}

// diskOf is all of a disk; what can't be read is zeros.
func diskOf(t *testing.T, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	for off := int64(0); off < int64(len(b)); off += sector {
		img.ReadAt(b[off:off+sector], off) // as it comes: the image is damaged
	}
	return b
}

// TestRebuiltStream finds all whole grains of a stream whose tail is lost,
// whatever lies between them.
func TestRebuiltStream(t *testing.T) {
	cut := func(f *built) { f.b = f.b[:len(f.b)-5*sector] }
	for _, c := range []struct {
		name   string
		damage func(f *built)
		lost   []int64
	}{
		{"tail", cut, nil},
		{"cut in a grain", func(f *built) { f.b = f.b[:f.grain[512]+30] }, []int64{512, 639}},
		{"damaged grain", func(f *built) { f.b[f.grain[3]+40] ^= 0x55; cut(f) }, []int64{3}},
		{"size too small", func(f *built) { f.u32(f.grain[3]+8, 20); cut(f) }, []int64{3}},
		{"no marker", func(f *built) { f.u64(f.grain[3]+4, 1<<63); cut(f) }, []int64{3}},
		{"hole", func(f *built) { clear(f.b[f.grain[3]:f.grain[4]]); cut(f) }, []int64{3}},
		{"table's marker damaged", func(f *built) { f.b[f.gts[0]-sector+12] = 77; cut(f) }, nil},
		{"out of order", func(f *built) { swap(f, 3, 4); cut(f) }, nil},
		{"two for one place", func(f *built) { f.u64(f.grain[4], 3*grainSectors); cut(f) }, []int64{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := grains()
			for _, i := range c.lost {
				delete(left, i)
			}
			_, img, _ := repaired(t, inStream(c.damage), "vmdk/S1", 0)
			if !bytes.Equal(diskOf(t, img), content(left, diskSectors*sector)) {
				t.Error("the disk is not made of all whole grains")
			}
			enginetest.Clean(t, img, disk.SeverityWarning)
		})
	}
	// What follows a grain is not skipped with it if its marker says too much.
	_, img, _ := repaired(t, inStream(func(f *built) { f.u32(f.grain[3]+8, 3*sector); cut(f) }), "vmdk/S1", 0)
	if !bytes.Equal(diskOf(t, img), content(grains(), diskSectors*sector)) {
		t.Error("a grain inside what another one claims is lost")
	}
}

// TestRepairsAreBounded refuses, with a reason, what would change too much.
func TestRepairsAreBounded(t *testing.T) {
	huge := func(f *built) { // a directory of millions of entries that lead nowhere
		f.u64(12, 1<<38)
		f.b = f.b[:f.gd]
	}
	files := inSparse(huge)
	m := folder(files)
	f, err := m.OpenWrite("d.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	img := openSource(t, memory(t, m))
	for found, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range repairs(t, img, found) {
			ws := store.NewWorkspace(m, "d.vmdk")
			edits, err := ws.Try(func(tx *store.Tx) error { return r.Apply(t.Context(), tx) })
			if found.Code == "vmdk/G1" && found.Where[0].Length > 4<<15 && err == nil {
				t.Errorf("%s: %q makes %d edits", found.Code, r.Title, len(edits))
			}
			if err != nil && !strings.Contains(err.Error(), "copy of the disk") && !errors.Is(err, store.ErrTooMuch) {
				t.Errorf("%s: %q: %v", found.Code, r.Title, err)
			}
		}
	}
}

// TestUnmended says why a finding has no repair.
func TestUnmended(t *testing.T) {
	for _, list := range [][]plant{descriptorPlants(), extentPlants(), headerPlants(), tablePlants(), streamPlants(), esxPlants(), chainPlants()} {
		for _, p := range list {
			img := openMem(t, p.files, "d.vmdk")
			for f := range img.Check(t.Context()) {
				if f.Code == "vmdk/"+p.code && f.Severity == disk.SeverityError && !f.Repairable && !strings.Contains(f.Detail, "No repair") {
					t.Errorf("%s %s: neither repaired nor explained: %s", p.code, p.name, f.Detail)
				}
			}
		}
	}
}

// TestTextBehindText refuses to make a text longer that other text follows,
// which would become part of it, until that is settled.
func TestTextBehindText(t *testing.T) {
	for _, c := range []struct {
		name, behind string
		refused      bool
	}{
		{"nothing", "", false},
		{"what QEMU leaves", "\x00\"\n", false},
		{"far behind", strings.Repeat("\x00", 100) + "changeTrackPath=\"gone\"\n", false},
		{"hidden", "\x00changeTrackPath=\"gone\"\nRW 5 FLAT \"other.bin\" 0\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := embedded(func(s string) string {
				return replace(s, `createType="monolithicSparse"`, `createType="x"`) + c.behind
			})
			img := openMem(t, files, "d.vmdk")
			for f := range img.Check(t.Context()) {
				if f.Code != "vmdk/D5" {
					continue
				}
				out, err := carryOut(t, files, repairs(t, img, f)[0])
				if c.refused {
					if err == nil || !strings.Contains(err.Error(), "D8") {
						t.Errorf("%v, want D8 to be named", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				got := out["d.vmdk"][sector : 21*sector]
				want := text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`)
				if n := bytes.IndexByte(got, 0); string(got[:n]) != want {
					t.Errorf("the text is %q", got[:n])
				}
				return
			}
			t.Error("there is no finding D5")
		})
	}
}

// TestSettingBehindVersion puts a setting that is missing in front of no
// version: a text without a sound title is known by that alone.
func TestSettingBehindVersion(t *testing.T) {
	for _, c := range []struct {
		name, code string
		files      map[string][]byte
		want       string
	}{
		{"title", "vmdk/D4", inText("parentCID=ffffffff\n", ""), "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\nCID="},
		{"other title", "vmdk/D4", inTexts("parentCID=ffffffff\n", "", "# Disk", "# Dask"), "# Dask DescriptorFile\nversion=1\nparentCID=ffffffff\nCID="},
		{"no title", "vmdk/D3", inTexts("CID=12345678\n", "", "# Disk DescriptorFile\n", ""), "version=1\nCID=12345678\nparentCID="},
		{"no version", "vmdk/D2", inText("version=1\n", ""), "# Disk DescriptorFile\nversion=1\nCID="},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, out := repaired(t, c.files, c.code, 0)
			if got := string(out["d.vmdk"]); !strings.HasPrefix(got, c.want) {
				t.Errorf("the text is %q", got)
			}
		})
	}
}

// TestGrainsBehindTheEnd puts no grain where an entry claims one that the file
// lacks.
func TestGrainsBehindTheEnd(t *testing.T) {
	for _, c := range []struct {
		name, code string
		damage     func(f *built)
	}{
		{"grain outside", "vmdk/G8", func(f *built) { f.b = f.b[:f.grain[639]]; f.entry(4, uint32(f.grain[3]/sector)) }},
		{"grain cut", "vmdk/G8", func(f *built) { f.b = f.b[:f.grain[639]+sector]; f.entry(4, uint32(f.grain[3]/sector)) }},
		{"grain in the way", "vmdk/G1", func(f *built) {
			f.u32(f.rgd+4, 0)
			copy(f.b[f.rgts[1]:], f.b[f.grain[3]:][:sector])
			f.u64(64, 16)
			f.entry(3, uint32(f.rgts[1]/sector))
			f.b = f.b[:f.grain[639]]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := false
			files := inSparse(c.damage)
			img := openMem(t, files, "d.vmdk")
			for f := range img.Check(t.Context()) {
				if f.Code != c.code {
					continue
				}
				found = true
				r := repairs(t, img, f)[0]
				if _, err := carryOut(t, files, r); err == nil || !strings.Contains(err.Error(), "G11") {
					t.Errorf("%q: %v, want G11 to be named", r.Title, err)
				}
			}
			if !found {
				t.Errorf("there is no finding %s", c.code)
			}
		})
	}
}

// TestTablesInTheDirectory does not write directory entries over a table in use
// where a capacity that is too large makes the directory reach over it.
func TestTablesInTheDirectory(t *testing.T) {
	// The entries at the start of the first table are 0, as the directory's are
	// in which there is no table.
	f := hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", "12345678", "base.vmdk"), map[int64][]byte{511: grains()[511]})
	f.u64(12, 1<<22)
	files := map[string][]byte{"d.vmdk": f.b, "base.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b}
	img := openMem(t, files, "d.vmdk")
	before, refused := diskOf(t, img), 0
	for found := range img.Check(t.Context()) {
		if found.Code != "vmdk/G1" {
			continue
		}
		for _, r := range repairs(t, img, found) {
			out, err := carryOut(t, files, r)
			if err != nil {
				refused++
				continue
			}
			if r.Risk == "" && !bytes.Equal(diskOf(t, openMem(t, out, "d.vmdk")), before) {
				t.Errorf("%s: %q changes the disk", found.Text, r.Title)
			}
		}
	}
	if refused == 0 {
		t.Error("no repair is refused")
	}
}

// TestFoundDirectory brings the first directory back only where its tables say
// what those in use say.
func TestFoundDirectory(t *testing.T) {
	lose := func(field int64, damage func(f *built)) map[string][]byte {
		return inSparse(func(f *built) { damage(f); f.u64(field, 1<<33) })
	}
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		refused bool
	}{
		{"first lost", lose(56, func(*built) {}), false},
		{"redundant lost", lose(48, func(f *built) { f.u32(f.gts[0], 0) }), false},
		{"first lost, other entry", lose(56, func(f *built) { f.u32(f.gts[0], 0) }), true},
		{"first lost, no table in use", lose(56, func(f *built) { f.u32(f.rgd+4, 0) }), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := openMem(t, c.files, "d.vmdk")
			r := repairsOf(t, before, "vmdk/H8")[0]
			out, err := carryOut(t, c.files, r)
			if c.refused {
				if err == nil || !strings.Contains(err.Error(), "redundant directory alone") {
					t.Errorf("%q: %v, want the other repair to be named", r.Title, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(diskOf(t, openMem(t, out, "d.vmdk")), diskOf(t, before)) {
				t.Errorf("%q changes the disk", r.Title)
			}
		})
	}
}

// repairsOf are those of all findings of a code.
func repairsOf(t *testing.T, img disk.Image, code string) (list []disk.Repair) {
	t.Helper()
	for f := range img.Check(t.Context()) {
		if f.Code == code {
			list = append(list, repairs(t, img, f)...)
		}
	}
	if len(list) == 0 {
		t.Fatalf("there is no finding %s with a repair", code)
	}
	return list
}

// TestGrowthOverTables does not let a file grow over what a directory takes for
// a table, or for its own entries.
func TestGrowthOverTables(t *testing.T) {
	short := func(cut func(f *built) int64) map[string][]byte {
		f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), nil)
		f.b = f.b[:cut(f)]
		return map[string][]byte{"d.vmdk": f.b}
	}
	for _, c := range []struct {
		name, code string
		repair     int
		refused    bool
		files      map[string][]byte
	}{
		{"in a directory", "vmdk/H10", 0, true, short(func(f *built) int64 {
			f.u64(12, 200*vmdk.TableEntries*grainSectors)
			f.u64(f.gd, 0)
			return f.gd + sector
		})},
		{"the next table", "vmdk/G2", 0, false, short(func(f *built) int64 { return f.gts[0] })},
		{"the table after the next", "vmdk/G2", 1, true, short(func(f *built) int64 { return f.gts[0] })},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := repairsOf(t, openMem(t, c.files, "d.vmdk"), c.code)[c.repair]
			_, err := carryOut(t, c.files, r)
			if refused := err != nil && strings.Contains(err.Error(), "G2"); refused != c.refused {
				t.Errorf("%q: %v", r.Title, err)
			}
		})
	}
}

// TestOrderOfSharedGrains does not write a grain as often as hostile tables name
// it.
func TestOrderOfSharedGrains(t *testing.T) {
	files := inStream(func(f *built) {
		swap(f, 3, 4)
		for i := int64(5); i < 511; i++ {
			f.u32(f.gts[0]+4*i, uint32(f.grain[0]/sector))
		}
	})
	img := openMem(t, files, "d.vmdk")
	for f := range img.Check(t.Context()) {
		if f.Code != "vmdk/S4" || f.Severity != disk.SeverityWarning {
			continue
		}
		r := repairs(t, img, f)[0]
		if _, err := carryOut(t, files, r); err == nil || !strings.Contains(err.Error(), "G8") {
			t.Errorf("%v, want G8 to be named", err)
		}
		if r.Risk == "" {
			t.Error("the user is not told that grains no table names are lost")
		}
		return
	}
	t.Error("there is no finding S4 about the order")
}
