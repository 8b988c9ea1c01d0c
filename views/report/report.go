// Package report is the plain form of the screens: the same facts as text for
// people and as JSON for programs. Large documents are streamed. Text from an
// image is escaped before it is printed; JSON is ASCII on the wire.
//
// It knows the contract of an image and the table of keys, no format and no
// terminal.
package report

// Form is how a report is written.
type Form uint8

// The forms.
const (
	Text Form = iota
	JSON
)

// Schema is the name of the JSON document that a verb prints.
func Schema(verb string) string { return "platter/" + verb + "/1" }
