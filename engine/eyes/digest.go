package eyes

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
)

// Digest is what a whole disk came to, as one reader sees it.
type Digest struct {
	SHA256 string // of the disk; empty where not all of it can be read, or it was not asked for
	Lost   int64  // bytes that the reader fails at
}

// Digests makes the digests of all readers in one pass. As long as disks are the same one
// sum is kept for all of them; where they part it is copied.
type Digests struct {
	sums []*sum
	done []Digest
	at   int64
}

type sum struct {
	hash    hash.Hash
	members []int
}

// NewDigests makes digests of the readers of an image, for [Eyes.Compare] to fill.
func NewDigests(e *Eyes) *Digests {
	d := &Digests{done: make([]Digest, len(e.Readers))}
	all := &sum{hash: sha256.New()}
	for i, r := range e.Readers {
		if r.Readable() {
			all.members = append(all.members, i)
		}
	}
	d.sums = []*sum{all}
	return d
}

// Of is the digest of a reader, by its number.
func (d *Digests) Of(i int) Digest { return d.done[i] }

// feed adds a chunk of n bytes. Readers whose disk has ended have their digest, those that
// fail get none.
func (d *Digests) feed(readers []*Reader, groups []group, n int64) {
	if d == nil {
		return
	}
	of := make([]int, len(readers))
	for i := range of {
		of[i] = -1
	}
	for i, g := range groups {
		for _, m := range g.members {
			of[m] = i
			if g.kind == Lost {
				d.done[m].Lost += n
			}
		}
	}
	var next []*sum
	for _, s := range d.sums {
		next = append(next, s.split(d, groups, of)...)
	}
	d.sums = next
	d.at += n
}

// split parts the members of a sum by what they read, and feeds each part.
func (s *sum) split(d *Digests, groups []group, of []int) []*sum {
	var parts []*sum
	var data [][]byte
next:
	for _, m := range s.members {
		if of[m] < 0 {
			continue
		}
		g := groups[of[m]]
		switch g.kind {
		case Lost:
			continue
		case Past:
			if d.done[m].SHA256 == "" {
				d.done[m].SHA256 = hex.EncodeToString(s.hash.Sum(nil))
			}
			continue
		}
		for i, b := range data {
			if &b[0] == &g.data[0] || string(b) == string(g.data) {
				parts[i].members = append(parts[i].members, m)
				continue next
			}
		}
		data = append(data, g.data)
		parts = append(parts, &sum{members: []int{m}})
	}
	for i := range parts {
		if parts[i].hash = s.hash; i < len(parts)-1 {
			parts[i].hash = copyOf(s.hash)
		}
	}
	for i := range parts {
		parts[i].hash.Write(data[i])
	}
	return parts
}

// copyOf is a digest that goes on from where another one is.
func copyOf(h hash.Hash) hash.Hash {
	c := sha256.New()
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err == nil {
		err = c.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
	}
	if err != nil {
		panic(err) // the standard library's digests can
	}
	return c
}

// finish gives those their digest whose disk ends with the last byte.
func (d *Digests) finish(readers []*Reader) {
	if d == nil {
		return
	}
	for _, s := range d.sums {
		for _, m := range s.members {
			if d.done[m].SHA256 == "" {
				d.done[m].SHA256 = hex.EncodeToString(s.hash.Sum(nil))
			}
		}
	}
}
