package grid

import (
	"strings"
	"unicode"

	"platter/views/theme"
)

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

// TextWrap draws a text from column x on in as many lines as it takes, broken
// at blanks where that can be, and returns the line after it. It allocates
// nothing, unlike [Wrap].
func (a Area) TextWrap(x, y int, text string, s theme.Style) int {
	if x >= a.w {
		return y
	}
	at, any := x, false
	for word, rest := nextWord(text); word != ""; word, rest = nextWord(rest) {
		if any && at+1+Width(word) > a.w {
			at, any = x, false
			y++
		}
		if any {
			at++
		}
		for _, r := range word {
			if at+runeWidth(r) > a.w {
				at = x
				y++
			}
			at += a.Set(at, y, r, s)
		}
		any = true
	}
	return y + 1
}

// nextWord is the text up to the next blank, and what follows.
func nextWord(text string) (word, rest string) {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}
