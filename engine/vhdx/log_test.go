package vhdx_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// withoutLeaks leaves out that no entry names the blocks which the log of a test
// does not bring in.
func withoutLeaks(list []disk.Finding) []disk.Finding {
	return slices.DeleteFunc(list, func(f disk.Finding) bool { return f.Code == "vhdx/50" })
}

// dirtyPlan has blocks in the file whose BAT entries only the log has.
var dirtyPlan = plan{size: 6 * mib, id: 1, states: map[int64]uint64{0: 6, 1: 6, 2: 6, 3: 6}}

// dirty builds an image whose on-disk BAT is empty, and returns what each of
// its entries was.
func dirty(t testing.TB) (*fixture, []uint64) {
	f := build(t, dirtyPlan)
	var entries []uint64
	for b := range int64(4) {
		entries = append(entries, uint64(f.at[b])|layout.FullyPresent)
		f.batEntry(b, 0)
	}
	return f, entries
}

// setting is the BAT page with the first n blocks present.
func setting(f *fixture, entries []uint64, n int) logChange {
	return f.batPage(func(page []byte) {
		for i := range n {
			binary.LittleEndian.PutUint64(page[8*i:], entries[i])
		}
	})
}

// present counts the blocks that the disk has, from the first one on.
func present(t *testing.T, img disk.Image) int {
	t.Helper()
	for b := range int64(5) {
		got := make([]byte, 512)
		if _, err := img.ReadAt(got, b*mib+512); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content(1, b*mib+512)) {
			return int(b)
		}
	}
	return 5
}

func TestReplay(t *testing.T) {
	const kib4 = layout.LogSector
	for name, c := range map[string]struct {
		write func(f *fixture, e []uint64)
		want  int // blocks present after replay; -1: refused
		code  string
	}{
		"one entry": {func(f *fixture, e []uint64) { f.log(f.record(0, 1, 0, setting(f, e, 1))) }, 1, ""},
		"tail before the last": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 7, 0, setting(f, e, 1)), f.record(2*kib4, 8, 0, setting(f, e, 2)))
		}, 2, ""},
		"empty entry": {func(f *fixture, e []uint64) { f.log(f.record(0, 7, 0)) }, 0, ""},
		"applied entries are left alone": {func(f *fixture, e []uint64) {
			// the first entry would destroy a block: its target holds payload by now
			f.log(f.record(0, 7, 0, logChange{target: uint64(f.at[0]), length: mib}), f.record(kib4, 8, kib4, setting(f, e, 3)))
		}, 3, ""},
		"sequence gap": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 7, 0, setting(f, e, 1)), f.record(2*kib4, 9, 2*kib4, setting(f, e, 3)))
		}, 3, ""},
		"newer run with a bad tail": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 7, 0, setting(f, e, 2)), f.record(16*kib4, 9, 0, setting(f, e, 3)))
		}, 2, ""},
		"torn newest entry": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 7, 0, setting(f, e, 2)), f.record(2*kib4, 8, 0, setting(f, e, 3)))
			f.put(logAt+3*kib4+100, []byte{0xFF})
		}, 2, ""},
		"entry of another session": {func(f *fixture, e []uint64) {
			stale := f.record(2*kib4, 8, 0, setting(f, e, 3))
			stale.guid = identity(5)
			f.log(f.record(0, 7, 0, setting(f, e, 2)), stale)
		}, 2, ""},
		"wraps": {func(f *fixture, e []uint64) {
			f.log(f.record(mib-2*kib4, 7, mib-2*kib4, setting(f, e, 1)), f.record(0, 8, mib-2*kib4, setting(f, e, 2)))
		}, 2, ""},
		"one entry wraps, with a torn one after": {func(f *fixture, e []uint64) {
			f.log(f.record(mib-2*kib4, 7, mib-2*kib4, setting(f, e, 1), setting(f, e, 2)), f.record(kib4, 8, mib-2*kib4, setting(f, e, 4)))
			f.put(logAt+2*kib4+4000, []byte{1})
		}, 2, ""},
		"fills the log": {func(f *fixture, e []uint64) {
			for i := int64(0); i < 256; i += 2 {
				f.log(f.record(i*kib4, uint64(i/2+1), 0, setting(f, e, 1+int(i%4))))
			}
		}, 3, ""},
		"many descriptors": {func(f *fixture, e []uint64) {
			r := f.record(0, 1, 0)
			for range 200 {
				r.changes = append(r.changes, logChange{target: metadataAt + 512<<10, length: kib4})
			}
			r.changes = append(r.changes, setting(f, e, 4))
			f.log(r)
		}, 4, ""},
		"later change wins": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 1, 0, setting(f, e, 4), logChange{target: batAt, length: kib4}, setting(f, e, 1)))
		}, 1, ""},
		"nothing valid": {func(f *fixture, e []uint64) { f.log() }, -1, "vhdx/11"},
		"file cut off": {func(f *fixture, e []uint64) {
			r := f.record(0, 1, 0, setting(f, e, 1))
			r.flushed += mib
			f.log(r)
		}, -1, "vhdx/12"},
		"only the last entry's size counts": {func(f *fixture, e []uint64) {
			r := f.record(0, 1, 0, setting(f, e, 1))
			r.flushed += mib
			f.log(r, f.record(2*kib4, 2, 0, setting(f, e, 2)))
		}, 2, ""},
		"descriptor changes a header": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 1, 0, logChange{target: 64 << 10, length: kib4}))
		}, -1, "vhdx/11"},
		"descriptor changes the log": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 1, 0, logChange{target: logAt - kib4, length: 2 * kib4}))
		}, -1, "vhdx/11"},
		"tail outside":  {func(f *fixture, e []uint64) { f.log(f.record(0, 1, 2*mib, setting(f, e, 1))) }, -1, "vhdx/11"},
		"sequence zero": {func(f *fixture, e []uint64) { f.log(f.record(0, 0, 0, setting(f, e, 1))) }, -1, "vhdx/11"},
		"version of the log": {func(f *fixture, e []uint64) {
			f.log(f.record(0, 1, 0, setting(f, e, 1)))
			f.current(func(h decode.Record[layout.Header]) { layout.HeaderLogVersion.Put(h, 1) })
		}, -1, "vhdx/7"},
	} {
		t.Run(name, func(t *testing.T) {
			f, entries := dirty(t)
			c.write(f, entries)
			before := f.get(0, 4*mib)
			img := openFixture(t, f)
			if !img.Info().Dirty {
				t.Error("not dirty")
			}
			if c.want < 0 {
				if img.Info().Readable() || !strings.Contains(img.Info().Refused.Error(), c.code) {
					t.Errorf("refused with %v, want %s", img.Info().Refused, c.code)
				}
				expectCodes(t, check(t, img), c.code)
			} else {
				if got := present(t, img); got != c.want {
					t.Errorf("%d blocks after replay, want %d", got, c.want)
				}
				expectCodes(t, withoutLeaks(check(t, img)), "vhdx/10")
			}
			enginetest.Conform(t, img)
			if !bytes.Equal(before, f.get(0, 4*mib)) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestSteps looks at the disk before, between and after.
func TestSteps(t *testing.T) {
	f, entries := dirty(t)
	f.log(f.record(0, 7, 0, setting(f, entries, 1)), f.record(2*layout.LogSector, 8, 2*layout.LogSector, setting(f, entries, 2)),
		f.record(4*layout.LogSector, 9, 2*layout.LogSector, setting(f, entries, 4)))
	img := openFixture(t, f)
	logged := img.(disk.Logged)
	log, err := logged.Log(t.Context())
	if err != nil || !log.Dirty || log.Steps != 2 || len(log.Entries) != 3 || log.Refused != nil {
		t.Fatalf("%+v, %v", log, err)
	}
	for i, e := range log.Entries {
		if e.Step != i || e.Sequence != uint64(7+i) || e.Count != 1 || (e.Why == "") != (i > 0) {
			t.Errorf("entry %d: %+v", i, e)
		}
		for d, err := range e.Descriptors {
			page, pageErr := d.Page()
			want := setting(f, entries, []int{1, 2, 4}[i])
			if err != nil || pageErr != nil || d.Kind != "data" || d.Target.Offset != batAt || !bytes.Equal(page, want.page) {
				t.Errorf("descriptor %+v, %v %v", d, err, pageErr)
			}
		}
	}
	for step, want := range []int{0, 2, 4} {
		at, err := logged.AtStep(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		if got := present(t, at); got != want {
			t.Errorf("step %d: %d blocks, want %d", step, got, want)
		}
		enginetest.Conform(t, at)
		if err := at.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, step := range []int{-1, 3} {
		if _, err := logged.AtStep(t.Context(), step); !isKind(err, disk.ErrOutOfRange) {
			t.Errorf("step %d: %v", step, err)
		}
	}
}

// TestStepZeroOfBrokenLog can be looked at although the log can't be replayed.
func TestStepZeroOfBrokenLog(t *testing.T) {
	f, _ := dirty(t)
	f.log()
	at, err := openFixture(t, f).(disk.Logged).AtStep(t.Context(), 0)
	if err != nil || !at.Info().Readable() {
		t.Fatalf("%v, %v", err, at)
	}
	enginetest.Conform(t, at)
}

// TestReplayGrowsTheFile has a block in room that only the log knows of: it
// reads as zeros, as it does after a replay on disk.
func TestReplayGrowsTheFile(t *testing.T) {
	f, entries := dirty(t)
	size, _ := f.Size()
	page := f.batPage(func(page []byte) {
		binary.LittleEndian.PutUint64(page, entries[0])
		binary.LittleEndian.PutUint64(page[8:], uint64(size)|layout.FullyPresent)
	})
	r := f.record(0, 1, 0, page)
	r.last += 2 * mib
	f.log(r)
	img := openFixture(t, f)
	enginetest.Conform(t, img)
	expectCodes(t, withoutLeaks(check(t, img)), "vhdx/10")
	got := make([]byte, 1024)
	if _, err := img.ReadAt(got, mib); err != nil || !bytes.Equal(got, make([]byte, 1024)) {
		t.Errorf("grown block: %v", err)
	}
	after, err := img.(disk.Logged).AtStep(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.Files()[0].Size; n != size+2*mib {
		t.Errorf("the file has %d bytes after replay", n)
	}
	enginetest.Conform(t, after)
}

// TestReplayIntoAHole has a BAT that only the log has; in the file there is a hole.
// Its entries are checked as any others, and what they place has its region.
func TestReplayIntoAHole(t *testing.T) {
	f := build(t, plan{size: 8 * mib})
	first, second := f.grow(mib), f.grow(mib)
	end, _ := f.Size()
	f.put(first, []byte("payload"))
	f.put(second, []byte("payload"))
	f.log(f.record(0, 1, 0, f.batPage(func(page []byte) {
		for i, at := range []int64{first, first, second, end} {
			binary.LittleEndian.PutUint64(page[8*i:], uint64(at)|layout.FullyPresent)
		}
	})))
	img := openFixture(t, f)
	expectCodes(t, check(t, img), "vhdx/10", "vhdx/42", "vhdx/44")
	kinds := map[int64]disk.Kind{}
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kinds[r.Offset] = r.Kind
	}
	if kinds[first] != disk.KindOverlap || kinds[second] != disk.KindPayload {
		t.Errorf("the shared block is %v, the other one %v", kinds[first], kinds[second])
	}
	enginetest.Conform(t, img)
}

// TestReplayedPages compares reads of any length with a page put together by
// hand.
func TestReplayedPages(t *testing.T) {
	f, _ := dirty(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	page := make([]byte, layout.LogSector)
	for i := range page {
		page[i] = byte(rnd.Uint32())
	}
	const at = metadataAt + 512<<10
	f.log(f.record(0, 1, 0, logChange{target: at, page: page}, logChange{target: at + layout.LogSector, length: 2 * layout.LogSector}))
	f.put(at-100, bytes.Repeat([]byte{9}, 20000))
	whole := f.get(at-100, 20000)
	copy(whole[100:], page)
	clear(whole[100+layout.LogSector:][:2*layout.LogSector])
	after, err := openFixture(t, f).(disk.Logged).AtStep(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	file := after.Files()[0].Data
	for range 3000 {
		from := rnd.IntN(len(whole))
		got := make([]byte, 1+rnd.IntN(min(9000, len(whole)-from)))
		if _, err := file.ReadAt(got, int64(at-100+from)); err != nil || !bytes.Equal(got, whole[from:from+len(got)]) {
			t.Fatalf("%d bytes at %d: %v", len(got), from, err)
		}
	}
}

// TestRealLogs are the two dirty logs of vhdx.md 5.8, as far as the corpus has them.
func TestRealLogs(t *testing.T) {
	img := open(t, enginetest.Host(t, enginetest.Corpus(t, "vhdx/qemu-iotest-dirtylog-10G-4M.vhdx"), formats))
	log, err := img.(disk.Logged).Log(t.Context())
	if err != nil || log.Steps != 1 || len(log.Entries) != 7 {
		t.Fatalf("%+v, %v", log, err)
	}
	for i, e := range log.Entries {
		if e.Offset != int64(i)*0x2000 || e.Sequence != uint64(i+1) || e.Torn || e.Stale != (i < 6) || e.Active() != (i == 6) || e.Last != []uint64{24, 25, 26, 27, 29, 29, 30}[i]*mib {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	blocks := func(img disk.Image) int64 {
		var n int64
		for s, err := range img.Map(0, img.Info().VirtualSize) {
			if err != nil {
				t.Fatal(err)
			}
			if s.State == disk.Data {
				n += s.Length / mib
			}
		}
		return n
	}
	before, err := img.(disk.Logged).AtStep(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if b, a := blocks(before), blocks(img); b != 17 || a != 18 {
		t.Errorf("%d blocks before, %d after replay", b, a)
	}
}

// TestWindowsLog is the Windows log of vhdx.md 5.8, built from its table.
func TestWindowsLog(t *testing.T) {
	const seq = 80117443871106387
	f := build(t, plan{size: 32 * mib, id: 1, states: map[int64]uint64{0: 6}})
	at := uint64(f.at[0])
	f.batEntry(0, 0)
	entry := func(values map[int]uint64) logChange {
		return f.batPage(func(page []byte) {
			for i, v := range values {
				binary.LittleEndian.PutUint64(page[8*i:], v)
			}
		})
	}
	f.log(f.record(0, seq, 0), f.record(0x1000, seq+1, 0x1000, entry(map[int]uint64{0: 2})), f.record(0x3000, seq+2, 0x1000, entry(map[int]uint64{0: 2, 31: 2})),
		f.record(0x5000, seq+3, 0x1000, entry(map[int]uint64{0: at | 6, 31: 2})), f.record(0x7000, seq+4, 0x5000, entry(map[int]uint64{0: at | 6, 3: 2, 9: 2, 31: 2})))
	img := openFixture(t, f)
	log, err := img.(disk.Logged).Log(t.Context())
	if err != nil || log.Steps != 2 {
		t.Fatalf("%d steps, %v", log.Steps, err)
	}
	var steps []int
	for _, e := range log.Entries {
		steps = append(steps, e.Step)
	}
	if want := []int{0, 0, 0, 1, 2}; len(steps) != 5 || steps[3] != want[3] || steps[4] != want[4] || steps[2] != 0 {
		t.Errorf("steps %v", steps)
	}
	var states []string
	for s, err := range img.Map(0, 32*mib) {
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s.State.String())
	}
	if got := strings.Join(states, " "); got != "data unallocated zero unallocated zero unallocated zero" {
		t.Errorf("after replay: %s", got)
	}
}
