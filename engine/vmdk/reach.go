package vmdk

import "math"

// reaches remembers of each table, by its number, where its grains lie, and whether both
// copies are the same: a file of several windows is gone through once for each, and most
// tables have nothing to do with most of them.
type reaches []reach

// reach is of one table. Before any grain was met low is above high.
type reach struct {
	low, high uint32 // the lowest and the highest entry
	same      bool
}

// mostReaches bounds the tables that are remembered: as many as 64 TiB have.
const mostReaches = 2 << 20

func newReaches(tables int64) reaches {
	list := make(reaches, min(tables, mostReaches))
	for i := range list {
		list[i].low = math.MaxUint32
	}
	return list
}

// meet takes an entry of table t.
func (l reaches) meet(t int64, raw uint64) {
	if t >= int64(len(l)) || raw > math.MaxUint32 {
		return
	}
	r := &l[t]
	r.low, r.high = min(r.low, uint32(raw)), max(r.high, uint32(raw))
}

// of is the lowest and the highest entry of table t, in sectors; false if they are not known.
func (l reaches) of(t int64) (low, high int64, ok bool) {
	if t >= int64(len(l)) {
		return 0, 0, false
	}
	return int64(l[t].low), int64(l[t].high), true
}

// agree is told that both copies of table t are the same.
func (l reaches) agree(t int64) {
	if t < int64(len(l)) {
		l[t].same = true
	}
}

func (l reaches) agreed(t int64) bool { return t < int64(len(l)) && l[t].same }
