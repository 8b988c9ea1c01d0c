package report_test

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/report"
)

// flood is a note, and then the same error of many blocks.
func flood(n int) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		yield(disk.Finding{Code: "x/7", Text: "a note"}, nil)
		for i := range n {
			at := []decode.Place{{File: "f", Offset: int64(i) * 8, Length: 8}}
			if !yield(disk.Finding{Code: "x/42", Severity: disk.SeverityError, Text: fmt.Sprintf("block %d is lost", i), Where: at, Lost: 1 << 20}, nil) {
				return
			}
		}
	}
}

// TestCheckMerges puts equal findings in one row, the errors first, unless all are
// wanted singly.
func TestCheckMerges(t *testing.T) {
	for _, c := range []struct {
		form report.CheckForm
		rows int
		says string
	}{
		{report.CheckForm{}, 1, "59 findings like this one; 59 MiB of the disk can't be read"},
		{report.CheckForm{All: true}, 59, "block 58 is lost"},
		{report.CheckForm{Form: report.JSON}, 59, `"block 58 is lost"`},
	} {
		var out bytes.Buffer
		tally, err := report.Check(&out, flood(59), c.form)
		told := c.rows // each that is listed counts
		text := out.String()
		if err != nil || tally.By[disk.SeverityError] != told || tally.By[disk.SeverityInfo] != 1 || tally.Rest != 59-told {
			t.Errorf("%+v: %v %v", c.form, tally, err)
		}
		if n := strings.Count(text, "is lost"); n != c.rows || !strings.Contains(text, c.says) {
			t.Errorf("%+v: %d rows, want %d, and %q in\n%s", c.form, n, c.rows, c.says, text)
		}
		if first := strings.HasPrefix(text, "error"); c.form == (report.CheckForm{}) && !first {
			t.Errorf("the error is not the first:\n%s", text)
		}
	}
}
