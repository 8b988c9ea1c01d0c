package locate

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
)

// Field finds the field that a path of names leads to ("header 2.SequenceNumber"), and the
// nodes that lead to it from the root, itself last.
func Field(img disk.Image, path string) ([]decode.Node, error) {
	root := img.Tree()
	n, err := named(root, path, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", decode.InQuotes(path), err)
	}
	if n.Field == nil {
		return nil, fmt.Errorf("%s: %s is no field: name one of its parts", decode.InQuotes(path), decode.Printable(n.Name))
	}
	trail := []decode.Node{root}
	for _, i := range root.Find(n.Place.File, n.Place.Offset) {
		at := trail[len(trail)-1].Child(i)
		if at.Field != nil && at.Record == n.Record {
			break
		}
		trail = append(trail, at)
	}
	return append(trail, n), nil
}

// Node finds the structure or field that a path of names leads to: "header 2", "BAT",
// "footer.checksum".
func Node(img disk.Image, path string) (decode.Node, error) { return named(img.Tree(), path, "") }
