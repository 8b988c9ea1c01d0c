package compare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

func memory(b []byte) disk.Surface {
	return disk.FileSurface(disk.File{Name: "f", Size: int64(len(b)), Data: bytes.NewReader(b)})
}

func words(t *testing.T, a, b disk.Surface) string {
	t.Helper()
	var out strings.Builder
	for r, err := range compare.Compare(t.Context(), a, b, nil) {
		if err != nil {
			fmt.Fprintf(&out, "[%v]", err)
			continue
		}
		fmt.Fprintf(&out, "[%d+%d]", r.Start, r.Length)
	}
	return out.String()
}

func TestCompareFiles(t *testing.T) {
	base := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // over three chunks
	for _, tt := range []struct {
		change []int // offsets that get another byte
		cut    int
		want   string
	}{
		{nil, 0, ""},
		{[]int{0}, 0, "[0+1]"},
		{[]int{100, 116, 133}, 0, "[100+17][133+1]"},
		{[]int{1<<20 - 1, 1 << 20, 1<<20 + 10}, 0, "[1048575+12]"},
		{[]int{len(base) - 1}, 0, fmt.Sprintf("[%d+1]", len(base)-1)},
		{[]int{5}, 100, fmt.Sprintf("[5+1][%d+100]", len(base)-100)},
		{[]int{len(base) - 105}, 100, fmt.Sprintf("[%d+105]", len(base)-105)},
	} {
		other := bytes.Clone(base)[:len(base)-tt.cut]
		for _, at := range tt.change {
			other[at] ^= 0x80
		}
		if got := words(t, memory(base), memory(other)); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.change, got, tt.want)
		}
		if got := words(t, memory(other), memory(base)); got != tt.want {
			t.Errorf("%v, the other way: %s, want %s", tt.change, got, tt.want)
		}
	}
}

// TestCompareDisks compares disks with different blocks stored with a plain
// walk over their bytes.
func TestCompareDisks(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		a := enginetest.NewFake(rnd, 1+rnd.IntN(40), 4096, disk.Data, disk.Zero, disk.Unallocated)
		b := enginetest.NewFake(rnd, len(a.States), 4096, disk.Data, disk.Data, disk.Zero)
		for k := range a.States { // most of the content is the same
			if rnd.IntN(4) > 0 {
				b.Write(int64(k)*4096, a.Content[k*4096:][:4096])
			}
		}
		for range rnd.IntN(20) {
			b.Write(rnd.Int64N(int64(len(b.Content))-1), []byte{0, 1})
		}
		covered := make([]bool, len(a.Content))
		end := int64(-100)
		for r, err := range compare.Compare(t.Context(), disk.DiskSurface(a), disk.DiskSurface(b), nil) {
			if err != nil || r.Start-end < 16 || a.Content[r.Start] == b.Content[r.Start] || a.Content[r.End()-1] == b.Content[r.End()-1] {
				t.Fatalf("seed %d: range %+v after %d: %v", seed, r, end, err)
			}
			same := 0
			for i := r.Start; i < r.End(); i++ {
				covered[i] = true
				if same++; a.Content[i] != b.Content[i] {
					same = 0
				}
				if same >= 16 {
					t.Fatalf("seed %d: %+v has 16 equal bytes at %d", seed, r, i)
				}
			}
			end = r.End()
		}
		for i := range covered {
			if !covered[i] && a.Content[i] != b.Content[i] {
				t.Fatalf("seed %d: byte %d differs", seed, i)
			}
		}
	}
}

func TestCompareTellsWhatItCouldNotRead(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	a := enginetest.NewFake(rnd, 6, 4096, disk.Data)
	b := enginetest.NewFake(rnd, 6, 4096, disk.Data)
	b.Write(0, a.Content)
	a.States[1], b.States[2] = disk.Missing, disk.FromParent
	b.Write(5*4096+7, []byte{^a.Content[5*4096+7]})
	want := "[compare: 0x1000 to 0x2000 can't be read on both sides and was not compared]" +
		"[compare: 0x2000 to 0x3000 can't be read on both sides and was not compared][20487+1]"
	if got := words(t, disk.DiskSurface(a), disk.DiskSurface(b)); got != want {
		t.Errorf("got %s", got)
	}
	short := memory(make([]byte, 3000))
	short.Size = 5000
	if got, want := words(t, memory(make([]byte, 5000)), short), "[compare: 0xa00 to 0x1388 can't be read on both sides and was not compared: unexpected EOF]"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestCompareStopsAndReports(t *testing.T) {
	a, b := make([]byte, 32<<20), make([]byte, 33<<20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range compare.Compare(ctx, memory(a), memory(b), func(at, of int64) {
		if of != 33<<20 {
			t.Errorf("progress of %d", of)
		}
		if at > 4<<20 {
			cancel()
		}
	}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled comparison ends with %v", last)
	}
	var end int64
	for range compare.Compare(t.Context(), memory(a), memory(b), func(at, _ int64) { end = at }) {
	}
	if end != 33<<20 {
		t.Errorf("progress ends at %d", end)
	}
	for range compare.Compare(t.Context(), memory([]byte{1}), memory([]byte{2}), nil) {
		break
	}
}

func TestBytes(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", "[]"},
		{"abc", "abc", "[]"},
		{"abcd", "xbyd", "[{0 1} {2 1}]"},
		{"abcd", "ab", "[{2 2}]"},
		{"axcd", "abcde", "[{1 1} {4 1}]"},
		{"abx", "abcde", "[{2 3}]"},
	} {
		if got := fmt.Sprint(compare.Bytes([]byte(tt.a), []byte(tt.b))); got != tt.want {
			t.Errorf("%q %q: %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

type whole struct{}
type item struct{}

var (
	itemTable  = decode.New[item]("item", 4, decode.Little, "An item of the test.", "test")
	_          = itemTable.U16(0, "Kind", "What it is.")
	_          = itemTable.U16(2, "Size", "How much.")
	wholeTable = decode.New[whole]("whole", 16, decode.Little, "A record of the test.", "test")
	_          = wholeTable.Text(0, 4, "Name", "A name.")
	_          = wholeTable.Bits(4, 1, 0, 4, "Low", "Four bits.")
	_          = wholeTable.Bits(4, 1, 4, 4, "High", "Four bits.")
	_          = wholeTable.Reserved(5, 3)
	_          = decode.Sub(wholeTable, 8, 2, "Items", "Two of them.", itemTable)
)

func TestRecords(t *testing.T) {
	a := []byte("name\x21\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00")
	b := []byte("nama\x31\x00\x00\x00\x01\x00\x02\x00\x03\x00\x05\x00")
	var got []string
	for _, d := range compare.Records(&wholeTable.Layout, a, b) {
		mark := map[bool]string{true: "!", false: "="}[d.Differs]
		got = append(got, fmt.Sprintf("%d %s %s%s%s", d.Offset, d.Name, d.A, mark, d.B))
	}
	want := `0 Name "name"!"nama" | 4 Low 1=1 | 4 High 2!3 | 5 reserved 0 (3 bytes)=0 (3 bytes) | 12 item 2.Kind 3=3 | 14 item 2.Size 4!5`
	if s := strings.Join(got, " | "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	same := compare.Records(&wholeTable.Layout, a, a)
	if n := len(same); n != 5 || same[4].A != "2 x item" {
		t.Errorf("equal records: %+v", same)
	}
	if cut := compare.Records(&wholeTable.Layout, a, b[:13]); !cut[len(cut)-1].Differs {
		t.Errorf("a record that is cut off: %+v", cut)
	}
}
