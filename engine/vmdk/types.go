package vmdk

import (
	"slices"
	"strings"

	"platter/decode/vmdk"
)

// TypeOfExtents is the createType that goes with the extents.
func (t Text) TypeOfExtents() string {
	var types []string
	for _, l := range t.Extents() {
		if l.Extent.Type == "" {
			return ""
		}
		types = append(types, l.Extent.Type)
	}
	return t.TypeOf(types)
}

// TypeOf is the createType that goes with extents of some types; empty if there
// is none (vmdk.md 3).
func (t Text) TypeOf(types []string) string {
	one := len(types) == 1
	slices.Sort(types)
	types = slices.Compact(types)
	switch kind := strings.Join(types, " "); {
	case !t.image.separate && kind == vmdk.TypeSparse && t.image.main.sparse != nil:
		if vmdk.HeaderFlags.Get(t.image.main.sparse.rules)&vmdk.FlagCompressed != 0 {
			return "streamOptimized"
		}
		return "monolithicSparse"
	case kind == "FLAT" && one:
		return "monolithicFlat"
	case kind == "FLAT":
		return "twoGbMaxExtentFlat"
	case kind == vmdk.TypeSparse:
		return "twoGbMaxExtentSparse"
	case kind == "VMFS":
		return "vmfs"
	case kind == vmdk.TypeVmfsSparse:
		return "vmfsSparse"
	case kind == vmdk.TypeSeSparse:
		return "seSparse"
	case len(types) > 1:
		return "custom"
	}
	return ""
}

// Retyped is the type that an extent line should have to say what its file is,
// with the change of the text.
func (t Text) Retyped(e Extent) (extentType string, parts []vmdk.Splice) {
	x := e.line.Extent
	if e.sparse != nil {
		if extentType = typeOfKind(e.sparse.kind); extentType == "" {
			return "", nil
		}
		return extentType, append(t.typed(e, extentType), vmdk.Splice{At: x.TypeAt, Text: extentType})
	}
	if x.HasOffset || e.file.Size < e.length || x.NameAt.Length == 0 {
		return "", nil
	}
	parts = append(t.typed(e, vmdk.TypeFlat), vmdk.Splice{At: x.TypeAt, Text: vmdk.TypeFlat},
		vmdk.Splice{At: vmdk.Part{Offset: x.NameAt.Offset + x.NameAt.Length + 1}, Text: " 0"})
	return vmdk.TypeFlat, append(parts, t.Renewing()...)
}

// typeOfKind is the extent type that a kind of file has; empty if there is none.
func typeOfKind(kind vmdk.Kind) string {
	for t, k := range magicOf {
		if k == kind {
			return t
		}
	}
	return ""
}

// typed is the change of createType that another type of an extent asks for.
func (t Text) typed(e Extent, extentType string) []vmdk.Splice {
	l := t.Setting("createType")
	if l == nil || slices.Contains(strings.Fields(typesOf[strings.ToLower(l.Value)]), extentType) || typesOf[strings.ToLower(l.Value)] == "" {
		return nil
	}
	var types []string
	for _, other := range t.image.extents {
		t := other.line.Extent.Type
		if other == e.extent {
			t = extentType
		}
		types = append(types, t)
	}
	if name := t.TypeOf(types); name != "" {
		return []vmdk.Splice{{At: l.ValueAt, Text: name}}
	}
	return nil
}
