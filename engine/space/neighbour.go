package space

// Expected is where a block would lie whose entry is lost, in the order of the
// blocks that the table names before and after it, which start step bytes apart.
// A neighbour that there is not, or that has no place, is given as -1.
func Expected(before, after, step int64) (start int64, ok bool) {
	switch {
	case before >= 0 && after >= 0:
		return before + step, after-before == 2*step
	case before >= 0:
		return before + step, true
	case after >= step:
		return after - step, true
	}
	return 0, false
}
