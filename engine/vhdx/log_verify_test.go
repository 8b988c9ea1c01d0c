package vhdx_test

import (
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
)

// TestVerifyEntry tears an entry in different places: each rule speaks for
// itself, also after the first that does not hold.
func TestVerifyEntry(t *testing.T) {
	const kib4 = layout.LogSector
	for name, tt := range map[string]struct {
		at     int64 // of the damage, in the log
		bytes  []byte
		faults string
		words  string
	}{
		"whole":                {0, nil, "", "are those of the entry, 8 (sectors: 1)"},
		"a byte of the data":   {3*kib4 + 100, []byte{0xFF}, "checksum", " computed"},
		"sequence of the data": {4*kib4 - 4, []byte{7}, "data sectors, checksum", "sequence number 7 in the data sector, 8 in the entry"},
		"a descriptor":         {2*kib4 + 64, []byte("junk"), "descriptors, length, checksum", "descriptor 0 has an unknown signature"},
		"its header":           {2*kib4 + 8, []byte{1}, "header", "expected a multiple of 4096"},
	} {
		t.Run(name, func(t *testing.T) {
			f, e := dirty(t)
			f.log(f.record(0, 7, 0, setting(f, e, 2)), f.record(2*kib4, 8, 0, setting(f, e, 3)))
			f.put(logAt+tt.at, tt.bytes)
			var faults []string
			words := ""
			for _, r := range entryRules(t, f, 2*kib4) {
				if words += r.Words + "\n"; !r.Holds {
					faults = append(faults, r.Name)
				}
			}
			if got := strings.Join(faults, ", "); got != tt.faults || !strings.Contains(words, tt.words) {
				t.Errorf("faults %q, want %q\n%s", got, tt.faults, words)
			}
		})
	}
}

// TestVerifyEntryThatWraps verifies an entry of which a part stands at the
// start of the ring.
func TestVerifyEntryThatWraps(t *testing.T) {
	f, e := dirty(t)
	at := int64(mib - 2*layout.LogSector)
	f.log(f.record(at, 7, at, setting(f, e, 1), setting(f, e, 2)))
	for _, r := range entryRules(t, f, at) {
		if !r.Holds {
			t.Errorf("%+v", r)
		}
	}
}

// entryRules verifies the entry at an offset of the log.
func entryRules(t *testing.T, f *fixture, at int64) []disk.LogRule {
	t.Helper()
	log, err := openFixture(t, f).(disk.Logged).Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range log.Entries {
		if entry.Offset == at {
			rules, err := entry.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return rules
		}
	}
	t.Fatalf("no entry at 0x%x", at)
	return nil
}
