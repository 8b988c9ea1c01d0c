package disk

import (
	"fmt"
	"strings"

	"platter/decode"
)

// Ambiguous is the error of a name that several structures or fields have.
type Ambiguous struct {
	Word  string // as it was typed
	Nodes []decode.Node
}

// ambiguousNamed is how many of them the error names.
const ambiguousNamed = 4

// Error names the first of what the word may be, with their places.
func (a *Ambiguous) Error() string {
	var names []string
	for _, n := range a.Nodes[:min(len(a.Nodes), ambiguousNamed)] {
		names = append(names, fmt.Sprintf("%s at 0x%x", decode.Printable(n.Name), n.Place.Offset))
	}
	if len(a.Nodes) > ambiguousNamed {
		names = append(names, "...")
	}
	return fmt.Sprintf("%q may be %s", decode.Printable(a.Word), strings.Join(names, ", "))
}
