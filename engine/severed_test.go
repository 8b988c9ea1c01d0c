package engine_test

import (
	"strings"
	"testing"

	"platter/engine"
)

// TestSeveredChain takes the middle of a chain of three away: the image on top says which
// other one of the folder may be what lies below, as long as that is so.
func TestSeveredChain(t *testing.T) {
	for _, l := range chains() {
		if strings.Contains(l.name, "larger") || l.name == "vmdk redo log" {
			continue
		}
		files := l.threeLayers(t, 5, 3)
		list := names(t, files)
		says := func(image string) string {
			img := openIn(t, files, image)
			defer img.Close()
			for _, f := range img.Info().Findings {
				if f.Code == engine.CodeSevered {
					return f.Text
				}
			}
			return ""
		}
		top, middle := "", ""
		for _, n := range list {
			img := openIn(t, files, n)
			if p := img.Parent(); p != nil && p.Parent() != nil {
				top, middle = n, p.Info().Path
			}
			img.Close()
		}
		if top == "" || says(top) != "" {
			t.Fatalf("%s: %v: top %q, which says %q", l.name, list, top, says(top))
		}
		middle = middle[strings.LastIndex(middle, "/")+1:]
		if err := files.Remove(middle); err != nil {
			t.Fatal(err)
		}
		if text := says(top); !strings.Contains(text, "may be what lies below") {
			t.Errorf("%s: without %s: %q", l.name, middle, text)
		}
	}
}
