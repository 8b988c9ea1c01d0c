package enginetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// damage is a way to spoil a structure.
type damage struct {
	name  string
	spoil func(b []byte, rnd *rand.Rand)
}

// damages are what becomes of structures: bits fall over, sectors are lost, a text tool moves
// bytes, and entries lead out of the file, to the start of it, or to where others lead.
var damages = []damage{
	{"zeroed", func(b []byte, _ *rand.Rand) { clear(b) }},
	{"ones", func(b []byte, _ *rand.Rand) { fillWith(b, 0xFF) }},
	{"moved by 3", func(b []byte, _ *rand.Rand) { copy(b[min(3, len(b)):], bytes.Clone(b)) }},
	{"half of it zeroed", func(b []byte, _ *rand.Rand) { clear(b[len(b)/2:]) }},
	{"noise", func(b []byte, rnd *rand.Rand) {
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
	}},
	{"a byte changed", func(b []byte, rnd *rand.Rand) { b[rnd.IntN(len(b))] ^= byte(1 + rnd.IntN(255)) }},
	{"an entry of 8 bytes copied over its neighbour", func(b []byte, rnd *rand.Rand) {
		if n := min(len(b)/8, 64); n > 1 {
			i := rnd.IntN(n - 1)
			copy(b[8*i+8:8*i+16], b[8*i:8*i+8])
		}
	}},
	{"an entry of 4 bytes copied over its neighbour", func(b []byte, rnd *rand.Rand) {
		if n := min(len(b)/4, 64); n > 1 {
			i := rnd.IntN(n - 1)
			copy(b[4*i+4:4*i+8], b[4*i:4*i+4])
		}
	}},
	{"an entry of 4 bytes out of the file", func(b []byte, rnd *rand.Rand) {
		if n := min(len(b)/4, 64); n > 0 {
			fillWith(b[4*rnd.IntN(n):][:4], 0x3F)
		}
	}},
	{"an entry of 8 bytes zeroed", func(b []byte, rnd *rand.Rand) {
		if n := min(len(b)/8, 64); n > 0 {
			clear(b[8*rnd.IntN(n):][:8])
		}
	}},
}

func fillWith(b []byte, x byte) {
	for i := range b {
		b[i] = x
	}
}

// Damaged spoils each structure of the image in each way, and carries out each repair that is
// offered. Of one that names no risk, and of the first for each finding, no byte that the whole
// image used for data is another one afterwards. After one that names no risk the disk has what it
// had, wherever it can be read. Of all damages one in so many is tried. It returns how many
// repairs there were.
func (k Known) Damaged(t *testing.T, every int) (tried int) {
	t.Helper()
	whole := k.open(t)
	if whole == nil {
		t.Fatal("the whole image does not open")
	}
	defer whole.Close()
	var used, structures []disk.Region
	for r, err := range whole.Regions(t.Context()) {
		switch {
		case err != nil:
			t.Fatal(err)
		case r.Kind == disk.KindPayload:
			used = append(used, r)
		case r.Kind != disk.KindFree && r.Kind != disk.KindUnknown && r.Kind != disk.KindSlack:
			structures = append(structures, r)
		}
	}
	rnd := rand.New(rand.NewPCG(15, uint64(len(k.Disk))))
	number := 0
	for _, s := range structures {
		for _, d := range damages {
			if number++; number%every != 0 {
				continue
			}
			b := k.bytes(t, s.File, s.Offset, min(s.Length, 4096))
			now := bytes.Clone(b)
			if d.spoil(now, rnd); bytes.Equal(now, b) {
				continue
			}
			k.write(t, s.File, s.Offset, now)
			if img := k.open(t); img != nil {
				tried += k.repairs(t, fmt.Sprintf("%s of %s at 0x%x %s", s.Name, s.File, s.Offset, d.name), img, used)
				img.Close()
			}
			k.write(t, s.File, s.Offset, b)
		}
	}
	return tried
}

// bytes are n bytes of a file.
func (k Known) bytes(t testing.TB, file string, off, n int64) []byte {
	t.Helper()
	f, err := k.Files.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	if got, err := f.ReadAt(b, off); int64(got) < n {
		t.Fatal(err)
	}
	return b
}

func (k Known) write(t testing.TB, file string, off int64, b []byte) {
	t.Helper()
	f, err := k.Files.OpenWrite(file)
	if err == nil {
		_, err = f.WriteAt(b, off)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// repairs tries each repair of a damaged image.
func (k Known) repairs(t *testing.T, what string, img disk.Image, used []disk.Region) (tried int) {
	t.Helper()
	ws := store.NewWorkspace(k.Files, k.Image)
	defer ws.Close()
	before := k.readable(img)
	k.isTold(t, what, img, before)
	for _, f := range disk.Arrange(disk.Merge(told(t, img))) {
		list, err := k.Repairs(t.Context(), img, f)
		if err != nil {
			continue // a consequence, or nothing can be carried out
		}
		for i, r := range list {
			if tried++; Repair(t, ws, r) != nil {
				continue
			}
			if at := k.changed(t, ws, used); at.Length > 0 && (i == 0 || r.Risk == "") {
				t.Errorf("%s: %s offers %q, risk %q, which changes data at 0x%x of %s", what, f.Code, r.Title, r.Risk, at.Offset, at.File)
			}
			if r.Risk == "" {
				k.keepsDisk(t, fmt.Sprintf("%s: %s, %q", what, f.Code, r.Title), ws, before)
			}
			for len(ws.Plan()) > 0 {
				if err := ws.Undo(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return tried
}

// readable is what each sector of the disk is: as it was, another, or not to be read.
func (k Known) readable(img disk.Image) []byte {
	const sector = 512
	size := min(int64(len(k.Disk)), img.Info().VirtualSize)
	list := bytes.Repeat([]byte{'-'}, len(k.Disk)/sector)
	b := make([]byte, sector)
	if !img.Info().Readable() {
		return list
	}
	for off := int64(0); off+sector <= size; off += sector {
		n, _ := img.ReadAt(b, off)
		switch {
		case n < sector:
		case bytes.Equal(b, k.Disk[off:off+sector]):
			list[off/sector] = '='
		default:
			list[off/sector] = 'x'
		}
	}
	return list
}

// isTold demands a warning at least where the disk reads otherwise than it did, without an error.
func (k Known) isTold(t testing.TB, what string, img disk.Image, now []byte) {
	t.Helper()
	at := bytes.IndexByte(now, 'x')
	if at < 0 || strings.HasPrefix(what, "sector bitmap") { // any bits are right
		return
	}
	for _, f := range told(t, img) {
		if f.Severity >= disk.SeverityWarning {
			return
		}
	}
	t.Errorf("%s: sector %d of the disk is another one, and nothing is found", what, at)
}

// keepsDisk demands that a repair that names no risk makes no sector of the disk another one
// than it was when it was whole, which was right before, or could not be read.
func (k Known) keepsDisk(t testing.TB, what string, ws *store.Workspace, before []byte) {
	t.Helper()
	files := ws.Snapshot()
	img, err := k.Open(t.Context(), files, k.Image)
	if err != nil {
		t.Errorf("%s: the image does not open any more: %v", what, err)
		return
	}
	defer img.Close()
	after := k.readable(img)
	for i := range after {
		switch was, is := before[i], after[i]; {
		case was == '=' && is != '=':
			t.Errorf("%s: sector %d was right before, and is not any more (%s)", what, i, map[byte]string{'x': "another", '-': "unreadable"}[is])
			return
		case was == '-' && is == 'x':
			t.Errorf("%s: sector %d could not be read before, and is another one now", what, i)
			return
		}
	}
}

// changed is the first byte of data that is another one than before; of length 0 for none.
func (k Known) changed(t testing.TB, ws *store.Workspace, used []disk.Region) decode.Place {
	t.Helper()
	files := ws.Snapshot()
	for _, r := range used {
		f, err := files.Open(r.File)
		if err != nil {
			return decode.Place{File: r.File, Length: 1}
		}
		now := make([]byte, r.Length)
		if _, err := f.ReadAt(now, r.Offset); err != nil && err != io.EOF && !strings.Contains(err.Error(), "EOF") {
			t.Fatal(err)
		}
		f.Close()
		want := k.bytes(t, r.File, r.Offset, r.Length)
		for i := range now {
			if now[i] != want[i] {
				return decode.Place{File: r.File, Offset: r.Offset + int64(i), Length: 1}
			}
		}
	}
	return decode.Place{}
}
