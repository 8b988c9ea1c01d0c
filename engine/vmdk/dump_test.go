package vmdk_test

import (
	"fmt"
	"os"
	"testing"

	"platter/decode/decodetest"
	"platter/engine/enginetest"
)

func TestDump(t *testing.T) {
	if os.Getenv("DUMP") == "" {
		t.Skip()
	}
	for _, s := range enginetest.Manifest(t, "vmdk") {
		img := open(t, enginetest.Corpus(t, s.Name))
		fmt.Println("==", s.Name, img.Info().Type, "|", img.Info().Creator, "| refused:", img.Info().Refused)
		for f, err := range img.Check(t.Context()) {
			fmt.Println("  ", f.Severity, f.Code, f.Text, f.Fatal, err)
		}
		if os.Getenv("DUMP") == s.Name {
			fmt.Println(decodetest.Dump(img.Tree()))
			for _, d := range img.Info().Details {
				fmt.Println(d)
			}
			for r, err := range img.Regions(t.Context()) {
				fmt.Println(r, err)
			}
		}
	}
}
