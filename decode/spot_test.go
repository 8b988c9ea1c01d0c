package decode_test

import (
	"testing"

	"platter/decode"
)

type shelf struct{}
type rack struct{}

var (
	shelfTable = decode.New[shelf]("shelf", 6, decode.Big, "A test.", "none")
	shelfFirst = shelfTable.U16(0, "first", "A number.")
	shelfRest  = shelfTable.U32(2, "rest", "A number.")

	rackTable = decode.New[rack]("rack", 32, decode.Big, "A test.", "none")
	rackHead  = rackTable.U64(0, "head", "A number.")
	rackList  = decode.Sub(rackTable, 8, 4, "list", "Some structures.", shelfTable)
)

// TestSpots places fields, rows of fields and fields of an array's items.
func TestSpots(t *testing.T) {
	base := decode.Place{File: "f", Offset: 100, Length: 7}
	for i, c := range []struct{ got, want decode.Place }{
		{decode.At(base, rackHead), decode.Place{File: "f", Offset: 100, Length: 8}},
		{decode.At(base, rackHead, rackList), decode.Place{File: "f", Offset: 100, Length: 32}},
		{decode.At(base, rackList.Item(2)), decode.Place{File: "f", Offset: 120, Length: 6}},
		{decode.At(decode.At(base, rackList.Item(2)), shelfRest), decode.Place{File: "f", Offset: 122, Length: 4}},
		{decode.At(base, shelfFirst.Field()), decode.Place{File: "f", Offset: 100, Length: 2}},
	} {
		if c.got != c.want {
			t.Errorf("%d: %+v, want %+v", i, c.got, c.want)
		}
	}
	b := make([]byte, 32)
	decode.In(b, rackList.Item(1))[0] = 1
	if b[14] != 1 || len(decode.In(b, rackHead, rackList)) != 32 || len(decode.In(b[:10], rackList)) != 2 || len(decode.In(b[:3], rackList)) != 0 {
		t.Errorf("% x", b)
	}
}
