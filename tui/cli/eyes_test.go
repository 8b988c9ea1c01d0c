package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode/vhd"
	"platter/tui/cli"
)

// eyesDocument is what eyes --json prints.
type eyesDocument struct {
	Agree  bool
	Bytes  int64
	Ranges []struct {
		Start, Length int64
		Causes        []struct {
			Readers   []string
			Deviation string
			Offset    int64
		}
	}
	Readers []struct{ Reader, SHA256, Refused, Unknown string }
}

// aSuspicious is a dynamic VHD whose first bitmap hides what is stored.
func aSuspicious(t *testing.T) (whole, suspicious string) {
	t.Helper()
	raw, _ := aDisk(t)
	dir := filepath.Dir(raw)
	whole, suspicious = filepath.Join(dir, "whole.vhd"), filepath.Join(dir, "suspicious.vhd")
	done(t, "convert", raw, whole, "--type", "dynamic", "--creator", "win ")
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
	table := b[vhd.HeaderTableOffset.Get(h):]
	for vhd.EntryAt(table) == vhd.Unallocated {
		table = table[vhd.EntrySize:]
	}
	clear(b[int(vhd.EntryAt(table))*vhd.Sector:][:vhd.Sector])
	if err := os.WriteFile(suspicious, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return whole, suspicious
}

// TestEyes holds what eyes says of an image that readers agree about, and of one that they
// do not; and that --as gives the disk of one of them.
func TestEyes(t *testing.T) {
	whole, suspicious := aSuspicious(t)
	if out := string(done(t, "eyes", whole)); !strings.Contains(out, "the readers agree") || !strings.Contains(out, "  spec (the format), qemu (tests), hyper-v") {
		t.Errorf("a sound image: %s", out)
	}
	code, out, _ := run(t, "eyes", suspicious)
	if code != 3 || !bytes.Contains(out, []byte("because qemu, dissect: ignores sector bitmaps")) {
		t.Errorf("exit code %d: %s", code, out)
	}
	first := strings.Fields(string(done(t, "hash", whole)))[0]
	var doc eyesDocument
	if _, out, _ := run(t, "eyes", "--json", suspicious); json.Unmarshal(out, &doc) != nil || doc.Agree || doc.Bytes == 0 || len(doc.Readers) != 9 ||
		len(doc.Ranges) == 0 || len(doc.Ranges[0].Causes) == 0 || doc.Ranges[0].Causes[0].Deviation != "no-bitmap" || doc.Readers[1].SHA256 != first {
		t.Errorf("the document is %s", out)
	}
	if got := strings.Fields(string(done(t, "hash", "--as", "qemu", suspicious)))[0]; got != first {
		t.Errorf("QEMU sees %s, and all data are %s", got, first)
	}
	if got := strings.Fields(string(done(t, "hash", "--as", "spec", suspicious)))[0]; got == first {
		t.Error("the format's disk is QEMU's")
	}
	for as, want := range map[string]string{"vmware": "does not read this format", "someone": "no reader is called", "7zip": "data error"} {
		if code, _, errs := run(t, "hash", "--as", as, suspicious); code == cli.ExitDone || !bytes.Contains(errs, []byte(want)) {
			t.Errorf("--as %s: exit code %d: %s", as, code, errs)
		}
	}
	if out := string(done(t, "info", "--as", "qemu", suspicious)); !strings.Contains(out, "QEMU 7.2") {
		t.Errorf("info does not say through whose eyes: %s", out)
	}
	done(t, "map", "--as", "libyal", suspicious)
}
