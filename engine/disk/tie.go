package disk

import "context"

// Ties are what a merge has to know of the mark by which children know their parent: the
// parent gets a new one while a child stays tied to it.
type Ties struct {
	// Fresh makes a new mark, in the format's words.
	Fresh func(parent Image) string

	// Expect has a child accept a parent with either of two marks, as far as its format
	// can say that, else with the second alone.
	Expect func(child Image, now, next string) (Repair, error)

	// Assume gives a parent a mark.
	Assume func(parent Image, mark string) (Repair, error)

	// Settle takes back what an interrupted write has left in the tables of an image
	// besides what the format itself replays. Nil: nothing is ever left.
	Settle func(ctx context.Context, target Image) (Repair, error)
}
