package locate

import (
	"context"
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// mostCompletions bounds how many are offered.
const mostCompletions = 64

// Complete lists what an expression may become, seen from where one stands:
// planes, words, partitions, files and the names of structures. It may read the
// image.
func Complete(ctx context.Context, from disk.Standpoint, typed string) []disk.Completion {
	return looking(ctx, from).complete(typed)
}

func (w where) complete(typed string) []disk.Completion {
	c := completion{typed: strings.TrimLeft(typed, " ")}
	if i := strings.LastIndexByte(c.typed, '.'); i > 0 {
		n, err := named(w.Image.Tree(), c.typed[:i], w.file)
		if err != nil && w.guest.Len() > 0 {
			n, err = named(w.guest, c.typed[:i], disk.VirtualDisk)
		}
		if err == nil {
			c.children(n, c.typed[:i+1])
		}
		return c.list
	}
	w.forms(&c)
	c.children(w.Image.Tree(), "")
	c.children(w.guest, "")
	return c.list
}

// forms are what can be typed apart from names.
func (w where) forms(c *completion) {
	c.add("lba ", "sector of the virtual disk")
	c.add("sec+", "sectors from here")
	c.add("end-", "back from the end")
	c.add("file:", "offset in the file")
	c.add("virt:", "offset on the virtual disk")
	info := w.Image.Info()
	if info.BlockSize > 0 {
		c.add(unit(info)+" ", unit(info)+" of the virtual disk")
		if t, err := follow(w.Image, 0); err == nil {
			for _, v := range t.via {
				if word := strings.ToLower(v.Table); words[word] == atEntry && v.Layer == 0 {
					c.add(word+" ", "entry of the "+v.Table)
				}
			}
		}
	}
	if len(w.partitions) > 0 {
		c.add("vol:", "offset in the partition")
	}
	for _, p := range w.partitions {
		help := fmt.Sprintf("%s at 0x%x %s", decode.FormatSize(uint64(max(p.Length, 0))), p.Start, decode.Printable(p.Label))
		c.add(fmt.Sprintf("part%d", p.Number), strings.TrimSpace(help))
	}
	if files := w.Image.Files(); len(files) > 1 {
		for _, f := range files {
			c.add(decode.Printable(f.Name)+":", "offset in this file")
		}
	}
}

type completion struct {
	typed string
	list  []disk.Completion
	seen  map[string]bool
}

// add offers a text that starts as typed, or has a word that does.
func (c *completion) add(text, help string) {
	lower, typed := strings.ToLower(text), strings.ToLower(c.typed)
	if !strings.HasPrefix(lower, typed) && !strings.Contains(lower, "_"+typed) || len(c.list) >= mostCompletions || c.seen[text] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[text] = true
	c.list = append(c.list, disk.Completion{Text: text, Help: help})
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
