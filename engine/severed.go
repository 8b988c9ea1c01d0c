package engine

import (
	"fmt"
	"path"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// CodeSevered is the code of the finding that the parent of an image does not lie beside it,
// but others do that may belong to the chain.
const CodeSevered = "file/F13"

// severed tells of images beside one whose parent is not there: those that no image of the
// folder is based on may be what lay below the missing one.
func severed(in store.Opener, name string) []disk.Finding {
	own := kinOf(in, name)
	names, err := in.ReadDir(path.Dir(name))
	if err != nil || !own.Child || len(own.Names) == 0 || namesAny(own, names) {
		return nil
	}
	var rest []string
	kin := map[string]disk.Kin{}
	for i, n := range relatives(names, path.Base(name)) {
		if i == maxSiblings {
			break
		}
		if k := kinOf(in, path.Join(path.Dir(name), n)); k.ID != "" || k.Child {
			kin[n] = k
			rest = append(rest, n)
		}
	}
	if slices.ContainsFunc(rest, func(n string) bool { return kin[n].ID != "" && slices.Contains(own.Wanted, kin[n].ID) }) {
		return nil // it lies there under another name
	}
	rest = slices.DeleteFunc(rest, func(n string) bool {
		for other, k := range kin {
			if other != n && slices.ContainsFunc(k.Names, func(p string) bool { return sameBase(p, n) }) {
				return true // that one's
			}
		}
		return slices.ContainsFunc(kin[n].Names, func(p string) bool { return sameBase(p, path.Base(name)) })
	})
	if len(rest) == 0 {
		return nil
	}
	for i, n := range rest {
		rest[i] = decode.Printable(n)
	}
	return []disk.Finding{{
		Code: CodeSevered, Severity: disk.SeverityInfo, Where: []decode.Place{{File: name}},
		Text:   fmt.Sprintf("the parent %s is not in the folder; %s there may be what lies below it: no other image of the folder is based on %s", decode.InQuotes(own.Names[0]), few(rest), map[bool]string{true: "it", false: "them"}[len(rest) == 1]),
		Detail: "What the missing image held is not in them. Each can be opened by itself: it shows the disk as it was before the missing one was made.",
	}}
}
