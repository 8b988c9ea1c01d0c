package vhdx_test

import (
	"testing"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/vhdx"
)

// TestTruncated cuts an image off everywhere that matters: nothing may hang or
// crash, and what is lost is never read as zeros.
func TestTruncated(t *testing.T) {
	whole, _ := build(t, plain).Size()
	for _, border := range []int64{8, 520, 64 << 10, 68 << 10, 128 << 10, 132 << 10, 192 << 10, 256 << 10, 320 << 10, mib, 2 * mib, metadataAt + 64<<10, metadataAt + 64<<10 + 8, batAt, batAt + 8, batAt + mib, whole - mib, whole} {
		for _, size := range []int64{border - 1, border, border + 1} {
			f := build(t, plain)
			if err := f.Truncate(min(size, whole)); err != nil {
				t.Fatal(err)
			}
			img, err := vhdx.Open(t.Context(), disk.Source{Path: "f", Name: "f", File: f.MemFile})
			if err != nil {
				if size >= 8 || !isKind(err, disk.ErrNotThisFormat) {
					t.Errorf("%d bytes: %v", size, err)
				}
				continue
			}
			everything(t, f.MemFile, img)
			if img.Info().Readable() != (size >= batAt+mib) {
				t.Errorf("%d bytes: refused %v", size, img.Info().Refused)
			}
			for block, at := range f.at {
				got := make([]byte, mib)
				n, err := img.ReadAt(got, block*mib)
				if have := max(0, min(size, whole)-at); img.Info().Readable() && have < mib && (err == nil || int64(n) > have) {
					t.Errorf("%d bytes: %d bytes of block %d, %v", size, n, block, err)
				}
			}
		}
	}
}

// TestRingOfGigabytes replays from a log of nearly 4 GiB that is one hole but
// for its last sectors.
func TestRingOfGigabytes(t *testing.T) {
	f, entries := dirty(t)
	const at, length = 16 << 30, 4095 * mib
	if err := f.Truncate(at + length); err != nil {
		t.Fatal(err)
	}
	r := f.record(0, 1, length-8192, setting(f, entries, 3))
	f.put(at+length-8192, r.bytes())
	bothHeaders(f, func(h decode.Record[layout.Header]) {
		layout.HeaderLogOffset.Put(h, at)
		layout.HeaderLogLength.Put(h, length)
		layout.HeaderLogGUID.Put(h, session)
	})
	img := openFixture(t, f)
	if got := present(t, img); got != 3 {
		t.Errorf("%d blocks after replay: %v", got, img.Info().Refused)
	}
	everything(t, f.MemFile, img)
}

// TestHostileText finds no control character in anything that is printed.
func TestHostileText(t *testing.T) {
	p := childPlan
	p.locator = []string{layout.KeyLinkage, "\x1b[31m\u202e", layout.KeyRelativePath, "\x1b]0;x\a\u200b", "\x9b2J", "\x00"}
	img := openFixture(t, build(t, p))
	for _, f := range check(t, img) {
		if f.Text != decode.Printable(f.Text) {
			t.Errorf("%s: %q", f.Code, f.Text)
		}
	}
	_, err := img.ReadAt(make([]byte, 512), 0)
	if err == nil || err.Error() != decode.Printable(err.Error()) {
		t.Errorf("%q", err)
	}
}
