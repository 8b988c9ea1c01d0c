package disk_test

import (
	"testing"

	"platter/engine/disk"
)

// TestVerdict answers a profile's question from what was found.
func TestVerdict(t *testing.T) {
	refusal := disk.Finding{Severity: disk.SeverityError, Profile: "x", Text: "X wants whole MiB"}
	doubt := disk.Finding{Severity: disk.SeverityWarning, Profile: "x", Text: "X is slow on it"}
	fault := disk.Finding{Severity: disk.SeverityError, Text: "two blocks share bytes"}
	aside := disk.Finding{Severity: disk.SeverityWarning, Text: "a gap holds data"}
	note := disk.Finding{Severity: disk.SeverityInfo, Profile: "x", Text: "X looks twice"}
	for _, c := range []struct {
		profile string
		found   []disk.Finding
		want    string
	}{
		{"x", nil, "fit for x: yes"},
		{"x", []disk.Finding{aside, note}, "fit for x: yes"},
		{"x", []disk.Finding{doubt, note}, "fit for x: yes, but X is slow on it"},
		{"x", []disk.Finding{fault, doubt, refusal}, "fit for x: no, X wants whole MiB"},
		{"x", []disk.Finding{refusal, refusal, refusal}, "fit for x: no, X wants whole MiB (and 2 more reasons)"},
		{"x", []disk.Finding{fault, doubt}, "fit for x: no, the check finds 1 error: two blocks share bytes"},
		{disk.ProfileForensic, []disk.Finding{refusal}, "other readers: may refuse it or show another disk: X wants whole MiB"},
		{disk.ProfileForensic, nil, "other readers: show the same disk, as far as is known"},
	} {
		v, asked := disk.VerdictOf(c.profile, c.found)
		if !asked || v.String() != c.want {
			t.Errorf("%s: %t %q, want %q", c.profile, asked, v, c.want)
		}
	}
	for _, profile := range []string{"", disk.ProfileStrict} {
		if _, asked := disk.VerdictOf(profile, []disk.Finding{fault}); asked {
			t.Errorf("%q asks for a verdict", profile)
		}
	}
}
