package vmdk_test

import (
	"bytes"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
)

// TestLostHeader destroys the first sector of sparse files: the disk reads as before, by the
// descriptor and what the tables or the footer tell, and the repair writes the header again.
func TestLostHeader(t *testing.T) {
	for _, name := range []string{"sparse", "stream", "split"} {
		for how, spoil := range map[string]func(b []byte){"zeros": func(b []byte) { clear(b) }, "noise": func(b []byte) { copy(b, bytes.Repeat([]byte("noise, "), 74)) }} {
			k := kinds()[name]
			file := "d.vmdk"
			if name == "split" {
				file = "d-x.vmdk"
			}
			whole := bytes.Clone(k.files[file])
			spoil(k.files[file][:sector])
			if recognised, ok := vmdk.Probe(memory(t, folder(k.files))); !ok {
				t.Errorf("%s, %s: not recognised: %s", name, how, recognised)
			}
			before, after, out := repaired(t, k.files, "vmdk/H1", 0)
			for when, img := range map[string]disk.Image{"before": before, "after": after} {
				got := make([]byte, len(k.want))
				if n, err := img.ReadAt(got, 0); n < len(got) || !bytes.Equal(got, k.want) {
					t.Errorf("%s, %s: another disk %s the repair, %v", name, how, when, err)
				}
			}
			enginetest.Clean(t, after, disk.SeverityError)
			if name == "stream" && !bytes.Equal(out[file], whole) {
				t.Error("the stream is not as it was")
			}
		}
	}
}
