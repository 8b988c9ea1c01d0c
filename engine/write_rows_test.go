package engine_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// Cases in which writers of others failed, by their numbers in the list of peers' tests, and
// what holds ours to them. The formats' own TestRandomWrites, TestPowerCuts, TestFailingWrites
// and TestSyncsAreNeeded are in engine/vhd/writer, engine/vhdx and engine/vmdk.
//
//	W1 W2   TestRandomWrites, TestMatrix
//	W3      TestForeignNeighbours
//	W4      TestTablePageIsNotShifted
//	W5      TestWritesAcrossMarksOfTheDisk (vhdx, blocks of 1 MiB: 4 GiB is where a chunk ends)
//	W6      TestRandomWrites: each check looks for overlaps
//	W7      TestQEMUBugH1StaleFooter, TestQEMUBugH1InCorpus
//	W8      TestRandomWrites/child of engine/vhdx (blocks in every state), TestMatrix
//	W9 W20  TestWritesAcrossMarksOfTheDisk, TestFilesGrowAcrossMarks, TestChildrenGrowAcrossMarks, TestFullFiles
//	W10     TestQEMUBugV1HeaderOverwritten, TestQEMUBugV1InCorpus
//	W11     TestUnequalExtents of engine/vmdk
//	W12     TestZerosHideEveryAncestor
//	W13     TestChainsOfThree, TestRandomWrites
//	W14     TestOutOfRange
//	W15     TestOpeningChangesNothing, TestContentIDIsNewOnce, TestPowerCuts (the ID before the content)
//	W16     TestFailingWrites, TestNothingAfterAFailedSync
//	W17     TestEightGoroutines
//	W18     TestPowerCuts: a program that is killed leaves more than a power cut does
//	W19     TestMatrix, TestQEMUBugV1HeaderOverwritten, TestRandomWrites of engine/vmdk
//	Z1      TestGivenUpAtTheEnd, TestRandomWrites
//	Z2      TestZeroGrain of engine/vmdk, TestMatrix
//	Z3      TestZerosHideEveryAncestor, TestChainsOfThree
//	Z4      TestMergeOne, TestMergeVerb of tui/cli
//	Z5      TestRandomWrites (trims of any range), TestOutOfRange
//	Z6      TestGivenUpAtTheEnd, TestQEMUBugX3FixedGrows
//	Z7      TestEightGoroutines
//	X1      TestPowerCuts, TestSyncsAreNeeded
//	X2      TestFailingWrites, TestMergeFailures
//	M1      TestMergeOne
//	M2 M3   TestMergeSeveral, TestMergeLevels of tui/cli
//	M4      TestMergePowerCuts, TestMergeFailures: nothing is renamed
//	M5      TestMergeGrows of tui/cli, TestMergeOne/vhd on fixed, larger
//	M6      TestMergeLarge of tui/cli, with PLATTER_FULL
//	M7      TestMergeRefusals, TestMergeRefused of tui/cli
//	M8      TestMergePowerCuts
//	B1      TestRebaseOnto, also of tui/cli
//	B2      TestRebasePaths, TestRebaseAbove, TestRebaseRoom of tui/cli; TestRebasePowerCuts
//	B3      TestRebaseRelink of tui/cli
//	B4      TestRebasePaths, TestRebaseColons of tui/cli
//	K1      TestCompactFileSystem of tui/cli (e2fsck), TestCompact
//	K2      TestCompactCuts: a room is used again only when nothing names it durably
//	K3      TestCompactFreeInTheGuest, TestCompactFreeIsBelievedOnlyWhole (ext2, ext3 and ext4)

// TestOutOfRange writes, zeroes and trims what does not lie wholly on the disk: each is a
// typed error, and no file has changed.
func TestOutOfRange(t *testing.T) {
	for _, l := range append(alone(), chains()...) {
		b := l.made(t)
		files := storetest.New()
		for name, f := range b.Files {
			files.Put(name, f)
		}
		w, err := b.Write(t.Context(), files, b.Image)
		if err != nil {
			t.Fatal(err)
		}
		before := files.Ops()
		for _, r := range [][2]int64{{w.Size(), 1}, {w.Size() - 511, 512}, {-1, 2}, {1 << 62, 512}} {
			_, err := w.WriteAt(make([]byte, r[1]), r[0])
			for _, err := range []error{err, w.Zero(t.Context(), r[0], r[1]), w.Trim(t.Context(), r[0], r[1])} {
				if !errors.Is(err, disk.ErrOutOfRange) {
					t.Errorf("%s: %d bytes at %d: %v", l.name, r[1], r[0], err)
				}
			}
		}
		if files.Ops() != before {
			t.Errorf("%s: the files were written to", l.name)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestOpeningChangesNothing opens for writing, reads, and closes: all files are as they were,
// identities included.
func TestOpeningChangesNothing(t *testing.T) {
	for _, l := range append(alone(), chains()...) {
		l.how.Renew = true
		b := l.made(t)
		b.Below = nil
		for name := range b.Files {
			b.Below = append(b.Below, name)
		}
		enginetest.RandomWrites(t, b, []enginetest.Step{{Kind: enginetest.WriteStep}, {Kind: enginetest.ReopenStep}})
	}
}

// TestContentIDIsNewOnce holds that the first write of a session gives the disk another
// content ID, later ones do not, and none does without being asked to.
func TestContentIDIsNewOnce(t *testing.T) {
	for _, l := range append(alone(), chains()...) {
		if l.format == "vhd" {
			continue // it has no ID of the content
		}
		mark := func(files store.Opener, name string) string {
			img, err := readIn(t.Context(), files, name)
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			_, value := img.(disk.Marked).Mark()
			return value
		}
		for _, renew := range []bool{false, true} {
			l.how.Renew = renew
			b, files := l.made(t), store.NewMem()
			for name, f := range b.Files {
				files.Put(name, f)
			}
			before := mark(files, b.Image)
			var within string
			l.write(t, files, b.Image, func(w disk.Writer) error {
				_, err := w.WriteAt([]byte{1}, 0)
				err = errors.Join(err, w.Sync(t.Context()))
				within = mark(files, b.Image)
				_, err2 := w.WriteAt([]byte{2}, 700)
				return errors.Join(err, err2)
			})
			if after := mark(files, b.Image); after != within || (after != before) != renew {
				t.Errorf("%s, renewing %t: %s, after the first write %s, at last %s", l.name, renew, before, within, after)
			}
		}
	}
}

// TestNothingAfterAFailedSync has a sync fail: everything later fails with its error, though
// the disk would take it.
func TestNothingAfterAFailedSync(t *testing.T) {
	for _, l := range append(alone(), chains()...) {
		b := l.made(t)
		files := storetest.New()
		for name, f := range b.Files {
			files.Put(name, f)
		}
		w, err := b.Write(t.Context(), files, b.Image)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteAt([]byte{1}, 0); err != nil {
			t.Fatal(err)
		}
		files.FailAt(1, syscall.EIO)
		first := w.Sync(t.Context())
		_, then := w.WriteAt([]byte{2}, 0)
		for _, err := range []error{first, then, w.Sync(t.Context()), w.Close(t.Context())} {
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("%s: after a failed sync: %v", l.name, err)
			}
		}
	}
}

// TestTablePageIsNotShifted writes the block whose entry is the first of a page of the BAT after
// another one of that page, each in a session of its own, and the other way round. QEMU
// before 7.2.1 shifted the page by one entry.
func TestTablePageIsNotShifted(t *testing.T) {
	for _, order := range [][]patch{{{32 * mib, mib, 0x21}, {0, mib, 0x20}}, {{0, mib, 0x20}, {32 * mib, mib, 0x21}}, {{600 * mib, mib, 0x22}, {511 * mib, 3 * mib, 0x23}}} {
		path := filepath.Join(t.TempDir(), "a.vhdx")
		create(t, path, engine.CreateOptions{Values: values("size", "1G", "block-size", "1M")}).Close()
		for _, p := range order {
			put(t, path, []patch{p})
		}
		img := whole(t, path)
		holdsAt(t, img, order...)
		stored := int64(0)
		for s, err := range img.Map(0, img.Info().VirtualSize) {
			if err != nil {
				t.Fatal(err)
			}
			if s.State == disk.Data {
				stored += s.Length
			}
		}
		if want := order[0].n + order[1].n; stored != want {
			t.Errorf("%d bytes are stored, %d were written", stored, want)
		}
	}
}

// TestForeignNeighbours writes into an image that Hyper-V made: what lies beside is as it was.
func TestForeignNeighbours(t *testing.T) {
	path := enginetest.Copy(t, enginetest.Corpus(t, "vhdx/qemu-iotest-dynamic-1G.vhdx"))
	const from, n = 90 << 20, 80 << 20
	want := make([]byte, n)
	if got, err := whole(t, path).ReadAt(want, from); got < n {
		t.Fatal(err)
	}
	list := []patch{{99 * mib, 58 * mib, 0xC3}, {95*mib + 100, 700, 0xC4}}
	for _, p := range list {
		copy(want[p.off-from:], bytes.Repeat([]byte{p.b}, int(p.n)))
	}
	put(t, path, list)
	got := make([]byte, n)
	if read, err := whole(t, path).ReadAt(got, from); read < n || !bytes.Equal(got, want) {
		t.Errorf("what lies around has changed: %v", err)
	}
}
