package engine

import (
	"context"
	"slices"

	"platter/engine/disk"
)

// Creator makes images of all formats; it is a [disk.Creator]. Parents may name files in
// the folders that it allows.
type Creator struct{ Allow []string }

// Formats are those that can be made.
func (Creator) Formats() []string {
	return slices.DeleteFunc(Formats(), func(f string) bool { return len(MakeOptions(f)) == 0 })
}

// FormatOf is the format that a name stands for; empty if none.
func (Creator) FormatOf(name string) string { return FormatOf(name) }

// Options are the choices that a format leaves.
func (Creator) Options(format string) []disk.Option { return MakeOptions(format) }

// Plan tells what Make would make.
func (c Creator) Plan(ctx context.Context, m disk.Making) (disk.Created, error) {
	opt := c.options(m)
	opt.DryRun = true
	return Create(ctx, m.Path, opt)
}

// Make makes the image.
func (c Creator) Make(ctx context.Context, m disk.Making, progress func(done, of int64)) (disk.Created, error) {
	opt := c.options(m)
	opt.Progress = progress
	return Create(ctx, m.Path, opt)
}

func (c Creator) options(m disk.Making) CreateOptions {
	return CreateOptions{Format: m.Format, Parent: m.Parent, Values: m.Values, Allow: c.Allow}
}

// headBytes is how much of a region a preview shows.
const headBytes = 512

// preview keeps what a form shows of an image that is not made.
func (c *creation) preview(img disk.Image) {
	for _, r := range c.made.Layout {
		b := make([]byte, min(headBytes, max(r.Length, 0)))
		for _, f := range img.Files() {
			if f.Name == r.File {
				n, _ := f.Data.ReadAt(b, r.Offset)
				b = b[:max(n, 0)]
			}
		}
		c.made.Heads = append(c.made.Heads, b)
	}
	c.made.Values, c.made.Useless = c.spec.Values, map[string]string{}
	for _, o := range c.format.make.Options() {
		if o.Useless == nil {
			continue
		}
		if why := o.Useless(c.spec); why != "" {
			c.made.Useless[o.Name] = why
		}
	}
}
