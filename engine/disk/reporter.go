package disk

import "fmt"

// PerCode is how many findings of one code a check lists; of more it tells how
// many there are.
const PerCode = 1000

// Reporter hands the findings of a check to whoever asked for them.
type Reporter struct {
	yield func(Finding, error) bool
	count map[string]int
	lost  map[string]int64 // what those that are not listed cost together
	over  []Finding        // the first of each code that is not listed
}

// NewReporter makes a reporter for the yield function of a check.
func NewReporter(yield func(Finding, error) bool) Reporter {
	return Reporter{yield: yield, count: map[string]int{}, lost: map[string]int64{}}
}

// Report hands a finding on, unless there are too many of its code. It reports
// whether to go on.
func (r *Reporter) Report(f Finding) bool {
	r.count[f.Code]++
	switch n := r.count[f.Code]; {
	case n <= PerCode:
		return r.yield(f, nil)
	case n == PerCode+1:
		r.over = append(r.over, f)
	}
	r.lost[f.Code] += f.Lost
	return true
}

// Repeat reports what was found before.
func (r *Reporter) Repeat(list []Finding) bool {
	for _, f := range list {
		if !r.Report(f) {
			return false
		}
	}
	return true
}

// Full counts a finding of a code of which enough are listed, so that its words
// need not be made. It reports false, and counts nothing, where it has to be
// reported.
func (r *Reporter) Full(code string) bool { return r.FullLosing(code, 0) }

// FullLosing is Full for a finding because of which so many bytes of the disk can't be read.
func (r *Reporter) FullLosing(code string, lost int64) bool {
	if r.count[code] <= PerCode {
		return false
	}
	r.count[code]++
	r.lost[code] += lost
	return true
}

// Count is how many findings of a code there were, listed or not.
func (r *Reporter) Count(code string) int { return r.count[code] }

// Skip counts findings of a code, of which enough are listed, without their
// words.
func (r *Reporter) Skip(code string, n int) { r.count[code] += n }

// Fail ends the check with an error. It reports false.
func (r *Reporter) Fail(err error) bool {
	r.yield(Finding{}, err)
	return false
}

// Rest says how many findings were not listed.
func (r *Reporter) Rest() {
	for _, f := range r.over {
		f.unlisted, f.first = r.count[f.Code]-PerCode, f.Text
		f.Lost = r.lost[f.Code]
		f.Text = fmt.Sprintf("%d more like these, the first: %s", f.unlisted, f.first)
		if !r.yield(f, nil) {
			return
		}
	}
}
