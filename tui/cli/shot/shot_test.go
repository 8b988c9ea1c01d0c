package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	screen := " plain \x1b[1;38;5;196mred & <bold>\x1b[0m\n" +
		"\x1b[7mturned\x1b[27m back\x1b[48;5;236m  \x1b[49m\x1b(B end\n" +
		"\x1b[4munder\n" +
		"lined\x1b[m 漢字|\n"
	var out bytes.Buffer
	if err := draw(strings.NewReader(screen), &out); err != nil {
		t.Fatal(err)
	}
	svg := out.String()
	for _, want := range []string{
		`fill="#ff0000" font-weight="bold">red &amp; &lt;bold&gt;</text>`,
		`fill="` + paper + `">turned</text>`, // ink on paper, turned around
		`fill="#303030"/>`,
		`text-decoration="underline">lined</text>`,
		` 漢字|</text>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if strings.Contains(svg, "\x1b") {
		t.Error("a code is left in the picture")
	}
	for d := xml.NewDecoder(&out); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}
