package transfer

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/zeebo/blake3"
)

// algorithms are the hashes that there are, in the order in which they are listed.
var algorithms = []struct {
	name string
	make func() hash.Hash
}{
	{"md5", md5.New},
	{"sha1", sha1.New},
	{"sha256", sha256.New},
	{"sha512", sha512.New},
	{"blake3", func() hash.Hash { return blake3.New() }},
}

// Algorithms lists the names of the hashes.
func Algorithms() []string {
	var names []string
	for _, a := range algorithms {
		names = append(names, a.name)
	}
	return names
}

// Digest is what an algorithm makes of bytes.
type Digest struct {
	Algorithm string
	Hex       string
}

// Digests hashes bytes with several algorithms at once, each on a processor of its own.
type Digests struct {
	names  []string
	hashes []hash.Hash
}

// NewDigests begins hashes by their names; each is taken once.
func NewDigests(names []string) (*Digests, error) {
	d := &Digests{}
	for _, a := range algorithms {
		for _, n := range names {
			if strings.EqualFold(n, a.name) {
				d.names, d.hashes = append(d.names, a.name), append(d.hashes, a.make())
				break
			}
		}
	}
	for _, n := range names {
		if !known(n) {
			return nil, fmt.Errorf("%q: expected one of %s", n, strings.Join(Algorithms(), ", "))
		}
	}
	return d, nil
}

func known(name string) bool {
	for _, a := range algorithms {
		if strings.EqualFold(a.name, name) {
			return true
		}
	}
	return false
}

// Names lists the algorithms, in the order of [Algorithms].
func (d *Digests) Names() []string { return d.names }

// Write takes the next bytes; it never fails.
func (d *Digests) Write(b []byte) (int, error) {
	if len(d.hashes) == 1 {
		return d.hashes[0].Write(b)
	}
	var wait sync.WaitGroup
	for _, h := range d.hashes {
		wait.Go(func() { h.Write(b) })
	}
	wait.Wait()
	return len(b), nil
}

// Sums are the digests of all bytes so far, in the order of [Algorithms].
func (d *Digests) Sums() []Digest {
	var list []Digest
	for i, h := range d.hashes {
		list = append(list, Digest{d.names[i], hex.EncodeToString(h.Sum(nil))})
	}
	return list
}
