package vhd_test

import (
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/vhd"
)

// offered is how many repairs each fault of a code has, in the order of
// [faults]; those of codes that are not listed have none. A footer that was cut
// off would need a longer file; the header's cookie and version, and a batmap
// that is missing or elsewhere, can't be guessed.
var offered = map[string]string{
	"V002": "0 1 1", "V003": "1 1", "V004": "1 1", "V005": "2", "V007": "1", "V011": "1 1", "V012": "1", "V013": "1 1 1 1",
	"V015": "1 1", "V017": "1 1 1 1", "V020": "1", "V021": "1 1", "V022": "1", "V024": "0 0 1", "V025": "1", "V030": "1 1",
	"V031": "1 1 1", "V032": "1 1", "V033": "2 2", "V034": "2 2", "V037": "1", "V038": "1", "V039": "1 1",
	"V041": "1 1 1 1 1 1", "V042": "1", "V045": "1 1", "V049": "0 1 1 0", "V054": "1 1",
}

// orphaned are the repairs that give a block up: its room belongs to nothing
// afterwards.
const orphaned = "V031 V032 V034 V038"

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	seen := map[string]int{}
	for _, c := range faults() {
		also := ""
		if strings.Contains(orphaned, c.code) {
			also = "vhd/V035"
		}
		want := "0"
		if list := strings.Fields(offered[c.code]); len(list) > 0 {
			want = list[min(seen[c.code], len(list)-1)]
		}
		n := enginetest.Repairs(t, faulty(t, c), "disk.vhd", formats, vhd.Open, "vhd/"+c.code, also)
		if n != int(want[0]-'0') {
			t.Errorf("%s, fault %d: %d repairs, want %s", c.code, seen[c.code], n, want)
		}
		seen[c.code]++
	}
}
