package vmdk_test

import (
	"context"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
)

// formats are the ways to open what an image names; a test can't refer to Open
// in its own initialiser.
var formats = enginetest.Formats{"vmdk": vmdk.Open}

// open opens an image of the host and closes it with the test.
func open(t testing.TB, path string) disk.Image {
	t.Helper()
	return openSource(t, enginetest.Host(t, path, formats))
}

func openSource(t testing.TB, src disk.Source) disk.Image {
	t.Helper()
	img, err := vmdk.Open(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// TestCorpus reads every image of the corpus and compares with the digests
// that other programs agree on.
func TestCorpus(t *testing.T) {
	for _, s := range enginetest.Manifest(t, "vmdk") {
		t.Run(s.Name, func(t *testing.T) {
			img := open(t, enginetest.Corpus(t, s.Name))
			enginetest.Conform(t, img)
			if strings.HasPrefix(s.SHA256, "-") {
				if img.Info().Readable() {
					t.Error("a damaged image is readable")
				}
				return
			}
			if img.Info().Refused != nil {
				t.Fatal(img.Info().Refused)
			}
			if img.Info().VirtualSize != s.VirtualSize {
				t.Errorf("%d bytes, want %d", img.Info().VirtualSize, s.VirtualSize)
			}
			enginetest.Clean(t, img, disk.SeverityError)
			if got := enginetest.SHA256(t, img); got != s.SHA256 {
				t.Errorf("digest %s, want %s", got, s.SHA256)
			}
		})
	}
}
