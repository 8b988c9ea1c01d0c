package vhdx

import (
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
)

// locator is the parent locator of a differencing image.
type locator struct {
	raw   []byte // the item; nil if there is none
	head  decode.Record[vhdx.Locator]
	ok    bool // the head is whole and of the kind that the format defines
	pairs []vhdx.Pair
}

func locatorOf(raw []byte) locator {
	l := locator{raw: raw}
	var whole bool
	if l.head, whole = vhdx.LocatorTable.Of(raw); !whole {
		return l
	}
	l.ok = vhdx.LocatorTypeGUID.Get(l.head) == vhdx.LocatorType
	l.pairs = vhdx.Pairs(raw)
	return l
}

// value is the value of the first pair with a key that can be read.
func (l *locator) value(key string) string {
	for _, p := range l.pairs {
		if p.Key == key && p.KeyBad == "" && p.ValueBad == "" {
			return p.Value
		}
	}
	return ""
}

// linkages are the identities that the parent may have: one, or two while a
// merge is under way. The null GUID counts as absent (vhdx.md 7).
func (l *locator) linkages() []uuid.UUID {
	var list []uuid.UUID
	for _, key := range []string{vhdx.KeyLinkage, vhdx.KeyLinkage2} {
		if id, ok := vhdx.Linkage(l.value(key)); ok && id != (uuid.UUID{}) {
			list = append(list, id)
		}
	}
	return list
}

// paths are the paths of the parent in the order in which they are tried.
func (l *locator) paths() []string {
	var list []string
	for _, key := range []string{vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path} {
		if p := l.value(key); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// parentNames are the names under which the parent is looked for: the paths,
// and then their base names in the child's own folder. The opener decides
// which of them may be followed.
func (l *locator) parentNames() []string {
	paths := l.paths()
	names := slices.Clone(paths)
	for _, p := range paths {
		names = append(names, path.Base(strings.ReplaceAll(p, `\`, "/")))
	}
	var list []string
	for _, n := range names {
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// judgeLocator checks the parent locator and whether there should be one.
func (v judge) judgeLocator(at []decode.Place) {
	l, has := &v.locator, v.locator.raw != nil
	switch {
	case v.params.hasParent && !has:
		v.add("31", []decode.Place{v.place(v.meta.region.off, vhdx.MetadataTableSize)}, "the image says that it has a parent, but has no parent locator")
	case !v.params.hasParent && has:
		v.addAs(warning, "31:ignored", at, "the image has a parent locator, but says that it has no parent; the locator is ignored")
	}
	if !has || len(at) == 0 {
		return
	}
	item := at[0]
	if !l.ok {
		v.add("32", at, "the parent locator has the type %s, expected %s, or is cut off", vhdx.LocatorTypeGUID.Field().Value(l.raw), vhdx.LocatorType)
		return
	}
	if n := int64(vhdx.LocatorCount.Get(l.head)); n == 0 || n != int64(len(l.pairs)) {
		v.add("32", at, "the parent locator claims %d pairs, %d fit", n, len(l.pairs))
	}
	if !isZero(vhdx.LocatorReserved.Get(l.head)) {
		v.addAs(warning, "32:reserved", []decode.Place{item.Sub(16, 2)}, "reserved bytes of the parent locator are not zero")
	}
	v.judgePairs(item)
	if v.params.hasParent && len(v.locator.pairs) > 0 {
		v.judgeLinkage(item)
	}
}

func (v judge) judgePairs(item decode.Place) {
	keys := map[string]bool{}
	for i, p := range v.locator.pairs {
		at := []decode.Place{item.Sub(p.Entry, vhdx.LocatorEntrySize)}
		if p.KeyBad != "" {
			v.add("32", at, "key %d of the parent locator: %s", i+1, p.KeyBad)
			continue
		}
		if p.ValueBad != "" {
			v.add("32", at, "value of %s in the parent locator: %s", decode.InQuotes(p.Key), p.ValueBad)
		}
		if keys[p.Key] {
			v.add("32", at, "key %s is twice in the parent locator", decode.InQuotes(p.Key))
		}
		keys[p.Key] = true
	}
}

func (v judge) judgeLinkage(item decode.Place) {
	l := &v.locator
	if value := l.value(vhdx.KeyLinkage); value == "" {
		v.add("33", []decode.Place{item}, "the parent locator has no %s", vhdx.KeyLinkage)
	} else if _, ok := vhdx.Linkage(value); !ok {
		v.add("33", []decode.Place{item}, "%s is %s, expected a GUID in braces", vhdx.KeyLinkage, decode.InQuotes(value))
	}
	if len(l.paths()) == 0 {
		v.add("33", []decode.Place{item}, "the parent locator has no path")
	}
}
