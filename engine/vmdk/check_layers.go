package vmdk

import (
	"fmt"
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// layerEntries bounds how many table entries are looked at in all layers below
// together: as many as describe four terabytes in grains of 64 KiB.
const layerEntries = 64 << 20

// layers is L6: that a layer below has errors of its own. Each is examined once,
// by the check of the image that is read, and only until its first error.
func (c *checker) layers() {
	left := layerEntries
	for below, err := range c.m.stack.FirstErrors(c.ctx, &left) {
		if c.failed = err; !c.going() {
			return
		}
		where := append([]decode.Place{c.m.settingPlace("parentFileNameHint")}, below.First.Where...)
		c.found(disk.SeverityError, "L6", where, "the layer %s, %d below this one, has errors; the first one is %s: %s",
			decode.InQuotes(below.Name), below.Depth, strings.TrimPrefix(below.First.Code, "vmdk/"), below.First.Text)
	}
	if left <= 0 {
		c.note("L6", c.m.settingPlace("parentFileNameHint"), "the layers below have more tables than are gone through here: check each of them on its own")
	}
}

// alone is L8: an extent that was opened without the descriptor which says what it is.
func (c *checker) alone() {
	m := c.m
	s := m.main.sparse
	if s == nil || s.fault != nil && s.walk == nil {
		return
	}
	text := "what it does not store may be a parent's: it is shown as zeros here"
	if m.link.alone {
		text = "what it does not store is a parent's, or zeros, and can't be read"
	}
	if name := c.described(); name != "" {
		text += "; " + decode.InQuotes(name) + " beside it names this file: open that"
	}
	c.warn("L8", m.main.place(0, vmdk.SectorSize), "the extent was opened without its descriptor: %s", text)
}

// described is the descriptor in the folder that has a line for this file. Only the
// image's own check looks for it.
func (c *checker) described() string {
	if !c.whole {
		return ""
	}
	own := path.Base(c.m.main.Name)
	for n := range c.m.neighbours() {
		for _, l := range n.text.Extents() {
			if path.Base(strings.ReplaceAll(l.Extent.Name, `\`, "/")) == own {
				return n.name
			}
		}
	}
	return ""
}

func haveParent(n int) string {
	if n == 1 {
		return "another image of the folder has"
	}
	return fmt.Sprintf("%d other images of the folder have", n)
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
	c.warn("L4", c.m.settingPlace("parentFileNameHint"), "%s the same parent %s: %s", haveParent(len(names)), decode.InQuotes(parent.main.Name), list)
}
