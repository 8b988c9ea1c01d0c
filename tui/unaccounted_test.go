package tui_test

import "testing"

// TestUnaccounted finds the note that was hidden in the damaged sample: in the list, in
// the explanation of its bytes, and by its hash.
func TestUnaccounted(t *testing.T) {
	s := atDesk(t, "damaged")
	s.keys("2", "U").expect("What no structure explains", "2 ranges", "0x201000", `"To whom it may concern`)
	s.keys("j", "enter").expect("Explain", "Nobody can tell what these bytes are for", "first text", "swordfish", "U lists all bytes")
	s.keys("g").expect("A disk image in the format of Virtual PC") // the root has its own text again
	s.keys("U", "j", "#").expect("Hash of unknown bytes", "SHA-256")
	s.keys("esc", "U", "j", "S").expect("save unknown bytes to")
}
