package tui_test

import (
	"bytes"
	"testing"
)

// TestPasteBase64AndPatterns pastes base64, and fills a selection with a pattern.
func TestPasteBase64AndPatterns(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", ":", "0x10040", "enter", "p", "base64:3q2+7w==", "enter", ":", "0x10050", "enter", "v", "llll", "p", "fill:01 02", "enter")
	p := make([]byte, 22)
	if _, err := b.image().ReadAt(p, 0x10040); err != nil || !bytes.Equal(p[:4], []byte{0xde, 0xad, 0xbe, 0xef}) || !bytes.Equal(p[16:21], []byte{1, 2, 1, 2, 1}) {
		t.Errorf("the disk holds % x, %v", p, err)
	}
	b.keys("p", "base64:!", "enter").expect("no base64")
}
