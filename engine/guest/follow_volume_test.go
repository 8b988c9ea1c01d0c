package guest_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	format "platter/decode/guest"
	"platter/engine/enginetest"
	"platter/engine/guest"
)

// carryOut makes the edits of what follows a change at a place, and returns the titles.
func carryOut(t *testing.T, b []byte, at int64) (titles []string) {
	t.Helper()
	list, err := guest.Follow(t.Context(), diskOf(t, b), at)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		titles = append(titles, f.Title)
		for _, e := range f.Edits {
			copy(b[e.Offset:], e.Data)
		}
	}
	if again, err := guest.Follow(t.Context(), diskOf(t, b), at); err != nil || len(again) > 0 {
		t.Errorf("afterwards there is still %v, %v", again, err)
	}
	return titles
}

// TestFollowExt changes the label of ext4 in the first superblock: the checksum and the
// copies follow, and e2fsck finds nothing to complain of.
func TestFollowExt(t *testing.T) {
	enginetest.Tool(t, "mkfs.ext4")
	path := filepath.Join(t.TempDir(), "v")
	if err := os.WriteFile(path, make([]byte, 40*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-b", "1024", "-O", "^has_journal", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if list := carryOut(t, b, 1024+120); len(list) > 0 && !strings.HasPrefix(list[0], "copies") {
		t.Errorf("nothing was changed, and %v follows", list)
	}
	copy(b[1024+120:], "renamed\x00")
	if list := strings.Join(carryOut(t, b, 1024+120), ", "); list != "checksum of the ext superblock, copies of the ext superblock (2)" {
		t.Errorf("what follows is %s", list)
	}
	const second = (1 + 8192) * 1024
	if rec, _ := format.ExtSuperblock.Of(b[second:]); format.ExtGroup.Get(rec) != 1 || format.ExtLabel.Get(rec) != "renamed" {
		t.Errorf("the copy is of group %d, with the label %q", format.ExtGroup.Get(rec), format.ExtLabel.Get(rec))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-fn"}, {"-fn", "-b", "8193", "-B", "1024"}} {
		if out, err := exec.Command("e2fsck", append(args, path)...).CombinedOutput(); args[0] == "-fn" && len(args) == 1 && err != nil || strings.Contains(string(out), "uperblock") {
			t.Errorf("e2fsck %v: %v: %s", args, err, out)
		}
	}
}

// TestFollowExFAT changes a boot sector: the checksum is that of the specification's section
// 3.4, and the copy follows.
func TestFollowExFAT(t *testing.T) {
	b := make([]byte, 2*mib)
	rec, _ := format.ExFAT.Of(b)
	format.ExFATName.Put(rec, "EXFAT   ")
	format.ExFATSectorShift.Put(rec, 9)
	binary.LittleEndian.PutUint16(b[510:], 0xAA55)
	b[106], b[107], b[112] = 1, 2, 3 // count for nothing
	if list := strings.Join(carryOut(t, b, 100), ", "); list != "checksum of the exFAT boot region, backup of the exFAT boot region" {
		t.Errorf("what follows is %s", list)
	}
	var sum uint32
	for i, c := range b[:11*512] {
		if i != 106 && i != 107 && i != 112 {
			odd := uint32(0)
			if sum&1 != 0 {
				odd = 0x80000000
			}
			sum = odd + sum>>1 + uint32(c)
		}
	}
	want := bytes.Repeat(binary.LittleEndian.AppendUint32(nil, sum), 128)
	if !bytes.Equal(b[11*512:12*512], want) || !bytes.Equal(b[:12*512], b[12*512:24*512]) {
		t.Error("checksum or copy are not as the specification has them")
	}
	format.ExFATSectorShift.Put(rec, 60)
	if list := carryOut(t, b, 100); len(list) > 0 {
		t.Errorf("sectors of 2^60 bytes, and %v follows", list)
	}
}
