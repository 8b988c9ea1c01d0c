package tui

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views/widget/listing"
)

// openHash lets the user choose what to hash.
func (e *export) openHash() tea.Cmd { return e.choosePart("Hash", e.hash) }

// digests are the hashes that are made, all in one pass.
var digests = []struct {
	name string
	make func() hash.Hash
}{{"SHA-256", sha256.New}, {"SHA-1", sha1.New}, {"MD5", md5.New}}

// hash hashes a part in the background and lists the digests.
func (e *export) hash(p part) tea.Cmd {
	img := e.current().image
	return e.inJob("hashing "+p.what, func(j *job) (tea.Msg, error) {
		j.progress(0, p.place.Length)
		var sums []hash.Hash
		var all []io.Writer
		for _, d := range digests {
			sums = append(sums, d.make())
			all = append(all, sums[len(sums)-1])
		}
		w := io.MultiWriter(all...)
		err := e.cfg.Finder.Stream(j.ctx, img, p.place, func(b []byte) error {
			j.add(len(b))
			_, err := w.Write(b)
			return err
		})
		r := &results{}
		r.Title = fmt.Sprintf("Hash of %s, %s", p.what, this(p.place))
		for i, d := range digests {
			text := fmt.Sprintf("%x", sums[i].Sum(nil))
			r.Add(listing.Row{Cells: []string{d.name, text}, Plain: text})
		}
		return shown{then: func() tea.Cmd {
			e.cover(r)
			return nil
		}}, err
	})
}
