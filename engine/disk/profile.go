package disk

import (
	"context"
	"fmt"
	"iter"

	"platter/decode"
)

// The profiles of a check: programs and services that an image shall be fit
// for, beyond being right.
const (
	ProfileStrict     = "strict"
	ProfileHyperV     = "hyper-v"
	ProfileQEMU       = "qemu"
	ProfileVMware     = "vmware"
	ProfileVirtualBox = "virtualbox"
	ProfileAzure      = "azure"
	ProfileOVF        = "ovf"      // the disk of a machine that is passed on as OVF or OVA
	ProfileAWS        = "aws"      // VM Import/Export of Amazon
	ProfileGCP        = "gcp"      // the image import of Google, which converts with QEMU
	ProfileForensic   = "forensic" // what other readers refuse or would show differently
)

// Profiler is an ability of images that know what a profile demands. What it
// finds comes on top of Check; a profile that adds nothing finds nothing.
type Profiler interface {
	CheckProfile(ctx context.Context, profile string) iter.Seq2[Finding, error]
}

// Profiles lists the names of all profiles, the one that adds nothing first.
func Profiles() []string {
	return []string{ProfileStrict, ProfileHyperV, ProfileQEMU, ProfileVMware, ProfileVirtualBox, ProfileAzure, ProfileOVF, ProfileAWS, ProfileGCP, ProfileForensic}
}

// FullCheck is an image's check followed by what a profile adds to it.
func FullCheck(ctx context.Context, img Image, profile string) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		for f, err := range img.Check(ctx) {
			if !yield(f, err) || err != nil {
				return
			}
		}
		p, ok := img.(Profiler)
		if !ok {
			return
		}
		for f, err := range p.CheckProfile(ctx, profile) {
			f.Profile = profile
			if !yield(f, err) {
				return
			}
		}
	}
}

// Verdict is the answer to the question of a profile: is the image fit for it?
type Verdict struct {
	Profile string
	Fit     bool
	Reason  string // why not, or what speaks against it all the same; may be empty
}

// VerdictOf answers from all that a [FullCheck] has found. A profile's error makes
// an image unfit, and so does one of the check, whatever the program would do with
// it. It reports false for the profile that asks nothing.
func VerdictOf(profile string, found []Finding) (Verdict, bool) {
	if profile == "" || profile == ProfileStrict {
		return Verdict{}, false
	}
	var refusals, doubts, faults []Finding
	for _, f := range found {
		switch {
		case f.Profile != "" && f.Severity == SeverityError:
			refusals = append(refusals, f)
		case f.Profile != "" && f.Severity == SeverityWarning:
			doubts = append(doubts, f)
		case f.Profile == "" && f.Severity == SeverityError:
			faults = append(faults, f)
		}
	}
	switch {
	case len(refusals) > 0:
		return Verdict{profile, false, reason(refusals)}, true
	case len(faults) > 0:
		told := Arrange(Merge(faults))
		n := TallyOf(told).By[SeverityError]
		return Verdict{profile, false, fmt.Sprintf("the check finds %s: %s", decode.Plural(n, "error", "errors"), told[0].Text)}, true
	case len(doubts) > 0:
		return Verdict{profile, true, reason(doubts)}, true
	}
	return Verdict{profile, true, ""}, true
}

// reason is the first finding, and how many more there are.
func reason(list []Finding) string {
	if len(list) == 1 {
		return list[0].Text
	}
	return fmt.Sprintf("%s (and %s)", list[0].Text, decode.Plural(len(list)-1, "more reason", "more reasons"))
}

// String is the verdict as a line of text.
func (v Verdict) String() string {
	if v.Profile == ProfileForensic {
		return v.readers()
	}
	answer := "no"
	if v.Fit {
		answer = "yes"
	}
	if v.Reason == "" {
		return fmt.Sprintf("fit for %s: %s", v.Profile, answer)
	}
	if v.Fit {
		answer += ", but"
	} else {
		answer += ","
	}
	return fmt.Sprintf("fit for %s: %s %s", v.Profile, answer, v.Reason)
}

// readers is the verdict on what other readers make of the image.
func (v Verdict) readers() string {
	switch {
	case !v.Fit:
		return "other readers: may refuse it or show another disk: " + v.Reason
	case v.Reason != "":
		return "other readers: show the same disk, as far as is known, but " + v.Reason
	}
	return "other readers: show the same disk, as far as is known"
}
