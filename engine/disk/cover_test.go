package disk_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"platter/engine/disk"
)

func claimList(list []disk.Claim) disk.Claims {
	return func(int64, int64) iter.Seq2[disk.Claim, error] {
		return func(yield func(disk.Claim, error) bool) {
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

func free(int64, int64) (disk.Kind, string) { return disk.KindFree, "free" }

func collect(t *testing.T, size int64, claims disk.Claims) []disk.Region {
	t.Helper()
	var got []disk.Region
	for r, err := range disk.Cover(t.Context(), "f", size, claims, free) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	return got
}

func TestCoverNamesEveryByteOnce(t *testing.T) {
	claims := []disk.Claim{
		{Offset: 20, Length: 10, Kind: disk.KindPayload, Name: "block"},
		{Offset: 0, Length: 8, Kind: disk.KindHeader, Name: "header"},
		{Offset: 30, Length: 10, Kind: disk.KindPayload, Name: "block"},
		{Offset: 35, Length: 10, Kind: disk.KindTable, Name: "table"},
		{Offset: 90, Length: 50, Kind: disk.KindPayload, Name: "block"},
		{Offset: -5, Length: 3, Kind: disk.KindPayload, Name: "before"},
	}
	want := "[0 8 header][8 12 free][20 15 block][35 5 table and block][40 5 table][45 45 free][90 10 block]"
	got := ""
	for _, r := range collect(t, 100, claimList(claims)) {
		got += fmt.Sprintf("[%d %d %s]", r.Offset, r.Length, r.Name)
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCoverAgreesWithCounting compares with the plain way: count the claims on
// each byte.
func TestCoverAgreesWithCounting(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		size := rnd.Int64N(200)
		var claims []disk.Claim
		count := make([]int, size)
		for range rnd.IntN(30) {
			c := disk.Claim{Offset: rnd.Int64N(220), Length: rnd.Int64N(40), Kind: disk.KindPayload, Name: "b"}
			claims = append(claims, c)
			for i := c.Offset; i < min(c.Offset+c.Length, size); i++ {
				count[i]++
			}
		}
		pos := int64(0)
		for _, r := range collect(t, size, claimList(claims)) {
			if r.Offset != pos || r.Length <= 0 {
				t.Fatalf("region %+v does not follow %d", r, pos)
			}
			for ; pos < r.Offset+r.Length; pos++ {
				want := map[bool]disk.Kind{true: disk.KindOverlap}[count[pos] > 1]
				if count[pos] == 0 {
					want = disk.KindFree
				} else if count[pos] == 1 {
					want = disk.KindPayload
				}
				if r.Kind != want {
					t.Fatalf("byte %d is %s, want %s", pos, r.Kind, want)
				}
			}
		}
		if pos != size {
			t.Fatalf("covered %d of %d bytes", pos, size)
		}
	}
}

// TestCoverManyClaims works with more claims than fit: a table of equal
// entries, and one whose blocks lie apart so that nothing can be merged.
func TestCoverManyClaims(t *testing.T) {
	const n = 1 << 20
	for _, stride := range []int64{0, 1, 8} {
		claims := func(int64, int64) iter.Seq2[disk.Claim, error] {
			return func(yield func(disk.Claim, error) bool) {
				for i := range int64(n) {
					c := disk.Claim{Offset: i * 7 % n * stride, Length: 4, Kind: disk.KindPayload, Name: "b"}
					if !yield(c, nil) {
						return
					}
				}
			}
		}
		var total, regions int64
		for r, err := range disk.Cover(t.Context(), "f", 8*n, claims, free) {
			if err != nil || r.Offset != total {
				t.Fatalf("stride %d: region %+v at %d: %v", stride, r, total, err)
			}
			total += r.Length
			regions++
		}
		if want := map[int64]int64{0: 2, 1: 4, 8: 2 * n}[stride]; total != 8*n || regions != want {
			t.Errorf("stride %d: %d bytes in %d regions, want %d", stride, total, regions, want)
		}
	}
}

func TestCoverStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range disk.Cover(ctx, "f", 10, claimList(nil), free) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled cover ends with %v", last)
	}
}
