package report

import (
	"io"
	"strings"

	"platter/engine/transfer"
)

// Digest is what algorithms make of a virtual disk or of one of an image's files.
type Digest struct {
	File  string // path relative to the image's folder; empty for the disk
	Bytes int64  // how many were hashed
	Sums  []transfer.Digest
}

// digest prints the digests of what has a name: one alone as sha256sum prints it, else
// each with its algorithm.
func (p *page) digest(name string, sums []transfer.Digest) {
	for _, s := range sums {
		if len(sums) == 1 {
			p.print("%s  %s", s.Hex, name)
			continue
		}
		p.print("%s (%s) = %s", strings.ToUpper(s.Algorithm), name, s.Hex)
	}
}

// DiskDigest reports the hash of the virtual disk of the image at path.
func DiskDigest(w io.Writer, path string, g Digest, form Form) error {
	if form == JSON {
		d := newDocument(w, "hash")
		d.text("path", path)
		d.number("bytes", g.Bytes)
		d.digests(g)
		return d.end(nil)
	}
	p := newPage(w)
	p.digest(path, g.Sums)
	return p.end(nil)
}

// FileDigests reports the hashes of all files of the image at path.
func FileDigests(w io.Writer, path string, list []Digest, form Form) error {
	if form != JSON {
		p := newPage(w)
		for _, g := range list {
			p.digest(g.File, g.Sums)
		}
		return p.end(nil)
	}
	d := newDocument(w, "hash")
	d.text("path", path)
	d.list("files")
	for _, g := range list {
		d.item()
		d.text("file", g.File)
		d.number("bytes", g.Bytes)
		d.digests(g)
		d.close()
	}
	d.close()
	if len(list) == 1 {
		d.number("bytes", list[0].Bytes)
		d.digests(list[0])
	}
	return d.end(nil)
}

func (d *document) digests(g Digest) {
	d.object("digests")
	for _, s := range g.Sums {
		d.text(s.Algorithm, s.Hex)
	}
	d.close()
}

// Checked is a digest that was held against the one that a list expects.
type Checked struct {
	Name, Algorithm string
	Expected, Found string // in hex
	Err             error  // why nothing was found
}

// Matches reports whether it is the one that is expected.
func (c Checked) Matches() bool { return c.Err == nil && c.Found == c.Expected }

// CheckedDigests reports what was held against a list of digests.
func CheckedDigests(w io.Writer, list []Checked, form Form) error {
	if form == JSON {
		return checkedJSON(w, list)
	}
	p := newPage(w)
	wrong, unread := 0, 0
	for _, c := range list {
		switch {
		case c.Err != nil:
			p.print("%s: FAILED: %v", c.Name, c.Err)
			unread++
			continue
		case c.Matches():
			p.print("%s: OK, %s", c.Name, c.Algorithm)
			continue
		default:
			p.print("%s: FAILED, %s is %s", c.Name, c.Algorithm, c.Found)
		}
		wrong++
	}
	if wrong > 0 {
		p.print("%d of %d digests do not match", wrong, len(list))
	}
	if unread > 0 {
		p.print("%d of %d digests could not be made", unread, len(list))
	}
	return p.end(nil)
}

func checkedJSON(w io.Writer, list []Checked) error {
	d := newDocument(w, "hash")
	d.list("checked")
	for _, c := range list {
		d.item()
		d.text("path", c.Name)
		d.text("algorithm", c.Algorithm)
		d.text("expected", c.Expected)
		d.words("found", c.Found)
		d.bool("matches", c.Matches())
		why := ""
		if c.Err != nil {
			why = c.Err.Error()
		}
		d.words("error", why)
		d.close()
	}
	d.close()
	return d.end(nil)
}
