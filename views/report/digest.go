package report

import (
	"encoding/hex"
	"io"
)

// Digest is the hash of a virtual disk or of one of an image's files.
type Digest struct {
	File   string // path relative to the image's folder; empty for the disk
	Bytes  int64  // how many were hashed
	SHA256 [32]byte
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
	p.print("%x  %s", g.SHA256, path)
	return p.end(nil)
}

// FileDigests reports the hashes of all files of the image at path.
func FileDigests(w io.Writer, path string, list []Digest, form Form) error {
	if form != JSON {
		p := newPage(w)
		for _, g := range list {
			p.print("%x  %s", g.SHA256, g.File)
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
	d.text("sha256", hex.EncodeToString(g.SHA256[:]))
	d.close()
}
