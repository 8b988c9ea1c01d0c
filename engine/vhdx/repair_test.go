package vhdx_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// offered is how many repairs the faults have that have any: of two headers,
// tables or entries either can be the right one, and what is lost can be given
// up in several ways.
var offered = map[string]int{
	"1 identifier": 1, "6 in the header that is not current": 1, "3 header 1": 1, "3 header 2": 1, "4 both headers": 2, "20 metadata signature": 1, "4 both headers of a dirty image": 4,
	"5 same header twice": 1, "5 same number, other content": 2,
	"6 reserved of the header": 1, "6 after the header": 1, "8 headers disagree": 1,
	"9 log misaligned": 1, "9 log in the first MiB": 1, "9 log outside": 1, "9 log on the metadata": 1, "9 no log but a session": 1,
	"9 dirty log in another place": 2, "9 dirty log on the metadata": 1,
	"10 dirty": 1, "10 dirty, and the file has to grow": 1, "11 no sequence": 1,
	"12 truncated": 1, "12 truncated in a block": 1, "12 truncated before a block": 1,
	"13 region table 1": 1, "13 region table 2": 1, "13 region tables differ": 2, "14 both region tables": 1,
	"15 region count": 1, "15 region table reserved": 1, "15 Required is 3": 1, "19 regions of QEMU": 2,
	"20 metadata reserved": 1, "22 empty item with a place": 1,
	"24 required item of a user": 1, "24 flags of an item": 1, "24 reserved flags of an item": 1, "26 incomplete": 1,
	"27 no disk ID": 1, "27 disk size of 4 bytes": 1, "27 no disk size": 1, "27 no sector sizes": 4,
	"29 size zero": 1, "29 size too large": 1, "29 size not whole": 1, "30 reserved parameters": 1,
	"33 no linkage": 1, "33 bad linkage": 1, "34 parent changed": 1, "35 BAT too small": 1,
	"36 padding of the BAT": 1, "37 reserved bits": 1,
	"38 state 4": 1, "38 state 4 with a place": 2, "38 state 4 in a child": 2, "38 state 5": 1, "38 state 5 in a child": 1,
	"39 partial without a parent": 1, "40 place of a ZERO block": 1,
	"41 present without a place": 1, "41 bitmap without a place": 1, "41 child's block without a place": 2,
	"42 block past the end": 1, "42 block at the last MiB there is": 1, "42 block cut off": 2, "42 block cut off inside its last MiB": 2, "42 bitmap past the end": 1, "42 anchor past the end": 1,
	"43 last block cut off where the disk ends": 1,
	"44 two blocks in one place":                3, "44 blocks that overlap by half": 6, "44 block on the log": 2, "44 bitmap on a block": 4, "44 bitmap on the metadata": 1,
	"45 anchor on a block": 1, "45 block after an anchor": 1, "45 anchor on the log": 1,
	"46 bitmap in a dynamic image": 1, "46 state of a bitmap": 2, "46 state of a bitmap without a place": 1, "47 no bitmap": 1,
	"48 all bits clear": 1, "48 all bits set": 1, "49 fixed with a hole": 1, "49 fixed by QEMU": 1, "50 leaked": 1, "51 odd size": 1,
	"53 no identity": 1, "54 last sequence number": 1,
}

// unrepaired are the codes that the format reference gives no repair, or none
// but by compacting.
var unrepaired = map[string]bool{"2": true, "7": true, "16": true, "17": true, "18": true, "21": true, "23": true, "25": true, "28": true, "31": true, "32": true, "52": true}

func planted(t *testing.T, d damage) *fixture {
	t.Helper()
	f := build(t, d.plan)
	d.plant(f)
	return f
}

// brings are the codes that repairs of a fault may bring: a log to be replayed.
var brings = map[string]string{"4 both headers of a dirty image": "vhdx/10", "9 dirty log in another place": "vhdx/10"}

// orphaned is what a repair may leave behind that gives something up.
const orphaned = " vhdx/50 vhdx/52 vhdx/55"

// folderOf is the damaged image beside what may be its parent.
func folderOf(t *testing.T, d damage) *store.Mem {
	t.Helper()
	return files(map[string]*fixture{"disk.vhdx": planted(t, d), "base.vhdx": baseOf(t, d)})
}

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	for _, d := range damages {
		key := d.code + " " + d.name
		if n := enginetest.Repairs(t, folderOf(t, d), "disk.vhdx", formats, vhdx.Open, writer.Repairs, "vhdx/"+d.code, brings[key]+orphaned); n != offered[key] {
			t.Errorf("%s: %d repairs, want %d", key, n, offered[key])
		}
	}
}

// TestEveryRepairIsTested compares the repairs with those of vhdx.md 14.
func TestEveryRepairIsTested(t *testing.T) {
	repaired := map[string]bool{}
	for key := range offered {
		code, _, _ := strings.Cut(key, " ")
		repaired[code] = true
	}
	for i := 1; i <= 54; i++ {
		if code := strconv.Itoa(i); repaired[code] == unrepaired[code] {
			t.Errorf("%s: repairs are tested %v, the reference has none %v", code, repaired[code], unrepaired[code])
		}
	}
}

// mendedBy is the image of a fault after a repair.
func mendedBy(t *testing.T, d damage, r disk.Repair) *fixture {
	t.Helper()
	after := planted(t, d)
	if err := r.Apply(t.Context(), files(map[string]*fixture{"disk.vhdx": after})); err != nil {
		t.Fatal(err)
	}
	return after
}

// repairsOf are the repairs of a finding.
func repairsOf(t *testing.T, img disk.Image, f disk.Finding) []disk.Repair {
	t.Helper()
	list, err := writer.Repairs(t.Context(), img, f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// firstRepair is the first repair of the first finding with the fault's code.
func firstRepair(t *testing.T, before *fixture, d damage) disk.Repair {
	t.Helper()
	img := opened(t, before, d)
	for _, f := range check(t, img) {
		if f.Code == "vhdx/"+d.code && f.Repairable {
			return repairsOf(t, img, f)[0]
		}
	}
	t.Fatalf("no repair of %s", d.code)
	return disk.Repair{}
}

// eachRepair calls fn for every repair of every fault, with the image before
// and after it.
func eachRepair(t *testing.T, fn func(t *testing.T, d damage, before, after *fixture, r disk.Repair)) {
	for _, d := range damages {
		before := planted(t, d)
		img := opened(t, before, d)
		for _, f := range check(t, img) {
			for _, r := range repairsOf(t, img, f) {
				if f.Code == "vhdx/"+d.code {
					t.Run(d.code+" "+d.name+" "+r.Title, func(t *testing.T) { fn(t, d, before, mendedBy(t, d, r), r) })
				}
			}
		}
	}
}

// headersOf reads both headers.
func headersOf(f *fixture) [2]decode.Record[layout.Header] {
	var list [2]decode.Record[layout.Header]
	for i := range list {
		list[i], _ = layout.HeaderTable.Of(f.get(layout.HeaderOffset(i), layout.HeaderSize))
	}
	return list
}

// TestRepairsUpdateHeaders holds every repair to vhdx.md 3: both headers valid
// and agreeing, one sequence number apart and above the ones before, a new
// FileWriteGuid, and a new DataWriteGuid if the disk reads otherwise.
func TestRepairsUpdateHeaders(t *testing.T) {
	eachRepair(t, func(t *testing.T, d damage, before, after *fixture, r disk.Repair) {
		a, b := headersOf(after)[0], headersOf(after)[1]
		for _, h := range []decode.Record[layout.Header]{a, b} {
			if m, why := layout.HeaderChecksum.Field().Verdict(h.Bytes()); m != decode.Good {
				t.Fatal(why)
			}
		}
		low, high := layout.HeaderSequence.Get(a), layout.HeaderSequence.Get(b)
		if high-low != 1 && low-high != 1 {
			t.Errorf("sequence numbers %d and %d", low, high)
		}
		layout.HeaderSequence.Put(a, high)
		layout.HeaderTable.Seal(a.Bytes())
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Error("the headers do not agree")
		}
		if d.code == "4" {
			return
		}
		for _, old := range headersOf(before) {
			if m, _ := layout.HeaderChecksum.Field().Verdict(old.Bytes()); m == decode.Good && d.code != "54" && layout.HeaderSequence.Get(old) >= min(low, high) {
				t.Errorf("sequence number %d after %d", min(low, high), layout.HeaderSequence.Get(old))
			}
			if layout.HeaderFileGUID.Get(old) == layout.HeaderFileGUID.Get(a) {
				t.Error("the FileWriteGuid was kept")
			}
		}
		if d.code == "5" || d.code == "8" {
			return
		}
		old, repaired := opened(t, before, d), opened(t, after, d)
		renewed := old.DataWriteGUID() != repaired.DataWriteGUID()
		was, is := digest(old), digest(repaired)
		switch same := was == is; {
		case !same && !renewed && was != "refused":
			t.Errorf("the disk reads otherwise, but kept its DataWriteGuid")
		case same && renewed && r.Risk == "" && d.code != "53":
			t.Errorf("the disk reads as before, but has a new DataWriteGuid")
		}
	})
}

// opened is the fixture beside its parent.
func opened(t *testing.T, f *fixture, d damage) *vhdx.Image {
	t.Helper()
	folder := files(map[string]*fixture{"disk.vhdx": f, "base.vhdx": baseOf(t, d)})
	return open(t, enginetest.Memory(t, folder, "disk.vhdx", formats)).(*vhdx.Image)
}

// bases are the parents that the damaged images have, by their size: nobody
// writes to them.
var bases = map[int64]*fixture{}

func baseOf(t *testing.T, d damage) *fixture {
	t.Helper()
	size := d.plan.size
	if bases[size] == nil {
		bases[size] = build(t, plan{size: size, id: 2, fixed: size < 100*mib})
	}
	return bases[size]
}

// disks is a digest of what the first MiB of the disk read as, with its errors.
func disks(t *testing.T, f *fixture, d damage) string {
	t.Helper()
	return digest(opened(t, f, d))
}

func digest(img disk.Image) string {
	if img.Info().Refused != nil {
		return "refused"
	}
	sum := sha256.New()
	buf := make([]byte, 64<<10)
	for off := int64(0); off < min(img.Info().VirtualSize, 8*mib); off += int64(len(buf)) {
		n, err := img.ReadAt(buf, off)
		fmt.Fprintln(sum, off, n, err == nil || err == io.EOF)
		sum.Write(buf[:n])
	}
	return fmt.Sprintf("%d bytes %x", img.Info().VirtualSize, sum.Sum(nil))
}

// TestDirtyImages get no repair that replaying the log would undo; the finding
// says what comes first.
func TestDirtyImages(t *testing.T) {
	f := build(t, plain)
	f.batEntry(0, 6)
	f.put(8, []byte{1})
	f.log(f.record(0, 1, 0))
	for _, found := range check(t, openFixture(t, f)) {
		if found.Code == "vhdx/41" && (found.Repairable || !strings.Contains(found.Detail, "vhdx/10")) {
			t.Errorf("%s has repairs although a log has to be replayed: %s", found.Code, found.Detail)
		}
	}
}

// TestRepairsRefuse are repairs that are offered, and then say why they can't
// be done.
func TestRepairsRefuse(t *testing.T) {
	full := plan{size: 128 * mib, block: 32 * mib, states: map[int64]uint64{1: 6}}
	for name, c := range map[string]struct {
		plan  plan
		code  string
		plant func(f *fixture)
		want  string
	}{
		"tables are damaged too": {plain, "11", func(f *fixture) { f.log(); f.batEntry(0, 1<<40|6) }, "vhdx/42"},
		"more than can be staged": {full, "44", func(f *fixture) {
			for off := range full.block / 4096 {
				f.put(f.at[1]+off*4096, bytes.Repeat([]byte{7}, 4096))
			}
			f.batEntry(0, uint64(f.at[1])|6)
		}, store.ErrTooMuch.Error()},
		"longer than the disk": {plain, "12", func(f *fixture) {
			r := f.record(0, 1, 0)
			r.flushed = 1 << 46
			f.log(r)
		}, "the whole disk needs no more"},
		"a log that claims a huge file": {plain, "10", func(f *fixture) {
			r := f.record(0, 1, 0)
			r.last = 1 << 46
			f.log(r)
		}, "the whole disk needs no more"},
		"no metadata": {plain, "14", func(f *fixture) {
			f.put(layout.RegionOffset(0)+20, []byte{1, 2})
			f.put(layout.RegionOffset(1)+20, []byte{1, 2})
			f.put(metadataAt, []byte("M"))
		}, "no metadata region"},
		"a longer file would hide what is cut off": {plan{size: 6 * mib, states: map[int64]uint64{0: 6, 1: 6}}, "51", func(f *fixture) { f.Truncate(f.next - mib/2) }, "vhdx/42"},
		"a moved block would lie in a cut one": {plan{size: 8 * mib, block: 2 * mib, states: map[int64]uint64{0: 6, 1: 6, 2: 6}}, "44", func(f *fixture) {
			f.batEntry(1, uint64(f.at[2])|6)
			f.Truncate(f.at[0] + mib)
		}, "vhdx/42"},
		"a moved BAT would lie in a cut block": {plan{size: 8 * mib, block: 2 * mib, states: map[int64]uint64{0: 6, 1: 6}}, "35", func(f *fixture) {
			f.u64(itemAt(f, 1), 400_000*mib)
			f.Truncate(f.at[0] + mib)
		}, "vhdx/42"},
		"new blocks would lie in a cut one": {plan{size: 8 * mib, block: 2 * mib, fixed: true}, "49", func(f *fixture) {
			f.batEntry(3, 0)
			f.Truncate(f.at[0] + mib)
		}, "vhdx/42"},
		"a new log would lie in a cut block": {plan{size: 8 * mib, block: 2 * mib, states: map[int64]uint64{0: 6, 1: 6}}, "9", func(f *fixture) {
			f.batEntry(1, logAt|6)
			f.current(func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, metadataAt) })
			f.Truncate(f.at[0] + mib)
		}, "vhdx/42"},
		"a new log while no BAT is known": {plain, "9", func(f *fixture) {
			f.current(func(h decode.Record[layout.Header]) { layout.HeaderLogOffset.Put(h, 1<<40) })
			f.put(layout.RegionOffset(0), []byte{1, 2})
			f.put(layout.RegionOffset(1), []byte{1, 2})
		}, "repair region tables"},
		"a longer file while no BAT is known": {plain, "51", func(f *fixture) {
			f.Truncate(f.next + 512)
			f.put(layout.RegionOffset(0), []byte{1, 2})
			f.put(layout.RegionOffset(1), []byte{1, 2})
		}, "repair region tables"},
		"zeros are no BAT": {plan{size: 6 * mib}, "14", func(f *fixture) {
			for i := range 2 {
				f.put(layout.RegionOffset(i)+layout.RegionHeadSize, []byte{1, 2})
			}
			f.put(f.grow(mib)+100, []byte("data"))
		}, "no BAT was found"},
		"state 4 on a block": {plain, "38", func(f *fixture) { f.batEntry(0, uint64(f.at[1])|4) }, "another block"},
	} {
		t.Run(name, func(t *testing.T) {
			f := build(t, c.plan)
			c.plant(f)
			img := openFixture(t, f)
			for _, found := range check(t, img) {
				if found.Code != "vhdx/"+c.code || !found.Repairable {
					continue
				}
				r := repairsOf(t, img, found)[0]
				err := enginetest.Repair(t, store.NewWorkspace(files(map[string]*fixture{"disk.vhdx": f}), ""), r)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%q: %v, want %q", r.Title, err, c.want)
				}
				return
			}
			t.Error("no such repair")
		})
	}
}

// TestUnmendedSayWhy: what could be repaired, but not here, says what to do.
func TestUnmendedSayWhy(t *testing.T) {
	for key, want := range map[string]string{
		"27 no file parameters": "backup", "34 parent not found": "--parent", "33 no path": "--parent",
		"50 leaked in the middle": "compacting",
	} {
		for _, d := range damages {
			if d.code+" "+d.name != key {
				continue
			}
			for _, f := range check(t, open(t, enginetest.Memory(t, folderOf(t, d), "disk.vhdx", formats))) {
				if f.Code == "vhdx/"+d.code && !strings.Contains(f.Detail, want) {
					t.Errorf("%s: %s", key, f.Detail)
				}
			}
		}
	}
}

// TestMovedBlocks have the content that they had.
func TestMovedBlocks(t *testing.T) {
	d := damage{code: "44", plan: plan{size: 8 * mib, block: 2 * mib, states: map[int64]uint64{0: 6, 1: 6}}, plant: func(f *fixture) {
		f.batEntry(2, uint64(f.at[1]+mib)|6)
	}}
	before := planted(t, d)
	after := mendedBy(t, d, firstRepair(t, before, d))
	if was, is := disks(t, before, d), disks(t, after, d); was != is {
		t.Errorf("%s before, %s after", was, is)
	}
	expectCodes(t, check(t, openFixture(t, after)))
}

// TestRelinked reads the child through the parent that it was linked to.
func TestRelinked(t *testing.T) {
	d := damage{code: "34", plan: derived, plant: func(f *fixture) {
		relocate(f, layout.KeyLinkage, linkageTo(3), layout.KeyLinkage2, linkageTo(4), layout.KeyWin32Path, `C:\disks\base.vhdx`, "x", "y")
	}}
	after := mendedBy(t, d, firstRepair(t, planted(t, d), d))
	img := opened(t, after, d)
	base := build(t, plan{size: derived.size, id: 2, fixed: true})
	got := make([]byte, 512)
	for off := int64(0); off < derived.size; off += 512 {
		if _, err := img.ReadAt(got, off); err != nil || !bytes.Equal(got, want(off, after, base)) {
			t.Fatalf("byte %d: %v", off, err)
		}
	}
	link := img.Link()
	if len(link.Wanted) != 1 || link.Wanted[0] != identity(2).String() || len(link.Names) < 2 || link.Names[0].Name != `.\base.vhdx` {
		t.Errorf("%+v", link)
	}
}

// TestRenewal gives the disk a new mark that qemu-img takes, and changes
// nothing else.
func TestRenewal(t *testing.T) {
	f := build(t, plain)
	r, ok := writer.Renewal(openFixture(t, f))
	if !ok {
		t.Fatal("not offered")
	}
	was := headersOf(f)
	if err := r.Apply(t.Context(), files(map[string]*fixture{"disk.vhdx": f})); err != nil {
		t.Fatal(err)
	}
	is := headersOf(f)
	for i := range is {
		if m, why := layout.HeaderChecksum.Field().Verdict(is[i].Bytes()); m != decode.Good {
			t.Error(why)
		}
		if layout.HeaderSequence.Get(is[i]) != uint64(2+i) {
			t.Errorf("header %d has the sequence number %d", i+1, layout.HeaderSequence.Get(is[i]))
		}
		for _, g := range []decode.GUID[layout.Header]{layout.HeaderFileGUID, layout.HeaderDataGUID} {
			if g.Get(is[i]) == g.Get(was[i]) || g.Get(is[i]) != g.Get(is[1]) {
				t.Errorf("header %d: %s is %s", i+1, g.Field().Name(), g.Get(is[i]))
			}
		}
	}
	expectCodes(t, check(t, openFixture(t, f)))
	f.agreesWithQEMU(t)
}

// TestNoRenewal: a log would undo it, and without headers there is nothing.
func TestNoRenewal(t *testing.T) {
	for _, d := range damages {
		if d.code == "10" || d.code == "4" || d.code == "7" || d.name == "same number, other content" {
			if _, ok := writer.Renewal(opened(t, planted(t, d), d)); ok {
				t.Errorf("%s %s: offered", d.code, d.name)
			}
		}
	}
	f, _ := dirty(t)
	f.log(f.record(0, 1, 0))
	at, err := openFixture(t, f).(disk.Logged).AtStep(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := writer.Renewal(at); ok {
		t.Error("offered in the middle of a replay")
	}
}

// agreesWithQEMU has qemu-img check the image and read it, and compares.
func (f *fixture) agreesWithQEMU(t *testing.T) {
	t.Helper()
	enginetest.Tool(t, "qemu-img")
	dir := t.TempDir()
	image, raw := filepath.Join(dir, "disk.vhdx"), filepath.Join(dir, "disk.raw")
	f.save(t, image)
	enginetest.Run(t, "qemu-img", "check", "-f", "vhdx", image)
	enginetest.Run(t, "qemu-img", "convert", "-f", "vhdx", "-O", "raw", image, raw)
	compareRaw(t, image, raw)
}

// save writes the image to the host, sparsely.
func (f *fixture) save(t *testing.T, path string) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	size, _ := f.Size()
	if err := out.Truncate(size); err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 64<<10)
	for off := int64(0); off < size; off += int64(len(zeros)) {
		if b := f.get(off, int(min(size-off, int64(len(zeros))))); !bytes.Equal(b, zeros[:len(b)]) {
			if _, err := out.WriteAt(b, off); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unmarked is a digest of the file without what every header update changes.
func (f *fixture) unmarked() (sum [sha256.Size]byte) {
	size, _ := f.Size()
	b := f.get(0, int(size))
	for i, h := range headersOf(f) {
		layout.HeaderSequence.Put(h, 0)
		layout.HeaderFileGUID.Put(h, uuid.UUID{})
		layout.HeaderDataGUID.Put(h, uuid.UUID{})
		layout.HeaderTable.Seal(h.Bytes())
		copy(b[layout.HeaderOffset(i):], h.Bytes())
	}
	return sha256.Sum256(b)
}

// stillDirty are faults whose repair leaves another step to be done.
var stillDirty = map[string]bool{"4 both headers of a dirty image": true, "9 dirty log in another place": true}

// TestRepairedImagesAgree shows other people's programs what the repairs made:
// QEMU images without a parent, 7-Zip children. Many repairs make the same
// image, which is shown once; a third of the repairs is enough where the run is
// not the full one.
func TestRepairedImagesAgree(t *testing.T) {
	shown, picked := map[[sha256.Size]byte]bool{}, enginetest.Third(1)
	eachRepair(t, func(t *testing.T, d damage, _, after *fixture, r disk.Repair) {
		if !picked() {
			return
		}
		img := opened(t, after, d)
		for _, f := range check(t, img) {
			if f.Severity >= warning {
				return // two faults, of which one is repaired
			}
		}
		if stillDirty[d.code+" "+d.name] || img.Info().VirtualSize > 1<<30 {
			return
		}
		mark := after.unmarked()
		if shown[mark] {
			return
		}
		shown[mark] = true
		if img.Parent() == nil {
			after.agreesWithQEMU(t)
			return
		}
		enginetest.Tool(t, "7z")
		dir := t.TempDir()
		after.save(t, filepath.Join(dir, "disk.vhdx"))
		baseOf(t, d).save(t, filepath.Join(dir, "base.vhdx"))
		raw, err := os.Create(filepath.Join(dir, "disk.raw"))
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		enginetest.RunTo(t, raw, "7z", "e", "-so", "-tvhdx", filepath.Join(dir, "disk.vhdx"))
		compareRaw(t, filepath.Join(dir, "disk.vhdx"), raw.Name())
	})
}

// TestHeadersWithGarbage writes garbage after the fields of both headers, as a virtual
// machine monitor did: the fields are kept, and no old log is replayed.
func TestHeadersWithGarbage(t *testing.T) {
	f := build(t, plain)
	f.put(logAt, f.record(0, 1, 0, f.batPage(func(page []byte) { clear(page[:64]) })).bytes())
	before := disks(t, f, damage{plan: plain})
	id := headersOf(f)
	for i := range 2 {
		f.put(layout.HeaderOffset(i)+80, []byte("from the stack"))
	}
	d := damage{code: "4", plan: plain, plant: func(*fixture) {}}
	img := opened(t, f, d)
	if img.Info().Refused == nil {
		t.Fatal("headers without a checksum are taken")
	}
	for _, found := range check(t, img) {
		if found.Code != "vhdx/4" {
			continue
		}
		list := repairsOf(t, img, found)
		if len(list) != 1 || list[0].Risk != "" {
			t.Fatalf("repairs: %+v", list)
		}
		if err := list[0].Apply(t.Context(), files(map[string]*fixture{"disk.vhdx": f})); err != nil {
			t.Fatal(err)
		}
		if got := disks(t, f, d); got != before {
			t.Error("the disk is not what it was")
		}
		if now := headersOf(f); layout.HeaderDataGUID.Get(now[0]) != layout.HeaderDataGUID.Get(id[0]) {
			t.Error("the DataWriteGuid is another one")
		}
		return
	}
	t.Error("no finding vhdx/4")
}
