package eyes_test

import (
	"path/filepath"
	"slices"
	"testing"

	"platter/engine/enginetest"
)

// inGate are images of the corpus that are small, and read otherwise by somebody.
var inGate = []string{"vhd/win8.vhd", "vhd/fat-parent.vhd", "vhd/secron-original-size-mismatch.vhd", "vmdk/ext2.vmdk"}

// TestCorpus holds the policies against the programs on real images.
func TestCorpus(t *testing.T) {
	var n tally
	var w *witnesses
	for _, s := range enginetest.Manifest(t, "") {
		if !enginetest.Full() && !slices.Contains(inGate, s.Name) {
			continue
		}
		if w == nil {
			w = newWitnesses(t)
		}
		w.hold(t, &n, enginetest.Corpus(t, s.Name), s.Format, filepath.Base(s.Name))
	}
	t.Logf("%d images, %d answers of programs, %d equal, %d of them a disk; %d too large", n.images, n.answers, n.equal, n.read, n.large)
}
