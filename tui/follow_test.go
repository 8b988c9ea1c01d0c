package tui_test

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
)

func init() {
	special["alt+c"] = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("c"), Alt: true}
}

// TestChecksumIsOfferedAfterTyping types into a footer: the status line names the key that
// stages its checksum, as a second change that can be dropped on its own.
func TestChecksumIsOfferedAfterTyping(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x30", "enter", "e", "7f").expect("alt+c stages what belongs with it: checksum of footer copy")
	b.keys("alt+c").expect("EDIT overwrite", "staged: checksum of footer copy", "* 2 staged").keys("esc", "s").expect("footer copy.checksum", "footer copy.current_size")
	b.keys("esc", "alt+c").expect("nothing belongs with these bytes")
	for f, err := range b.image().Check(t.Context()) {
		if err != nil || f.Code == "V001" {
			t.Errorf("%s %s, %v", f.Code, f.Text, err)
		}
	}
}

// TestFlippedBitIsLocated has one bit of a VHDX header flipped on disk: it is said which,
// and can be flipped back.
func TestFlippedBitIsLocated(t *testing.T) {
	path := sampleFile(t, "vhdx")
	b := editFile(t, path, 120, 40)
	was := b.first[0x10048]
	b.patch(0x10048, was^0x20)
	b.keys("R", "2", "tab", ":", "0x10048", "enter", "alt+c").expect("bit 5 of the byte at 0x10048 of header 1 back", "checksum of header 1", "a single bit explains")
	b.keys("enter").expect("* 1 staged")
	got := make([]byte, 1)
	if _, err := b.image().Files()[0].Data.ReadAt(got, 0x10048); err != nil || got[0] != was {
		t.Errorf("the byte is %x, %v", got, err)
	}
}

// TestPartitionTableFollows changes a field of the first copy of a GUID partition table: both
// checksums, and then the second copy, are offered, and the table is whole again.
func TestPartitionTableFollows(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	was, err := engine.Explorer{}.PartitionTable(t.Context(), b.image())
	if err != nil || was.Scheme != "GPT" || was.Backup == 0 {
		t.Fatalf("%+v, %v", was, err)
	}
	b.keys("6", ":", "lba 2+56", "enter", "e", "5a00").expect("alt+c stages what belongs with it: checksums of the first GPT, second GPT as the first")
	broken(t, b.image(), true)
	b.keys("alt+c").expect("What belongs with these bytes", "checksums of the first GPT", "second GPT as the first")
	b.keys("enter").expect("staged: checksums of the first GPT; alt+c stages what belongs with it: second GPT as the first")
	b.keys("alt+c").expect("staged: second GPT as the first")
	broken(t, b.image(), false)
	is, err := engine.Explorer{}.PartitionTable(t.Context(), b.image())
	if err != nil || len(is.Partitions) == 0 || is.Partitions[0].Name[:1] != "Z" {
		t.Errorf("%+v, %v", is, err)
	}
	b.keys("esc", "u", "u", "u", "u")
	if b.staged() != 0 {
		t.Errorf("%d changes are left", b.staged())
	}
}

// broken checks whether something is found about a partition table.
func broken(t *testing.T, img disk.Image, want bool) {
	t.Helper()
	table, err := engine.Explorer{}.PartitionTable(t.Context(), img)
	if err != nil || len(table.Findings) > 0 != want {
		t.Errorf("found %+v, %v", table.Findings, err)
	}
}

// TestSecondFATFollows changes an entry of a file allocation table.
func TestSecondFATFollows(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	parts, err := engine.Explorer{}.Partitions(t.Context(), b.image())
	if err != nil || len(parts) == 0 {
		t.Fatal(err)
	}
	boot := make([]byte, 512)
	if _, err := b.image().ReadAt(boot, parts[0].Start); err != nil {
		t.Fatal(err)
	}
	b.keys("6", ":", "part1+"+reserved(boot), "enter", "e", "5a").expect("alt+c stages what belongs with it: same sector of the other FAT")
	b.keys("alt+c").expect("staged: same sector of the other FAT", "* 2 staged")
}

// reserved is where the first allocation table lies in a volume, in bytes.
func reserved(boot []byte) string {
	n := (int(boot[14]) + int(boot[15])<<8) * 512
	text := ""
	for ; n > 0; n /= 10 {
		text = string(rune('0'+n%10)) + text
	}
	return text
}

// TestAmbiguous lists the places that a name may mean, and goes to the one that is chosen.
func TestAmbiguous(t *testing.T) {
	img, err := engine.Open(t.Context(), "sample:vhdx", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := tell(t, tui.Config{Image: img, Path: "sample:vhdx"}, 80, 24)
	s.keys("2", "ctrl+g").keys(strings.Split("checksum", "")...).keys("enter").expect("may be", "@0x10004", "@0x20004")
	s.keys("down", "enter").expect("sample.vhdx 0x20004")
	s.keys("ctrl+g").keys(strings.Split("checksum+4", "")...).keys("enter").expect(`may be`).not("@0x20004")
}
