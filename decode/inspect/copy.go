package inspect

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Format is a form in which bytes are copied.
type Format string

// The forms, as the menu names them.
const (
	SpacedHex Format = "spaced hex"
	Hex       Format = "hex"
	C         Format = "C"
	Go        Format = "Go"
	Python    Format = "Python"
	Base64    Format = "base64"
	Hexdump   Format = "hexdump"
	GUID      Format = "GUID"
	JSON      Format = "JSON"
	Markdown  Format = "Markdown"
)

// Formats lists the forms, the default one first.
func Formats() []Format {
	return []Format{SpacedHex, Hex, C, Go, Python, Base64, Hexdump, GUID, JSON, Markdown}
}

// Copy spells bytes in a form. The offset, in bytes, is where they come from;
// the forms that show places use it. The text ends without a newline, and is
// empty where the form can't say it: a GUID takes 16 bytes, or a multiple of
// that for one per line.
func Copy(format Format, data []byte, offset int64) string {
	switch format {
	case SpacedHex:
		return fmt.Sprintf("% x", data)
	case Hex:
		return hex.EncodeToString(data)
	case C:
		return fmt.Sprintf("unsigned char data[%d] = {%s};", len(data), elements(data, "    "))
	case Go:
		return "[]byte{" + elements(data, "\t") + "}"
	case Python:
		return python(data)
	case Base64:
		return base64.StdEncoding.EncodeToString(data)
	case Hexdump:
		return hexdump(data, offset)
	case GUID:
		return guids(data)
	case JSON:
		return jsonText(data, offset)
	case Markdown:
		return fmt.Sprintf("%d bytes at 0x%x:\n\n```text\n%s\n```", len(data), offset, hexdump(data, offset))
	}
	return ""
}

// perLine is how many bytes a line of source code or of a dump shows.
const perLine = 16

// elements lists bytes for an array in source code, on lines of their own if
// they are many.
func elements(data []byte, indent string) string {
	var b strings.Builder
	for i, c := range data {
		switch {
		case len(data) > perLine && i%perLine == 0:
			b.WriteString("\n" + indent)
		case i > 0:
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "0x%02x", c)
		if i < len(data)-1 || len(data) > perLine {
			b.WriteByte(',')
		}
	}
	if len(data) > perLine {
		b.WriteByte('\n')
	}
	return b.String()
}

func python(data []byte) string {
	var lines []string
	for rest := data; len(lines) == 0 || len(rest) > 0; {
		n := min(perLine, len(rest))
		line := `b"`
		for _, c := range rest[:n] {
			line += fmt.Sprintf(`\x%02x`, c)
		}
		lines, rest = append(lines, line+`"`), rest[n:]
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return "(\n    " + strings.Join(lines, "\n    ") + "\n)"
}

// hexdump is the form of hexdump -C and of most books.
func hexdump(data []byte, offset int64) string {
	var lines []string
	for i := 0; i < len(data); i += perLine {
		row := data[i:min(i+perLine, len(data))]
		left := fmt.Sprintf("% x", row[:min(8, len(row))])
		right := fmt.Sprintf("% x", row[min(8, len(row)):])
		lines = append(lines, fmt.Sprintf("%08x  %-23s  %-23s  |%s|", offset+int64(i), left, right, plain(row)))
	}
	return strings.Join(lines, "\n")
}

func plain(row []byte) string {
	out := make([]byte, len(row))
	for i, c := range row {
		if out[i] = c; c < ' ' || c > '~' {
			out[i] = '.'
		}
	}
	return string(out)
}

func guids(data []byte) string {
	if len(data) == 0 || len(data)%16 != 0 {
		return ""
	}
	var lines []string
	for i := 0; i < len(data); i += 16 {
		lines = append(lines, guid(data[i:i+16]))
	}
	return strings.Join(lines, "\n")
}

func jsonText(data []byte, offset int64) string {
	b, err := json.Marshal(struct {
		Offset int64  `json:"offset"`
		Length int    `json:"length"`
		Hex    string `json:"hex"`
		Text   string `json:"text"`
	}{offset, len(data), hex.EncodeToString(data), plain(data)})
	if err != nil {
		return ""
	}
	return string(b)
}
