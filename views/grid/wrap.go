package grid

import "strings"

// Wrap breaks a text into lines of at most w columns, at blanks where it can.
func Wrap(text string, w int) []string {
	if w < 1 {
		return nil
	}
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		lines = append(lines, wrapLine(paragraph, w)...)
	}
	return lines
}

func wrapLine(text string, w int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= w:
			line += " " + word
			continue
		default:
			lines = append(lines, line)
			line = word
		}
		for Width(line) > w {
			head := cut(line, w)
			if head == "" {
				return lines
			}
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	return append(lines, line)
}
