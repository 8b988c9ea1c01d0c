package locate

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// Candidate is a way to go on with an expression.
type Candidate struct {
	Text string // the whole expression
	Help string // what it is, safe to print
}

// mostCandidates bounds how many are offered.
const mostCandidates = 64

// Complete lists what an expression may become: planes, words, partitions,
// files and the names of structures. It may read the image.
func (w Where) Complete(prefix string) []Candidate {
	c := completion{typed: strings.TrimLeft(prefix, " ")}
	if i := strings.LastIndexByte(c.typed, '.'); i > 0 {
		n, err := named(w.Image.Tree(), c.typed[:i], w.File)
		if err != nil && w.Guest.Len() > 0 {
			n, err = named(w.Guest, c.typed[:i], disk.VirtualDisk)
		}
		if err == nil {
			c.children(n, c.typed[:i+1])
		}
		return c.list
	}
	for _, f := range w.forms() {
		c.add(f.Text, f.Help)
	}
	c.children(w.Image.Tree(), "")
	c.children(w.Guest, "")
	return c.list
}

// forms are what can be typed apart from names.
func (w Where) forms() []Candidate {
	list := []Candidate{
		{"lba ", "sector of the virtual disk"},
		{"sec+", "sectors from here"},
		{"end-", "back from the end"},
		{"file:", "offset in the file"},
		{"virt:", "offset on the virtual disk"},
	}
	info := w.Image.Info()
	if info.BlockSize > 0 {
		list = append(list, Candidate{unit(info) + " ", unit(info) + " of the virtual disk"})
		if t, err := ToFile(w.Image, 0); err == nil {
			for _, v := range t.Via {
				if word := strings.ToLower(v.Table); words[word] == atEntry && v.Layer == 0 {
					list = append(list, Candidate{word + " ", "entry of the " + v.Table})
				}
			}
		}
	}
	if len(w.Partitions) > 0 {
		list = append(list, Candidate{"vol:", "offset in the partition"})
	}
	for _, p := range w.Partitions {
		help := fmt.Sprintf("%s at 0x%x %s", decode.FormatSize(uint64(max(p.Length, 0))), p.Start, decode.Printable(p.Label))
		list = append(list, Candidate{fmt.Sprintf("part%d", p.Number), strings.TrimSpace(help)})
	}
	if files := w.Image.Files(); len(files) > 1 {
		for _, f := range files {
			list = append(list, Candidate{decode.Printable(f.Name) + ":", "offset in this file"})
		}
	}
	return list
}

type completion struct {
	typed string
	list  []Candidate
	seen  map[string]bool
}

// add offers a text that starts as typed, or has a word that does.
func (c *completion) add(text, help string) {
	lower, typed := strings.ToLower(text), strings.ToLower(c.typed)
	if !strings.HasPrefix(lower, typed) && !strings.Contains(lower, "_"+typed) || len(c.list) >= mostCandidates || c.seen[text] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[text] = true
	c.list = append(c.list, Candidate{text, help})
}

// children adds the names of a node's parts. What is in a file is offered
// without naming the file.
func (c *completion) children(n decode.Node, before string) {
	if n.Len() > nameGroup {
		c.add(before+"0", fmt.Sprintf("the first of %d", n.Len()))
		return
	}
	for i := range n.Len() {
		child := n.Child(i)
		if isFile(child) {
			c.children(child, before)
		} else if name := typedName(child.Name); name != "" {
			c.add(before+name, help(child))
		}
	}
}

func help(n decode.Node) string {
	text := fmt.Sprintf("%s at 0x%x", decode.Printable(n.Name), n.Place.Offset)
	if n.Value != "" {
		text += " = " + decode.Printable(n.Value)
	}
	return text
}
