package engine

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// CodeSevered is the code of the finding that the parent of an image does not lie beside it
// under its name, but others do that may belong to the chain.
const CodeSevered = "file/F13"

// Rest is what some folders have of a chain whose next layer is not there under its name: names
// as the folder's opener takes them.
type Rest struct {
	Wanted string   // the name of the next layer
	Same   []string // images with the identity that is wanted, under other names
	Below  []string // where there is none, images of the format that no other one is based on: they may be what lay below
	Left   int      // how many images were not looked into
}

// RestOf looks for the rest of a chain in the folder of an image and in others, by their
// absolute names, that may be read. It is empty where the next layer is there, or none is wanted.
func RestOf(in store.Opener, name string, others ...string) Rest {
	own, format := kinAs(in, name)
	if !own.Child || len(own.Names) == 0 {
		return Rest{}
	}
	rest := Rest{Wanted: own.Names[0]}
	kin := map[string]disk.Kin{}
	var order []string
	for _, dir := range append([]string{path.Dir(name)}, others...) {
		names, err := in.ReadDir(dir)
		if err != nil {
			continue // what lies there is no part of the image
		}
		if namesAny(own, names) {
			return Rest{}
		}
		near := relatives(names, path.Base(name))
		rest.Left += max(0, len(near)-maxSiblings)
		for _, n := range near[:min(len(near), maxSiblings)] {
			full := path.Join(dir, n)
			if k, as := kinAs(in, full); as == format && (k.ID != "" || k.Child) {
				kin[full] = k
				order = append(order, full)
			}
		}
	}
	for _, n := range order {
		if kin[n].ID != "" && slices.Contains(own.Wanted, kin[n].ID) {
			rest.Same = append(rest.Same, n)
		}
	}
	if len(rest.Same) == 0 {
		rest.Below = slices.DeleteFunc(order, func(n string) bool { return above(n, kin, own, path.Base(name)) })
	}
	return rest
}

// above reports whether an image can't lie below one whose own kin and name are given: another
// is based on it, or it is based on that one, or on the same parent.
func above(n string, kin map[string]disk.Kin, own disk.Kin, name string) bool {
	names := func(k disk.Kin, file string) bool {
		return slices.ContainsFunc(k.Names, func(p string) bool { return sameBase(p, path.Base(file)) })
	}
	for other, k := range kin {
		if other != n && names(k, n) {
			return true
		}
	}
	k := kin[n]
	return names(k, name) || k.Child && (slices.ContainsFunc(k.Wanted, func(id string) bool { return slices.Contains(own.Wanted, id) }) ||
		slices.ContainsFunc(own.Names, func(p string) bool { return names(k, strings.ReplaceAll(p, `\`, "/")) }))
}

// severed tells of images beside one whose parent is not there under its name.
func severed(in store.Opener, name string) []disk.Finding {
	rest := RestOf(in, name)
	f := disk.Finding{Code: CodeSevered, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}}}
	quoted := decode.InQuotes(rest.Wanted)
	switch {
	case len(rest.Same) > 0:
		f.Text = fmt.Sprintf("the parent %s is not in the folder by that name; %s there %s the identity that is wanted", quoted, few(printable(rest.Same)), map[bool]string{true: "has", false: "have"}[len(rest.Same) == 1])
		f.Detail = "It was renamed, or the image was: --parent reads the disk over it. Only the name says which of several is meant: copies have the same identity."
	case len(rest.Below) > 0:
		f.Text = fmt.Sprintf("the parent %s is not in the folder; %s there may be what lies below it: no other image of the folder is based on %s", quoted, few(printable(rest.Below)), map[bool]string{true: "it", false: "them"}[len(rest.Below) == 1])
		f.Detail = "What the missing image held is not in them. Each can be opened by itself: it shows the disk as it was before the missing one was made. platter chain lists them."
	default:
		return nil
	}
	return []disk.Finding{f}
}

func printable(names []string) []string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = decode.Printable(n)
	}
	return list
}
