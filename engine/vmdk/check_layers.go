package vmdk

import (
	"context"
	"path"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// layerEntries bounds how many table entries are looked at in all layers below
// together: as many as describe four terabytes in grains of 64 KiB.
const layerEntries = 64 << 20

// layers is L6: that a layer below has errors of its own. Each is examined once,
// by the check of the image that is read, and only until its first error.
func (c *checker) layers() {
	left := layerEntries
	for depth, layer := range c.m.layers[1:] {
		if !c.going() {
			return
		}
		first, ok, err := layer.firstError(c.ctx, &left)
		if c.failed = err; err != nil {
			return
		}
		if !ok {
			continue
		}
		where := append([]decode.Place{c.m.settingPlace("parentFileNameHint")}, first.Where...)
		c.found(disk.SeverityError, "L6", where, "the layer %q, %d below this one, has errors; the first one is %s: %s",
			layer.main.Name, depth+1, strings.TrimPrefix(first.Code, "vmdk/"), first.Text)
	}
	if left <= 0 {
		c.note("L6", c.m.settingPlace("parentFileNameHint"), "the layers below have more tables than are gone through here: check each of them on its own")
	}
}

// firstError is the first error of this layer alone, looked for in as many
// table entries as are left. The error is that the layer could not be read.
func (m *Image) firstError(ctx context.Context, left *int) (first disk.Finding, found bool, err error) {
	c := newChecker(ctx, m, func(f disk.Finding, err error) bool {
		first, found = f, err == nil
		return false
	})
	c.errors, c.left = true, *left
	c.headers()
	if c.going() {
		c.contents()
	}
	*left = c.left
	return first, found, c.failed
}

// siblings is the other half of L4: other images of the folder that have the
// same parent.
func (c *checker) siblings(parent *Image) {
	const most = 5
	var names []string
	of := path.Base(parent.main.Name)
	for n := range c.m.neighbours() {
		if n.name != of && n.child(of) {
			names = append(names, decode.InQuotes(n.name))
		}
	}
	if len(names) == 0 {
		return
	}
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += " and others"
	}
	c.warn("L4", c.m.settingPlace("parentFileNameHint"), "%d other images of the folder have the same parent %q: %s", len(names), parent.main.Name, list)
}
