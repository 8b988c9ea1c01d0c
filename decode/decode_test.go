package decode_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/decodetest"
)

// The sample format has a field of every kind and role.
type inner struct{}

var (
	innerTable = decode.New[inner]("entry", 8, decode.Big, "An entry of the sample structure.", "none 2")
	innerCode  = innerTable.Text(0, 4, "code", "A four-character code.", decode.Enum(decode.Name{Value: 0x57327275, Name: "relative path"}))
	innerRoom  = innerTable.U32(4, "room", "How much room there is.", decode.Count(decode.InSectors))
)

type sample struct{}

var epoch2000 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	table     = decode.New[sample]("sample", 128, decode.Big, "A structure with a field of every kind.", "none 1", decode.MinSize(120))
	cookie    = table.Text(0, 8, "cookie", "Marks the structure.", decode.Magic("conectix"))
	features  = table.U32(8, "features", "Some bits.", decode.Flags(decode.Flag{Mask: 1, Name: "temporary"}, decode.Flag{Mask: 2, Name: "reserved"}))
	version   = table.U32(12, "version", "Which version it is.", decode.Is(0x10000), decode.Hex())
	offset    = table.U64(16, "offset", "Where the next one lies.", decode.Points(decode.InBytes, "next", ^uint64(0)), decode.Multiple(512))
	stamp     = table.U32(24, "stamp", "When it was made.", decode.Time(epoch2000, time.Second))
	kind      = table.U32(28, "kind", "What kind it is.", decode.Enum(decode.Name{Value: 2, Name: "fixed"}, decode.Name{Value: 3, Name: "dynamic"}), decode.Known())
	checksum  = table.U32(32, "checksum", "Protects the structure.", decode.Sum("sum", 120, byteSum))
	id        = table.GUID(36, "id", "Who it is.")
	winID     = table.GUID(52, "win id", "Who it is, for Windows.", decode.InOrder(decode.Little))
	title     = table.UTF16(68, 12, "title", "What it is called.")
	state     = table.Bits(80, 8, 0, 3, "state", "What state it is in.")
	spare     = table.Bits(80, 8, 3, 17, "spare bits", "Nothing may be here.", decode.Zero())
	megabytes = table.Bits(80, 8, 20, 44, "place", "Where it lies.", decode.Points(decode.InMiB, "block", 0))
	chs       = table.CHS(88, "first", "The first sector.")
	flag      = table.U8(91, "flag", "A single byte.", decode.Rule(func(v uint64) string { return map[bool]string{true: "more than 1"}[v > 1] }))
	short     = table.U16(92, "short", "Two bytes of something.")
	loose     = table.Bytes(94, 2, "loose", "Opaque bytes.")
	entries   = decode.Sub(table, 96, 2, "entries", "Two entries in a row.", innerTable)
	reserved  = table.Reserved(112, 16)
	_         = []any{spare, short, reserved, innerCode}
)

func byteSum(b []byte) uint64 {
	var v uint32
	for _, c := range b {
		v += uint32(c)
	}
	return uint64(^v)
}

func TestTables(t *testing.T) {
	decodetest.Tables(t, []*decode.Layout{&table.Layout, &innerTable.Layout})
}

func TestBlankIsRight(t *testing.T) {
	rec := table.Blank()
	kind.Put(rec, 2)
	offset.Put(rec, 512)
	table.Seal(rec.Bytes())
	if n := table.Node(rec.Bytes(), "f", 0); n.Mark > decode.Good {
		t.Errorf("a sealed blank record is %s: %s", n.Mark, n.Words)
	}
	if cookie.Get(rec) != "conectix" || version.Get(rec) != 0x10000 {
		t.Errorf("cookie %q, version %x", cookie.Get(rec), version.Get(rec))
	}
}

func TestHandles(t *testing.T) {
	rec := table.Blank()
	guid := uuid.MustParse("2dc27766-f623-4200-9d64-115e9bfd4a08")
	winID.Put(rec, guid)
	id.Put(rec, guid)
	if b := rec.Bytes(); b[52] != 0x66 || b[36] != 0x2d || winID.Get(rec) != guid || id.Get(rec) != guid {
		t.Errorf("GUID stored as % x and % x", b[52:68], b[36:52])
	}
	state.Put(rec, 6)
	megabytes.Put(rec, 4)
	if rec.Bytes()[87] != 6 || state.Get(rec) != 6 || megabytes.Get(rec) != 4 {
		t.Errorf("bits stored as % x", rec.Bytes()[80:88])
	}
	copy(rec.Bytes()[88:], []byte{0xFE, 0xFF, 0x10})
	if c, h, s := chs.Get(rec); c != 784 || h != 254 || s != 63 {
		t.Errorf("CHS %d/%d/%d, want 784/254/63", c, h, s)
	}
	e, ok := entries.At(rec, 1)
	if innerRoom.Put(e, 7); !ok || rec.Bytes()[111] != 7 {
		t.Error("array element does not share the record's bytes")
	}
	if _, ok := entries.At(rec, 2); ok {
		t.Error("element 2 of 2 exists")
	}
	title.Put(rec, "a\u00e9")
	if title.Get(rec) != "a\u00e9" || rec.Bytes()[69] != 'a' {
		t.Errorf("title %q stored as % x", title.Get(rec), rec.Bytes()[68:80])
	}
}

func TestTextAndParse(t *testing.T) {
	tests := []struct {
		field *decode.Field
		in    string
		text  string // "" for a refusal
	}{
		{features.Field(), "temporary, reserved", "0x00000003 (temporary, reserved)"},
		{features.Field(), "0x10", "0x00000010 (unknown 0x10)"},
		{kind.Field(), "dynamic", "3 (dynamic)"},
		{kind.Field(), "9", "9 (unknown)"},
		{stamp.Field(), "2015-04-07T12:33:55Z", "2015-04-07T12:33:55Z"},
		{stamp.Field(), "0", "2000-01-01T00:00:00Z"},
		{stamp.Field(), "2015-04-07 12:33:55", "2015-04-07T12:33:55Z"},
		{stamp.Field(), "2015-04-07 14:33:55+02:00", "2015-04-07T12:33:55Z"},
		{stamp.Field(), "2015-04-07 12:33", "2015-04-07T12:33:00Z"},
		{stamp.Field(), "2015-04-07", "2015-04-07T00:00:00Z"},
		{stamp.Field(), "2015-02-30", ""},
		{stamp.Field(), "1999-12-31T23:59:59Z", ""},
		{offset.Field(), "64K", "0x0000000000010000"},
		{offset.Field(), "0xffffffffffffffff", "0xffffffffffffffff (none)"},
		{flag.Field(), "256", ""},
		{flag.Field(), "many", ""},
		{id.Field(), "{5D1F2C9E-8b3a-4f0e-9c55-0a7be2d3f611}", "5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611"},
		{title.Field(), "six ch", `"six ch"`},
		{title.Field(), "seven ch", ""},
		{title.Field(), `"\ud800x"`, `"\ud800x"`},
		{chs.Field(), "1023/254/63", "1023/254/63"},
		{chs.Field(), "1024/0/1", ""},
		{loose.Field(), "be ef", "beef (2 bytes)"},
		{loose.Field(), "beefed", ""},
		{megabytes.Field(), "3", "0x00000000003 (byte 0x300000)"},
		{cookie.Field(), "toolongtext", ""},
	}
	for _, tt := range tests {
		rec := table.Blank().Bytes()
		patch, err := tt.field.Parse(rec, tt.in)
		if tt.text == "" {
			if !errors.Is(err, decode.ErrInput) {
				t.Errorf("%s: Parse(%q) = %x, %v; want a refusal", tt.field.Name(), tt.in, patch, err)
			}
			continue
		}
		copy(rec[tt.field.Offset():], patch)
		if got := tt.field.Text(rec); err != nil || got != tt.text {
			t.Errorf("%s: %q became %q, %v; want %q", tt.field.Name(), tt.in, got, err, tt.text)
		}
	}
}

func TestVerdicts(t *testing.T) {
	tests := []struct {
		field *decode.Field
		in    string
		mark  decode.Mark
	}{
		{cookie.Field(), "conectiy", decode.Wrong},
		{version.Field(), "2", decode.Wrong},
		{offset.Field(), "513", decode.Doubt},
		{kind.Field(), "9", decode.Wrong},
		{flag.Field(), "2", decode.Doubt},
		{checksum.Field(), "1", decode.Wrong},
		{reserved.Field(), "01000000000000000000000000000000", decode.Note},
		{spare.Field(), "1", decode.Note},
	}
	for _, tt := range tests {
		rec := table.Blank()
		kind.Put(rec, 3)
		patch, err := tt.field.Parse(rec.Bytes(), tt.in)
		if err != nil {
			t.Fatal(err)
		}
		copy(rec.Bytes()[tt.field.Offset():], patch)
		if tt.field != checksum.Field() {
			table.Seal(rec.Bytes())
		}
		if m, words := tt.field.Verdict(rec.Bytes()); m != tt.mark || words == "" {
			t.Errorf("%s = %s: %s %q, want %s", tt.field.Name(), tt.in, m, words, tt.mark)
		}
		if n := table.Node(rec.Bytes(), "f", 0); n.Mark != tt.mark {
			t.Errorf("record with %s = %s is %s", tt.field.Name(), tt.in, n.Mark)
		}
	}
}

// TestSumIsNamedOnce holds that a field that is called like its checksum is
// not named twice where its structure tells of it.
func TestSumIsNamedOnce(t *testing.T) {
	l := decode.New[struct{}]("sealed", 8, decode.Big, "A structure.", "none 2")
	l.U32(0, "checksum", "Protects the structure.", decode.Sum("checksum", 8, func([]byte) uint64 { return 7 }))
	l.U32(4, "rest", "The rest.")
	n := l.Node(make([]byte, 8), "x", 0)
	if n.Mark != decode.Wrong || n.Words != "checksum: 0x00000000 stored, 0x00000007 computed" {
		t.Errorf("%v %s", n.Mark, n.Words)
	}
}

func TestShortRecord(t *testing.T) {
	rec := table.Blank().Bytes()
	if _, ok := table.Of(rec[:119]); ok {
		t.Error("a record below the minimum counts as whole")
	}
	r, ok := table.Of(rec[:121])
	if !ok || cookie.Get(r) != "conectix" {
		t.Error("a record of the minimum's size does not count as whole")
	}
	n := table.Node(rec[:10], "f", 0)
	if n.Mark != decode.Wrong || n.Child(0).Value != `"conectix"` || n.Child(1).Value != "(cut off)" {
		t.Errorf("cut-off record: %s, %q, %q", n.Mark, n.Child(0).Value, n.Child(1).Value)
	}
}

func TestFindAndTargets(t *testing.T) {
	rec := table.Blank()
	offset.Put(rec, 4096)
	n := table.Node(rec.Bytes(), "f", 1000, decode.SecondCopyAt(decode.Place{File: "f", Offset: 5000, Length: 128}), decode.RelativeTo(10))
	path := n.Find("f", 1000+109)
	if len(path) != 3 || n.Child(path[0]).Child(path[1]).Child(path[2]).Name != "room" {
		t.Errorf("byte 109 is found at %v", path)
	}
	f := n.Child(3)
	if f.Target == nil || f.Target.Place.Offset != 4106 || f.SecondCopy == nil || f.SecondCopy.Offset != 5016 {
		t.Errorf("offset leads to %+v, second %+v", f.Target, f.SecondCopy)
	}
	if got := n.Find("g", 1000); len(got) != 0 {
		t.Errorf("a byte of another file is found at %v", got)
	}
}

func TestRepeatIsLazy(t *testing.T) {
	made := 0
	n := decode.Repeat(decode.Node{Name: "BAT", Place: decode.Place{File: "f", Offset: 100, Length: 8 << 26}}, 8, 1<<26,
		func(i int) decode.Node {
			made++
			return decode.Node{Name: "entry", Place: decode.Place{File: "f", Offset: 100 + 8*int64(i), Length: 8}}
		})
	path := n.Find("f", 100+8*12345678+3)
	if len(path) != 1 || path[0] != 12345678 || made > 2 {
		t.Errorf("found %v after making %d nodes", path, made)
	}
}

// TestReservedBitsStandAlone holds that the bits beside reserved ones, in the
// same integer, are none of theirs.
func TestReservedBitsStandAlone(t *testing.T) {
	rec := table.Blank()
	state.Put(rec, 5)
	megabytes.Put(rec, 7)
	if m, words := spare.Field().Verdict(rec.Bytes()); m != decode.Plain {
		t.Errorf("reserved bits that are zero: %s %q", m, words)
	}
}
