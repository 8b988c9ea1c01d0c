package vhd

import (
	"errors"
	"fmt"
	"time"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// judgeParent checks what the header says about a parent, and the parent.
func (v judge) judgeParent() {
	if v.kind != vhd.Differencing {
		if left := v.leftParent(); len(left) > 0 {
			v.findings = append(v.findings, v.finding("V039", "the image is dynamic, but its header has fields of a parent that are not zero", left...))
		}
		return
	}
	v.judgeLocators()
	if v.nameless() && v.parent == nil {
		f := v.finding("V040", "the type says differencing, but no field names a parent: there is no identity, no name and no locator, so the type is probably wrong", v.field(vhd.FooterType.Field()), v.headerField(vhd.HeaderParentID.Field()))
		f.Detail = "A differencing image always says what its parent is. With the type dynamic all that is stored here can be read, and the rest is zeros. If the image had a parent after all, open it with that named by hand."
		v.findings = append(v.findings, f)
		return
	}
	if len(v.parentNames()) == 0 {
		v.add("V040", "the image names its parent neither in a locator nor in the header", v.headerField(vhd.HeaderParentName, vhd.HeaderLocators))
	}
	if v.wantedID() == [16]byte{} {
		s, code := severe, "V048"
		if v.wantsRaw() {
			s, code = warning, "V048:raw"
		}
		v.addAs(s, code, "the parent's identity is all zero", v.headerField(vhd.HeaderParentID.Field()))
	}
	v.judgeChain()
}

// leftParent are the places of the fields of a parent that are not zero: its identity, its
// time, its name and the locators.
func (v judge) leftParent() (list []decode.Place) {
	h := v.header.rec.Bytes()
	for _, f := range []decode.Spot{vhd.HeaderParentID, vhd.HeaderParentTime, vhd.HeaderParentName} {
		if !isZero(decode.In(h, f, f)) {
			list = append(list, v.headerField(f))
		}
	}
	for slot := 0; ; slot++ {
		entry, ok := vhd.HeaderLocators.At(v.header.rec, slot)
		if !ok {
			return list
		}
		if !isZero(entry.Bytes()) {
			list = append(list, v.headerField(vhd.HeaderLocators.Item(slot)))
		}
	}
}

func (v judge) judgeLocators() {
	for _, l := range v.locators {
		entry, _ := vhd.HeaderLocators.At(v.header.rec, l.slot)
		at := v.headerField(vhd.HeaderLocators.Item(l.slot))
		if vhd.LocatorCode.Field().Meaning(entry.Bytes()) == "unknown" {
			v.addAs(warning, "V041", "parent locator %d has the unknown platform %s", at, l.slot+1, decode.InQuotes(vhd.CodeName(l.code)))
		}
		if _, ok := vhd.Space(vhd.LocatorSpace.Get(entry)); !ok {
			v.add("V042", "parent locator %d has room for %d, which is neither sectors nor bytes", at, l.slot+1, vhd.LocatorSpace.Get(entry))
		}
		if why := v.locatorFault(l, entry); why != "" {
			v.add("V041", "parent locator %d %s", at, l.slot+1, why)
		}
	}
}

func (v *Image) locatorFault(l locator, entry decode.Record[vhd.Locator]) string {
	wide := l.code == vhd.RelativeWindows || l.code == vhd.AbsoluteWindows
	switch {
	case !isZero(vhd.LocatorReserved.Get(entry)):
		return "has bytes in its reserved field"
	case wide && l.length%2 != 0:
		return fmt.Sprintf("has a path of %d bytes, an odd number for UTF-16", l.length)
	case !l.fits:
		return fmt.Sprintf("points to %d bytes at 0x%x, past the end of the file", l.length, vhd.LocatorOffset.Get(entry))
	case l.length > vhd.MaxLocator:
		return fmt.Sprintf("has a path of %d bytes", l.length)
	case l.length > l.room:
		return fmt.Sprintf("has a path of %d bytes in room for %d", l.length, l.room)
	case l.length > 0 && v.touchesMetadata(l.off, l.length):
		return "overlaps the image's own structures"
	}
	return ""
}

// judgeChain checks the parent that was found, or says why there is none.
func (v judge) judgeChain() {
	at := v.headerField(vhd.HeaderParentID.Field())
	if v.forced != nil {
		v.add("V044", "the parent found is another one, and is read all the same, as was asked for: %v", at, v.forced)
	}
	switch err := v.parentErr; {
	case err == nil:
	case errors.Is(err, disk.ErrChain):
		v.add("V047", "the chain of parents can't be followed: %v", at, chainFault(err))
		return
	case errors.Is(err, disk.ErrOtherDisk):
		v.add("V044", "the parent found is another one: %v", at, err)
		return
	default:
		v.add("V043", "the parent %s can't be used: %v", at, v.wanted(), err)
		return
	}
	if v.parent == nil {
		return
	}
	switch size := v.parent.Info().VirtualSize; {
	case v.virtual > size:
		v.addAs(warning, "V046", "the disk has %d bytes, its parent %d: what lies past its end reads as zeros", at, v.virtual, size)
	case v.virtual < size && v.expandedParent():
		f := v.finding("V046", fmt.Sprintf("the parent was expanded from %d bytes, which this disk has, to %d after this image was made", v.virtual, size), at)
		f.Detail = fmt.Sprintf("Windows and Hyper-V refuse parent and child of different sizes (0xC03A0017, 0xC03A0012). The parent's original size is this disk's, so its size can be set back: open %s by itself and repair V046 there. Nothing is lost by it unless something is stored past the old end, which the repair looks at.", decode.InQuotes(v.parent.Files()[0].Name))
		v.findings = append(v.findings, f)
	case v.virtual < size:
		v.add("V046", "the disk has %d bytes, its parent %d", at, v.virtual, size)
	}
	if p, ok := v.parent.(*Image); ok {
		v.judgeParentTime(p)
		if names := v.parentNames(); len(names) > 0 && !v.namesFile(names, p) {
			v.addAs(info, "V043:named", "the parent in use, %s, was named by hand: none of the image's own names leads to it", at, decode.InQuotes(p.src.Name))
		}
	}
	if last, ok := v.stack.Last().(own); ok && last.Image != v.Image && last.parentErr != nil {
		v.add("V043", "further down the chain the parent %s can't be used: %v", at, last.wanted(), last.parentErr)
	}
}

// namesFile reports whether one of the names leads to the file of a parent.
// Other programs have only these.
func (v judge) namesFile(names []string, p *Image) bool {
	want, err := p.src.File.ID()
	if err != nil {
		return true
	}
	for _, name := range names {
		f, _, err := v.src.Opener.OpenFile(name)
		if err != nil {
			continue
		}
		id, err := f.ID()
		if f.Close(); err != nil || id == want {
			return true
		}
	}
	return false
}

// chainFault is the innermost cause, where a long chain wraps it many times.
func chainFault(err error) error {
	for {
		var e *disk.Error
		if errors.As(err, &e) && e.Kind == disk.BadChain && !errors.Is(e.Err, disk.ErrChain) {
			return e
		}
		if e == nil || e.Err == nil {
			return err
		}
		err = e.Err
	}
}

// judgeChanged tells of a parent's time that differs from the one stored. Whole
// hours are a clock's, and not a change: it reports whether they differ by such.
func (v judge) judgeChanged(changed, want time.Time, at decode.Place) (clock bool) {
	f := v.finding("V045", fmt.Sprintf("the parent was last changed on %s, the image says %s", changed.Format(time.RFC3339), want.Format(time.RFC3339)), at)
	const detail = " Programs that compare the time of the parent's file (86Box, PCem and other emulators, Virtual PC) refuse the image until the time is stored anew."
	off := changed.Sub(want).Abs()
	clock = off <= maxZone && off%(time.Hour/4) == 0
	switch {
	case off == time.Hour:
		f.Text += ": exactly one hour apart, as daylight saving makes it"
		f.Detail = "The parent has most likely not been changed: a program took local time for UTC, and the clocks went over to summer or winter time in between." + detail
	case clock:
		f.Text += fmt.Sprintf(": exactly %v apart, as between two time zones", off)
		f.Detail = "The parent has most likely not been changed: a program took local time for UTC." + detail
	}
	v.findings = append(v.findings, f)
	return clock
}

// maxZone is how far two time zones are apart at most.
const maxZone = 26 * time.Hour

// judgeParentTime compares the time stored in the child with the parent's
// file, or with its footer, which many programs store instead.
func (v judge) judgeParentTime(p *Image) {
	stored, at := vhd.HeaderParentTime.Get(v.header.rec), v.headerField(vhd.HeaderParentTime.Field())
	if stored == 0 {
		v.addAs(info, "V045:unsaid", "the image does not say when its parent was last changed", at)
		return
	}
	if stored == vhd.FooterTimestamp.Get(p.footer) {
		return
	}
	changed := vhd.Epoch().Add(time.Duration(vhd.FooterTimestamp.Get(p.footer)) * time.Second)
	t, err := p.src.File.ModTime()
	known := err == nil && !t.IsZero()
	if known {
		changed = t.UTC().Truncate(time.Second)
	}
	want := vhd.Epoch().Add(time.Duration(stored) * time.Second)
	if changed.Equal(want) {
		return
	}
	if v.judgeChanged(changed, want, at) {
		return
	}
	made := vhd.Epoch().Add(time.Duration(vhd.FooterTimestamp.Get(v.footer)) * time.Second)
	if known && changed.After(made) {
		v.add("V050", "the parent was changed on %s, after this image was made on %s", at, changed.Format(time.RFC3339), made.Format(time.RFC3339))
	}
}
