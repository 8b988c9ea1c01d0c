package enginetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"platter/decode/decodetest"
	"platter/engine/disk"
)

// budget bounds how many bytes of one disk the suite reads, so that a sparse
// giant takes no longer than a small one.
const budget = 48 << 20

// Conform checks what every image promises: regions that cover each file
// once, a map without holes that agrees with ReadAt byte for byte, random
// reads that agree with sequential ones, from several goroutines, a tree that
// can be walked, and a check that comes to its end. The image may be damaged;
// what can't be read must say so everywhere in the same way.
func Conform(t *testing.T, img disk.Image) {
	t.Helper()
	info := img.Info()
	if info.Format == "" || info.Type == "" || info.Recognised == "" {
		t.Errorf("info says too little: %+v", info)
	}
	Regions(t, img)
	decodetest.Walk(t, img.Tree(), 20_000)
	for _, err := range img.Check(t.Context()) {
		if err != nil {
			t.Errorf("check is not complete: %v", err)
		}
	}
	if !info.Readable() {
		refuses(t, img)
		return
	}
	spans := wholeMap(t, img)
	ownMap(t, img, spans)
	bounds(t, img)
	for _, s := range sampled(spans) {
		spanAgrees(t, img, s)
	}
	partialMaps(t, img, spans)
	randomReads(t, img, spans)
}

// Regions checks that the regions cover every file exactly once, and returns them.
func Regions(t *testing.T, img disk.Image) []disk.Region {
	t.Helper()
	var list []disk.Region
	files, at, pos := img.Files(), 0, int64(0)
	var total int64
	for _, f := range files {
		total += f.Size
	}
	if info := img.Info(); info.FileSize != total {
		t.Errorf("info has %d bytes of files, the files %d", info.FileSize, total)
	}
	skipFull := func() {
		for at < len(files) && pos == files[at].Size {
			at, pos = at+1, 0
		}
	}
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatalf("regions: %v", err)
		}
		skipFull()
		if at == len(files) || r.File != files[at].Name || r.Offset != pos || r.Length <= 0 || r.Length > files[at].Size-pos || r.Kind == "" || r.Name == "" {
			t.Fatalf("region %+v, expected byte %d of file %d of %d", r, pos, at, len(files))
		}
		pos += r.Length
		list = append(list, r)
	}
	skipFull()
	if at != len(files) {
		t.Fatalf("regions end at byte %d of %s, which has %d", pos, files[at].Name, files[at].Size)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	var last error
	for _, err := range img.Regions(stopped) {
		last = err
	}
	if total > 0 && last == nil {
		t.Error("regions go on after their context has ended")
	}
	return list
}

func refuses(t *testing.T, img disk.Image) {
	t.Helper()
	var typed *disk.Error
	if !errors.As(img.Info().Refused, &typed) {
		t.Errorf("refused with an untyped error: %v", img.Info().Refused)
	}
	if n, err := img.ReadAt(make([]byte, 512), 0); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("an unreadable disk gave %d bytes, error %v", n, err)
	}
	for s, err := range img.Map(0, 512) {
		if err == nil {
			t.Errorf("an unreadable disk has the span %+v", s)
		}
	}
}

// ownMap holds what a layer says of itself against what the whole map says of
// it, as far as that was read.
func ownMap(t *testing.T, img disk.Image, whole []disk.Span) {
	t.Helper()
	sum, own, end := int64(0), int64(0), int64(0)
	for _, s := range whole {
		end = s.Start + s.Length
		if s.State == disk.Data && s.Layer == 0 {
			sum += s.Length
		}
	}
	for s, err := range disk.MapOwn(img, 0, end) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Layer != 0 {
			t.Fatalf("the layer alone has the span %+v", s)
		}
		if s.State == disk.Data {
			own += s.Length
		}
	}
	if own != sum {
		t.Errorf("the layer alone stores %d bytes, in the whole map it has %d", own, sum)
	}
}

// wholeMap reads the map, as far as a person would wait for it.
func wholeMap(t *testing.T, img disk.Image) []disk.Span {
	t.Helper()
	const most = 1 << 20
	size := img.Info().VirtualSize
	var spans []disk.Span
	pos := int64(0)
	for s, err := range img.Map(0, size) {
		if err != nil {
			t.Fatalf("map at 0x%x: %v", pos, err)
		}
		if s.Start != pos || s.Length <= 0 || s.Length > size-pos {
			t.Fatalf("span %+v, expected one at 0x%x of 0x%x", s, pos, size)
		}
		if (s.File == "") != (s.Offset < 0) || s.State == disk.Data && s.File == "" {
			t.Fatalf("span %+v: file and offset do not fit its state", s)
		}
		s.Via = append([]disk.Via(nil), s.Via...)
		pos += s.Length
		spans = append(spans, s)
		if len(spans) == most {
			return spans
		}
	}
	if pos != size {
		t.Fatalf("the map ends at 0x%x, the disk at 0x%x", pos, size)
	}
	return spans
}

// bounds checks what happens at the disk's end and before its start.
func bounds(t *testing.T, img disk.Image) {
	t.Helper()
	size := img.Info().VirtualSize
	buf := make([]byte, 16)
	if n, err := img.ReadAt(buf, size); n != 0 || err != io.EOF {
		t.Errorf("read at the end: %d, %v", n, err)
	}
	if n, err := img.ReadAt(buf, size+1<<40); n != 0 || err != io.EOF {
		t.Errorf("read past the end: %d, %v", n, err)
	}
	if _, err := img.ReadAt(buf, -1); err == nil || err == io.EOF {
		t.Errorf("read before the start: %v", err)
	}
	if n, err := img.ReadAt(nil, 0); n != 0 || err != nil {
		t.Errorf("read of nothing: %d, %v", n, err)
	}
	for s, err := range img.Map(size, 512) {
		if err == nil {
			t.Errorf("the map has %+v past the end", s)
		}
	}
}

// sampled picks spans of every state from all over the map, within the budget.
func sampled(spans []disk.Span) []disk.Span {
	const most = 4096
	if len(spans) <= most {
		return spans
	}
	var out []disk.Span
	step := len(spans)/most + 1
	for i := 0; i < len(spans); i += step {
		out = append(out, spans[i])
	}
	return append(out, spans[len(spans)-1])
}

// pieces are the ranges of a span to be looked at: all of a small one, the
// start, the middle and the end of a large one.
func pieces(s disk.Span) [][2]int64 {
	const most = 1 << 20
	if s.Length <= most {
		return [][2]int64{{s.Start, s.Length}}
	}
	const piece = 128 << 10
	return [][2]int64{{s.Start, piece}, {s.Start + s.Length/2, piece}, {s.Start + s.Length - piece, piece}}
}

func spanAgrees(t *testing.T, img disk.Image, s disk.Span) {
	t.Helper()
	for _, p := range pieces(s) {
		got := make([]byte, p[1])
		n, err := img.ReadAt(got, p[0])
		if s.State == disk.Missing || s.State == disk.FromParent {
			if err == nil {
				t.Fatalf("%s span at 0x%x can be read", s.State, s.Start)
			}
			continue
		}
		if err != nil || n != len(got) {
			t.Fatalf("read 0x%x+0x%x of %s span: %d, %v", p[0], p[1], s.State, n, err)
		}
		want := make([]byte, len(got))
		switch {
		case s.State == disk.Data && s.Packed != 0:
			continue
		case s.State == disk.Data:
			if _, err := fileOf(t, img, s).ReadAt(want, s.Offset+p[0]-s.Start); err != nil {
				t.Fatalf("span %+v leads to bytes that can't be read: %v", s, err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%s span %+v: the map disagrees with the read at 0x%x", s.State, s, p[0]+firstDifference(got, want))
		}
	}
}

func firstDifference(a, b []byte) int64 {
	for i := range a {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	return int64(len(a))
}

func fileOf(t *testing.T, img disk.Image, s disk.Span) io.ReaderAt {
	t.Helper()
	for range s.Layer {
		if img = img.Parent(); img == nil {
			t.Fatalf("span %+v names a layer that is not there", s)
		}
	}
	for _, f := range img.Files() {
		if f.Name == s.File {
			return f.Data
		}
	}
	t.Fatalf("span %+v names no file of its layer", s)
	return nil
}

// partialMaps asks for parts of the map and expects the same answers.
func partialMaps(t *testing.T, img disk.Image, spans []disk.Span) {
	t.Helper()
	if len(spans) == 0 {
		return
	}
	rnd := rand.New(rand.NewPCG(1, uint64(len(spans))))
	end := spans[len(spans)-1].Start + spans[len(spans)-1].Length
	for range 64 {
		s := spans[rnd.IntN(len(spans))]
		off := s.Start + rnd.Int64N(s.Length)
		n := min(1+rnd.Int64N(4<<20), end-off)
		pos := off
		for got, err := range img.Map(off, n) {
			if err != nil || got.Start != pos || got.Length <= 0 || got.Length > off+n-pos {
				t.Fatalf("map 0x%x+0x%x: span %+v at 0x%x: %v", off, n, got, pos, err)
			}
			want := spanAt(spans, pos)
			if got.State != want.State || got.Layer != want.Layer || got.File != want.File || want.State == disk.Data && want.Packed == 0 && got.Offset != want.Offset+pos-want.Start {
				t.Fatalf("map 0x%x+0x%x: %+v, the whole map has %+v", off, n, got, want)
			}
			pos += got.Length
		}
		if pos != off+n {
			t.Fatalf("map 0x%x+0x%x ends at 0x%x", off, n, pos)
		}
	}
}

func spanAt(spans []disk.Span, pos int64) disk.Span {
	low, high := 0, len(spans)
	for low+1 < high {
		if mid := (low + high) / 2; spans[mid].Start <= pos {
			low = mid
		} else {
			high = mid
		}
	}
	return spans[low]
}

// randomReads compares small reads, four at a time, with reads of the whole
// neighbourhood, around the borders of spans above all.
func randomReads(t *testing.T, img disk.Image, spans []disk.Span) {
	t.Helper()
	size := img.Info().VirtualSize
	if size == 0 {
		return
	}
	var wg sync.WaitGroup
	for worker := range uint64(4) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(worker, 3))
			const window = 1 << 20
			around := make([]byte, window)
			buf := make([]byte, 64<<10)
			for read := 0; read < budget/4; read += window {
				border := spans[rnd.IntN(len(spans))].Start
				start := max(0, min(border-window/2, size-window))
				whole := around[:min(window, size-start)]
				if _, err := img.ReadAt(whole, start); err != nil {
					continue // a missing range; spanAgrees looks at those
				}
				for range 16 {
					off := rnd.IntN(len(whole))
					part := buf[:min(1+rnd.IntN(len(buf)), len(whole)-off)]
					if _, err := img.ReadAt(part, start+int64(off)); err != nil || !bytes.Equal(part, whole[off:off+len(part)]) {
						t.Errorf("read 0x%x+0x%x differs from the read around it: %v", start+int64(off), len(part), err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// CrossRead compares the whole virtual disk with the bytes of a raw file of
// size bytes, such as another program's conversion.
func CrossRead(t testing.TB, img disk.Image, raw io.ReaderAt, size int64) {
	t.Helper()
	if got := img.Info().VirtualSize; got != size {
		t.Errorf("the disk has %d bytes, the raw file %d", got, size)
		size = min(size, got)
	}
	const chunk = 1 << 20
	got, want := make([]byte, chunk), make([]byte, chunk)
	for off := int64(0); off < size; off += chunk {
		n := min(chunk, size-off)
		if _, err := img.ReadAt(got[:n], off); err != nil {
			t.Fatalf("read at 0x%x: %v", off, err)
		}
		if _, err := raw.ReadAt(want[:n], off); err != nil {
			t.Fatalf("raw file at 0x%x: %v", off, err)
		}
		if !bytes.Equal(got[:n], want[:n]) {
			t.Fatalf("the disk differs from the raw file at 0x%x", off+firstDifference(got[:n], want[:n]))
		}
	}
}

// SHA256 is the digest of the whole virtual disk. What the map calls zero is
// not read. Disks over 1 GiB are skipped unless the run may take long.
func SHA256(t testing.TB, img disk.Image) string {
	t.Helper()
	size := img.Info().VirtualSize
	if size > 1<<30 && !Full() {
		t.Skipf("a disk of %d bytes is hashed only with -full", size)
	}
	const chunk = 1 << 20
	h, buf, zero := sha256.New(), make([]byte, chunk), make([]byte, chunk)
	for s, err := range img.Map(0, size) {
		if err != nil {
			t.Fatalf("map: %v", err)
		}
		for off := s.Start; off < s.Start+s.Length; off += chunk {
			n := min(chunk, s.Start+s.Length-off)
			if s.State == disk.Zero || s.State == disk.Unallocated || s.State == disk.Unmapped {
				h.Write(zero[:n])
				continue
			}
			if _, err := img.ReadAt(buf[:n], off); err != nil {
				t.Fatalf("read at 0x%x: %v", off, err)
			}
			h.Write(buf[:n])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Clean runs the whole check and fails on findings of severity error, or from
// severity least on, but for codes that are known.
func Clean(t testing.TB, img disk.Image, least disk.Severity, known ...string) {
	t.Helper()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatalf("check: %v", err)
		}
		if f.Severity >= least && !slices.Contains(known, f.Code) {
			t.Errorf("%s %s: %s (%s)", f.Severity, f.Code, f.Text, f.Detail)
		}
	}
}
