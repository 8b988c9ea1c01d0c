package locate_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/locate"
)

func fake(blocks int, states ...disk.State) *enginetest.Fake {
	return enginetest.NewFake(rand.New(rand.NewPCG(3, 4)), blocks, 4096, states...)
}

func TestFileToDiskToFile(t *testing.T) {
	f := fake(200, disk.Data, disk.Data, disk.Zero, disk.Unallocated)
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		virtual := rnd.Int64N(200 * 4096)
		trail, err := locate.ToFile(f, virtual)
		if err != nil {
			t.Fatal(err)
		}
		if (trail.File != "") != (f.States[virtual/4096] == disk.Data) {
			t.Fatalf("virtual 0x%x: %+v", virtual, trail)
		}
		if trail.File == "" {
			continue
		}
		if f.File[trail.Offset] != f.Content[virtual] {
			t.Fatalf("virtual 0x%x: %+v is another byte", virtual, trail)
		}
		back, err := locate.ToDisk(t.Context(), f, trail.File, trail.Offset, nil)
		if err != nil || len(back) != 1 || back[0] != trail {
			t.Fatalf("back from %+v: %+v, %v", trail, back, err)
		}
	}
	for _, at := range []decode.Place{{File: "fake.img"}, {File: "other"}, {File: "fake.img", Offset: 1 << 40}} {
		if got, err := locate.ToDisk(t.Context(), f, at.File, at.Offset, nil); len(got) != 0 || err != nil {
			t.Errorf("%+v leads to %+v, %v", at, got, err)
		}
	}
	for _, virtual := range []int64{-1, 200 * 4096} {
		if _, err := locate.ToFile(f, virtual); !errors.Is(err, disk.ErrOutOfRange) {
			t.Errorf("virtual %d: %v", virtual, err)
		}
	}
}

func TestToDiskReportsAndStops(t *testing.T) {
	f := fake(10_000, disk.Zero)
	var at, of int64
	locate.ToDisk(t.Context(), f, "fake.img", 0, func(a, b int64) { at, of = a, b })
	if at != of || of != 10_000*4096 {
		t.Errorf("progress ends at %d of %d", at, of)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locate.ToDisk(ctx, f, "", 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// known is an image that claims to know the way from a file to its disk.
type known struct {
	*enginetest.Fake
	virtual []int64
}

func (k known) LocateFile(context.Context, string, int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for _, v := range k.virtual {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// TestToDiskAsksTheImage takes all places that an image knows of, up to a
// bound, and goes through the map where that does not agree.
func TestToDiskAsksTheImage(t *testing.T) {
	f := fake(8, disk.Data)
	trail, err := locate.ToFile(f, 5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		virtual []int64
		want    int
	}{
		{nil, 0},
		{[]int64{5000}, 1},
		{[]int64{5000, 5000}, 2},
		{slices.Repeat([]int64{5000}, 1000), 64},
		{[]int64{5000, 9000}, 1},
		{[]int64{1 << 40}, 1},
	} {
		trails, err := locate.ToDisk(t.Context(), known{f, tt.virtual}, trail.File, trail.Offset, nil)
		if err != nil || len(trails) != tt.want {
			t.Errorf("%d places known: %d trails, %v", len(tt.virtual), len(trails), err)
		}
		for _, found := range trails {
			if found.Virtual != 5000 {
				t.Errorf("%d places known: %+v", len(tt.virtual), found)
			}
		}
	}
}

// layered gives the spans of a table, for wordings that the fake has not.
type layered struct {
	*enginetest.Fake
	span disk.Span
	info disk.Info
}

func (l layered) Info() disk.Info { return l.info }

func (l layered) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) { yield(l.span, nil) }
}

func TestTrailText(t *testing.T) {
	at := func(file string, off int64) decode.Place { return decode.Place{File: file, Offset: off, Length: 4} }
	tests := []struct {
		span   disk.Span
		format string
		block  int64
		want   string
	}{
		{disk.Span{Length: 1 << 20, File: "web01.vhdx", Offset: 0x4400000, Via: []disk.Via{{Table: "BAT", Index: 3, Place: at("web01.vhdx", 0x300018), Raw: 0x4400006}}}, "vhdx", 0x20000,
			"virtual 0x5000d -> block 2 +0x1000d: BAT[3] @0x300018 = 0x4400006 -> web01.vhdx @0x445000d"},
		{disk.Span{Length: 1 << 20, File: "s001.vmdk", Offset: 0x10000, Packed: 700, Via: []disk.Via{{Table: "GD", Place: at("s001.vmdk", 0x200), Raw: 9}, {Table: "GT", Index: 5, Place: at("s001.vmdk", 0x400), Raw: 0x80}}}, "vmdk", 0x10000,
			"virtual 0x5000d -> grain 5 +0xd: GD[0] @0x200 = 0x9, GT[5] @0x400 = 0x80 -> in the compressed grain of 700 bytes at s001.vmdk @0x10000"},
		{disk.Span{Length: 1 << 20, State: disk.Unallocated, Offset: -1, Via: []disk.Via{{Table: "BAT", Index: 2, Place: at("a.vhd", 0x608), Raw: 0xffffffff}}}, "vhd", 0x20000,
			"virtual 0x5000d -> block 2 +0x1000d: BAT[2] in a.vhd @0x608 = 0xffffffff -> unallocated, reads as zeros"},
		{disk.Span{Length: 1 << 20, Layer: 1, File: "base\x1b.vhd", Offset: 0x600, Via: []disk.Via{{Table: "sector bitmap", Index: 77, Place: at("a.vhd", 0x900), IsBit: true}, {Table: "BAT", Index: 2, Place: at("base\x1b.vhd", 0x608), Raw: 7, Layer: 1}}}, "vhd", 0x20000,
			`virtual 0x5000d -> block 2 +0x1000d: layer 0 sector bitmap bit 77 in a.vhd @0x900 = 0, BAT[2] @0x608 = 0x7 -> base\x1b.vhd @0x5060d (layer 1)`},
		{disk.Span{Length: 1 << 20, File: "flat.img", Offset: 0x200}, "vhd", 0, "virtual 0x5000d -> flat.img @0x5020d"},
	}
	for _, tt := range tests {
		img := layered{span: tt.span, info: disk.Info{Format: tt.format, VirtualSize: 1 << 20, BlockSize: tt.block}}
		trail, err := locate.ToFile(img, 0x5000d)
		if err != nil || trail.Text != tt.want {
			t.Errorf("%v\ngot  %s\nwant %s", err, trail.Text, tt.want)
		}
	}
}

func referrers(t *testing.T, img disk.Image, place decode.Place) string {
	t.Helper()
	var names []string
	for n, err := range locate.Referrers(t.Context(), img, place, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Place.File == "" || n.Target == nil {
			t.Errorf("%+v has no place or target", n)
		}
		names = append(names, n.Name)
	}
	return strings.Join(names, " ")
}

func TestReferrers(t *testing.T) {
	for _, blocks := range []int{30, 5000} { // with more, only the map knows the entries
		f := fake(blocks, disk.Data)
		block9, err := locate.ToFile(f, 9*4096)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := referrers(t, f, decode.Place{File: "fake.img", Offset: 1024, Length: 80}), "TableOffset"; !strings.HasPrefix(got, want) {
			t.Errorf("table: %s", got)
		}
		got := referrers(t, f, decode.Place{File: "fake.img", Offset: block9.Offset, Length: 4096})
		if want := map[int]string{30: "FileOffset", 5000: "BAT[9]"}[blocks]; got != want {
			t.Errorf("%d blocks: block 9: %s, want %s", blocks, got, want)
		}
		if got := referrers(t, f, decode.Place{File: "fake.img", Offset: 40}); got != "" {
			t.Errorf("header: %s", got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range locate.Referrers(ctx, fake(10, disk.Zero), decode.Place{}, nil) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: %v", last)
	}
}

// joined gives blocks that follow one another in the file as one span, as
// formats may: it names the entry of the first one only.
type joined struct{ *enginetest.Fake }

func (j joined) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		var held disk.Span
		for s, err := range j.Fake.Map(off, n) {
			switch {
			case err != nil:
				yield(s, err)
				return
			case held.Length > 0 && s.File == held.File && s.Offset == held.Offset+held.Length:
				held.Length += s.Length
				continue
			case held.Length > 0 && !yield(held, nil):
				return
			}
			held = s
		}
		yield(held, nil)
	}
}

func TestJoinedSpans(t *testing.T) {
	f := fake(5000, disk.Data) // many blocks: some follow each other
	img := joined{f}
	checked := 0
	for s, err := range img.Map(0, 5000*4096) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Length == 4096 {
			continue
		}
		checked++
		second := s.Start + 4096
		trails, err := locate.ToDisk(t.Context(), img, "fake.img", s.Offset+4096, nil)
		if err != nil || len(trails) != 1 || trails[0].Virtual != second || !strings.Contains(trails[0].Text, fmt.Sprintf("BAT[%d]", second/4096)) {
			t.Errorf("second block of %+v: %+v, %v", s, trails, err)
		}
		want := fmt.Sprintf("BAT[%d] BAT[%d]", s.Start/4096, second/4096)
		if got := referrers(t, img, decode.Place{File: "fake.img", Offset: s.Offset + 100, Length: 4096}); got != want {
			t.Errorf("both blocks of %+v: %s", s, got)
		}
		if checked == 2 {
			break
		}
	}
	if checked == 0 {
		t.Fatal("no blocks follow each other")
	}
}

// stand is where an expression is typed, on a disk with these partitions.
type stand struct {
	disk.Standpoint
	parts []disk.Partition
	guest decode.Node
}

func (s stand) resolve(expr string) (decode.Place, error) {
	return locate.ResolveAmong(s.Standpoint, s.parts, s.guest, expr)
}

func where() stand {
	f := fake(1000, disk.Data)
	f.States[7] = disk.Zero
	return stand{
		disk.Standpoint{Image: f, At: decode.Place{File: "fake.img", Offset: 0x1234}, File: "fake.img"},
		[]disk.Partition{{Number: 1, Start: 1 << 20, Length: 1 << 20}, {Number: 3, Label: "data\x1b", Start: 2 << 20, Length: 1 << 20}},
		decode.Node{Name: "disk"}.WithNodes(decode.Node{Name: "master boot record", Place: decode.Place{File: disk.VirtualDisk, Length: 512}}),
	}
}

func TestResolve(t *testing.T) {
	w := where()
	block9, _ := locate.ToFile(w.Image, 9*4096)
	onDisk, inVolume := w, w
	onDisk.At = decode.Place{File: disk.VirtualDisk, Offset: 2<<20 + 5}
	inVolume.At, inVolume.Partition = decode.Place{File: disk.VirtualDisk, Offset: 2<<20 + 0x400}, 3
	beyond := onDisk // the table of partitions says more than the disk has
	beyond.parts = []disk.Partition{{Number: 1, Start: 2 << 20, Length: 1 << 40}, {Number: 2, Start: 1 << 50, Length: 512}}
	huge := "1" + strings.Repeat("0", 30)
	size := w.Image.Info().FileSize
	tests := []struct {
		from stand
		expr string
		want string
	}{
		{w, "0x1f00", "file fake.img 0x1f00"},
		{w, "8k", "file fake.img 0x2000"},
		{w, " 512 ", "file fake.img 0x200"},
		{w, "100s", "file fake.img 0xc800"},
		{onDisk, "0x1f00", "virt 0x1f00"},
		{inVolume, "0x1f00", "virt 0x201f00"},
		{inVolume, "+0x10", "virt 0x200410"},
		{w, "lba 2048", "virt 0x100000"},
		{w, "LBA2048", "virt 0x100000"},
		{w, "file:lba 2", "file fake.img 0x400"},
		{w, "sec+3", "file fake.img 0x1800"},
		{w, "sec", "file fake.img 0x1200"},
		{w, "sec-1", "file fake.img 0x1000"},
		{w, "block 9", fmt.Sprintf("file fake.img 0x%x", block9.Offset)},
		{w, "block 9+0x10", fmt.Sprintf("file fake.img 0x%x", block9.Offset+16)},
		{w, "virt:block 9", "virt 0x9000"},
		{onDisk, "grain 9", "virt 0x9000"},
		{w, "block 7", "virt 0x7000"},
		{w, "file:block 7", "! it is not in the file: zero by the table"},
		{w, "block 1000", "! past the end"},
		{w, "bat 920", "file fake.img 0x20c0"},
		{w, "bat 1000", "! BAT has 1000 entries"},
		{w, "bat[920].file_offset", "file fake.img 0x20c0"},
		{w, "gd 12", "! no table called"},
		{w, "hdr2.log_offset", "file fake.img 0x210"},
		{w, "header 2.LogOffset", "file fake.img 0x210"},
		{w, "hdr2.log+4", "file fake.img 0x214"},
		{w, "hdr", "! header 1 at 0x0, header 2 at 0x200"},
		{w, "hdr2.nothing", "! header 2 has nothing called"},
		{w, "mbr", "virt 0x0"},
		{w, "offset", "! TableOffset at 0x8, LogOffset at 0x10"},
		{w, "hdr1.offset", "! TableOffset at 0x8, LogOffset at 0x10"},
		{w, "hdr1.log", "file fake.img 0x10"},
		{w, "end-512", fmt.Sprintf("file fake.img 0x%x", size-512)},
		{w, "end", fmt.Sprintf("file fake.img 0x%x", size-1)},
		{w, "+0x200", "file fake.img 0x1434"},
		{w, "-0x200", "file fake.img 0x1034"},
		{w, "-0x2000", "! before the start"},
		{w, "+1T", "! past the end"},
		{w, "part3", "virt 0x200000"},
		{w, "part3+1023K", "virt 0x2ffc00"},
		{w, "part3+1M", "! past the end of partition 3 (1 MiB)"},
		{w, "part3+0x7fffffffffffffff", "! past the end of partition 3"},
		{w, "part3-1", "! before the start of partition 3"},
		{w, "part2", "! there is no partition 2"},
		{w, "file:0x10", "file fake.img 0x10"},
		{w, "fake.img:0x10", "file fake.img 0x10"},
		{w, "nope.img:0x10", "! no file"},
		{w, "virt:0x10", "virt 0x10"},
		{w, "vol:0x10", "! say which"},
		{onDisk, "vol:0x10", "virt 0x200010"},
		{onDisk, "vol:end", "virt 0x2fffff"},
		{beyond, "vol:0x100000", "virt 0x300000"},
		{beyond, "vol:end", fmt.Sprintf("virt 0x%x", w.Image.Info().VirtualSize-1)},
		{beyond, "vol:0x1000000", "! past the end"},
		{beyond, "part1+1G", "! past the end at"},
		{beyond, "part2", "! past the end at"},
		{onDisk, "file:+5", "! not in that plane"},
		{w, "", "! expected an address"},
		{w, "9x9", "! expected a number"},
		{w, "lba 0xffffffffffffffff", "! too large"},
		{w, "lba 0x7fffffffffffffff", "! too large"},
		{w, huge, "! \"" + huge + "\": the number is too large"},
		{w, "+" + huge, "! \"+" + huge + "\": the number is too large"},
		{w, "lba -1", "! expected the number of a sector after \"lba\""},
		{w, "block", "! expected the number of a block after \"block\""},
		{w, "bat", "file fake.img 0x400"},
		{w, "+0x7fffffffffffffff", "! past the end"},
	}
	for _, tt := range tests {
		p, err := tt.from.resolve(tt.expr)
		got := fmt.Sprintf("virt 0x%x", p.Offset)
		switch {
		case err != nil:
			got = "! " + err.Error()
		case p.File != disk.VirtualDisk:
			got = fmt.Sprintf("file %s 0x%x", p.File, p.Offset)
		}
		if want, failing := strings.CutPrefix(tt.want, "! "); failing != (err != nil) || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", tt.expr, got, tt.want)
		}
	}
}

func TestComplete(t *testing.T) {
	w := where()
	for prefix, want := range map[string]string{
		"l":      "lba ",
		"b":      "block |bat |bat",
		"ba":     "bat |bat",
		"part":   "part1|part3",
		"he":     "header_1|header_2",
		"hdr2.":  "hdr2.signature|hdr2.table_offset|hdr2.log_offset|hdr2.reserved",
		"hdr2.l": "hdr2.log_offset",
		"m":      "master_boot_record",
		"boot":   "master_boot_record", "zzz": "",
	} {
		var got []string
		for _, c := range locate.CompleteAmong(w.Standpoint, w.parts, w.guest, prefix) {
			got = append(got, c.Text)
			if c.Help == "" || strings.ContainsRune(c.Help, 0x1b) {
				t.Errorf("%q: help %q", c.Text, c.Help)
			}
		}
		if !strings.HasPrefix(strings.Join(got, "|"), want) && !slices.Equal(got, strings.Split(want, "|")) {
			t.Errorf("%q completes to %q", prefix, got)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"lba 2048", "hdr2.log_offset+8", "part3+1M", "virt:end-512", "bat[5]", "a:b:c", "+-+1"} {
		f.Add(s)
	}
	img := fake(100, disk.Data)
	f.Fuzz(func(t *testing.T, expr string) {
		p, err := locate.Resolve(t.Context(), disk.Standpoint{Image: img, At: decode.Place{File: "fake.img"}, File: "fake.img"}, expr)
		if err != nil {
			return
		}
		size := img.Info().VirtualSize
		if p.File != disk.VirtualDisk {
			size = img.Info().FileSize
		}
		if p.Offset < 0 || p.Offset >= size {
			t.Errorf("%q leads to %+v", expr, p)
		}
	})
}
