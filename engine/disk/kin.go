package disk

// Kin is what a file tells of itself and of the parent it wants, read from its
// identifiers and its parent locator or descriptor alone: no table, and none of the
// files that it names.
type Kin struct {
	ID     string   // the identity by which children name it; empty for none, or one that any new disk has
	Child  bool     // it wants a parent
	Wanted []string // identities of the parent, as ID has them
	Names  []string // paths or names of the parent, as written
}
