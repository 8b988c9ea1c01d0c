package cli_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"platter/decode/vmdk"
	"platter/engine/enginetest"
)

// boundedMemory is how much of it an image may take whose tables all lead to the same
// few bytes: 128 MiB.
const boundedMemory = 128 << 20

// TestOneForAll measures what small files cost that claim to be vast: a directory whose
// entries all name one table, and a block allocation table whose entries all name one
// block. There are a million of them.
func TestOneForAll(t *testing.T) {
	dir := t.TempDir()
	paths, verbs := []string{oneTable(t, dir, true), oneBlock(t, dir)}, []string{"map", "check"}
	if enginetest.Full() {
		paths, verbs = append(paths, oneTable(t, dir, false)), append(verbs, "layout")
	}
	for _, path := range paths {
		for _, verb := range verbs {
			c := costOf(t, verb, path)
			t.Logf("platter %s %s: %d MiB", verb, filepath.Base(path), c.resident>>20)
			if c.resident > boundedMemory {
				t.Errorf("platter %s %s takes %d MiB, at most %d are allowed", verb, filepath.Base(path), c.resident>>20, boundedMemory>>20)
			}
			if !strings.Contains(c.out, map[string]string{"map": "state", "layout": "table", "check": "error"}[verb]) {
				t.Errorf("platter %s %s says %.200q", verb, filepath.Base(path), c.out)
			}
		}
	}
}

// oneTable makes a sparse extent of 32 TiB, whose table is empty or full.
func oneTable(t *testing.T, dir string, full bool) string {
	t.Helper()
	const tables, perTable, grain, sector = 1 << 20, 512, 128, vmdk.SectorSize
	const directoryAt, tableAt, firstGrain = 1, 1 + tables*vmdk.EntrySize/sector, 1 << 14
	path := filepath.Join(dir, map[bool]string{false: "empty.vmdk", true: "full.vmdk"}[full])
	head := make([]byte, sector)
	r, _ := vmdk.HeaderTable.Of(head)
	copy(head, "KDMV")
	vmdk.HeaderVersion.Put(r, 1)
	vmdk.HeaderFlags.Put(r, 1)
	vmdk.HeaderCapacity.Put(r, tables*perTable*grain)
	vmdk.HeaderGrainSize.Put(r, grain)
	vmdk.HeaderTableEntries.Put(r, perTable)
	vmdk.HeaderDirectoryOffset.Put(r, directoryAt)
	vmdk.HeaderOverHead.Put(r, firstGrain)
	var b bytes.Buffer
	b.Write(head)
	b.Write(bytes.Repeat(binary.LittleEndian.AppendUint32(nil, tableAt), tables))
	for i := range uint32(perTable) {
		entry := uint32(0)
		if full {
			entry = firstGrain + i*grain
		}
		b.Write(binary.LittleEndian.AppendUint32(nil, entry))
	}
	writeSparse(t, path, b.Bytes(), (firstGrain+perTable*grain)*sector)
	return path
}

// oneBlock makes a VHDX of 1 TiB.
func oneBlock(t *testing.T, dir string) string {
	t.Helper()
	const ratio, blocks = 4096, 1 << 20
	path := filepath.Join(dir, "one.vhdx")
	for _, args := range [][]string{
		{"create", path, "1T", "--block-size", "1M", "-q"},
		{"write", path, "--offset", "0", "--length", "512", "--fill", "5a", "-q"},
	} {
		if code, _, stderr := run(t, args...); code != 0 {
			t.Fatalf("platter %q: %s", args, stderr)
		}
	}
	_, out, _ := run(t, "layout", path)
	at := int64(-1)
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); f[len(f)-1] == "BAT" {
			fmt.Sscanf(f[0], "0x%x", &at)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || at < 0 {
		t.Fatalf("no table in\n%s %v", out, err)
	}
	first := bytes.Clone(b[at:][:8])
	for i := range blocks + blocks/ratio - 1 {
		if i%(ratio+1) != ratio { // that is the entry of a sector bitmap
			copy(b[at+int64(i)*8:], first)
		}
	}
	writeSparse(t, path, b, int64(len(b)))
	return path
}

func writeSparse(t *testing.T, path string, b []byte, size int64) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// TestCrowdedDescriptor opens a disk of nearly as many extents as a descriptor may list,
// in a folder with a file for each, but for some: no line costs more for the others.
func TestCrowdedDescriptor(t *testing.T) {
	const extents, limit = 19_200, time.Second
	path := crowd(t, extents)
	for _, verb := range []string{"info", "check"} {
		c := costOf(t, verb, path)
		t.Logf("platter %s: %d ms of the processor, %d MiB", verb, c.user.Milliseconds(), c.resident>>20)
		if c.user > limit || c.resident > boundedMemory || !strings.Contains(c.out, "gone") {
			t.Errorf("platter %s takes %v of the processor and %d MiB for %d extents, and says %.200q", verb, c.user, c.resident>>20, extents, c.out)
		}
	}
}

// crowd makes a disk of n flat extents, an eighth of which are missing.
func crowd(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	var lines strings.Builder
	for i := range n {
		name := fmt.Sprintf("part%05d.vmdk", i)
		if i%8 == 7 {
			name = fmt.Sprintf("gone%05d.vmdk", i)
		}
		fmt.Fprintf(&lines, "RW 1 FLAT \"%s\" 0\n", name)
		writeSparse(t, filepath.Join(dir, fmt.Sprintf("part%05d.vmdk", i)), nil, vmdk.SectorSize)
	}
	text := "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"twoGbMaxExtentFlat\"\n\n# Extent description\n" + lines.String() + "\n# The Disk Data Base\nddb.adapterType = \"ide\"\n"
	path := filepath.Join(dir, "d.vmdk")
	writeSparse(t, path, []byte(text), int64(len(text)))
	return path
}
