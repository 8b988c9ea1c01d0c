package vmdk_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestTextMode sends images through programs that take them for text: that is the only
// thing said, nothing that has moved can be read, and where it can be undone exactly the
// repair gives back the file.
func TestTextMode(t *testing.T) {
	noise := grains()
	copy(noise[3], "\n\r\n\r\r\n\n\xff\xfe\r")
	good := map[string][]byte{
		"sparse": hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), noise).b,
		"stream": stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), noise).b,
	}
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		words  string
		reads  bool
		back   bool
	}{
		"LF to CR LF": {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }, "exactly what it was", false, true},
		"and more":    {func(b []byte) []byte { return append(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")), '\n') }, "more happened to the file", false, false},
		"CR LF to LF": {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }, "each CR LF became LF", false, false},
		"CR to LF":    {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r"), []byte("\n")) }, "each CR became LF", true, false},
		"through Unicode": {func(b []byte) []byte {
			return bytes.ToValidUTF8(append([]byte("KDMV\x01\x00\x00\x00\xff"), b[9:]...), []byte("\uFFFD"))
		}, "read as text in UTF-8", false, false},
	} {
		for kind, b := range good {
			t.Run(kind+"/"+name, func(t *testing.T) {
				files := map[string][]byte{"d.vmdk": c.change(bytes.Clone(b))}
				img := openMem(t, files, "d.vmdk")
				var said []disk.Finding
				for f := range img.Check(t.Context()) {
					if f.Severity >= disk.SeverityWarning {
						said = append(said, f)
					}
				}
				if len(said) == 0 || said[0].Code != "vmdk/H4" || !c.reads && len(said) > 1 || !strings.Contains(said[0].Text, c.words) {
					t.Fatalf("said: %v", said)
				}
				if _, err := img.ReadAt(make([]byte, 1), 0); (err == nil) != c.reads && !c.reads {
					t.Error("the disk can be read")
				}
				if said[0].Repairable != c.back {
					t.Errorf("repairable: %t", said[0].Repairable)
				}
				if c.back {
					if _, _, after := repaired(t, files, "vmdk/H4", 0); !bytes.Equal(after["d.vmdk"], b) {
						t.Error("the file is not what it was")
					}
				}
			})
		}
	}
}
