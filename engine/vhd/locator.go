package vhd

import (
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
)

// locator is a used slot of the dynamic header with the path that it holds.
type locator struct {
	slot   int // from 0
	code   uint32
	off    int64
	length int64 // of the path, as stored
	room   int64 // of the area around it, in bytes
	fits   bool  // the path lies in the file
	path   string
	isPath bool // the platform's paths can be read
}

// readLocators reads the paths of all used slots.
func (v *Image) readLocators() error {
	if !v.header.ok() {
		return nil
	}
	for slot := range vhd.Locators {
		entry, ok := vhd.HeaderLocators.At(v.header.rec, slot)
		if !ok || isZero(entry.Bytes()) {
			continue
		}
		l, err := v.readLocator(slot, entry)
		if err != nil {
			return err
		}
		v.locators = append(v.locators, l)
	}
	return nil
}

func (v *Image) readLocator(slot int, entry decode.Record[vhd.Locator]) (locator, error) {
	l := locator{slot: slot, code: vhd.LocatorCode.Get(entry), length: int64(vhd.LocatorLength.Get(entry))}
	l.room, _ = vhd.Space(vhd.LocatorSpace.Get(entry))
	off := vhd.LocatorOffset.Get(entry)
	if off > uint64(v.size) || l.length > v.size-int64(off) {
		return l, nil
	}
	l.off, l.fits = int64(off), true
	data, err := readUpTo(v.src.File, l.off, int(min(l.length, vhd.MaxLocator)))
	if err != nil {
		return l, err
	}
	l.path, l.isPath = vhd.LocatorPath(l.code, data)
	l.path = strings.TrimSpace(l.path)
	return l, nil
}

// usable reports whether the locator leads anywhere.
func (l locator) usable() bool { return l.fits && l.isPath && l.path != "" }

// area is the locator's room in the file, at least its path.
func (l locator) area() int64 { return max(l.room, l.length) }

// parentNames lists what to try as the parent's name, in the order of vhd.md
// 13: the relative paths, then the base names of everything, then the
// absolute paths, which are followed only where the user allows it.
func (v *Image) parentNames() []string {
	var relative, base, absolute []string
	add := func(path string, isRelative bool) {
		if isRelative {
			relative = append(relative, path)
		} else {
			absolute = append(absolute, path)
		}
		if at := strings.LastIndexAny(path, `/\`); at+1 < len(path) {
			base = append(base, path[at+1:])
		}
	}
	for _, l := range v.locators {
		if l.usable() {
			add(l.path, l.code == vhd.RelativeWindows || l.code == vhd.RelativeANSI)
		}
	}
	if name := v.parentName(); name != "" {
		add(name, false)
	}
	var names []string
	for _, n := range slices.Concat(relative, base, absolute) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// parentName is the name in the dynamic header.
func (v *Image) parentName() string {
	if !v.header.ok() {
		return ""
	}
	return vhd.ParentName(v.header.rec)
}
