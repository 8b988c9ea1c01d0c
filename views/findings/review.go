package findings

import (
	"slices"

	"platter/engine/disk"
)

// known tells findings apart, from one run of the check to the next.
type known struct{ code, text string }

// review marks the finding under the cursor as reviewed, or takes the mark
// away, and goes on to the next one.
func (v *View) review() {
	f, ok := v.current()
	if !ok {
		return
	}
	k := known{f.Code, f.Text}
	if v.reviewed[k] {
		delete(v.reviewed, k)
		return
	}
	v.reviewed[k] = true
	if !v.hide { // else the next one moves up by itself
		v.rows.Move(1)
	}
}

// isReviewed reports whether the user has marked a finding.
func (v *View) isReviewed(f disk.Finding) bool { return v.reviewed[known{f.Code, f.Text}] }

// countReviewed is how many of all findings are marked.
func (v *View) countReviewed() (n int) {
	for _, f := range v.all {
		if v.isReviewed(f) {
			n++
		}
	}
	return n
}

// nextProfile is the one after the present one.
func (v *View) nextProfile() string {
	all := disk.Profiles()
	return all[(slices.Index(all, v.profile)+1)%len(all)]
}
