package report

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	stack "platter/engine/layer"
)

// layer is what a chain report says of one image of a chain.
type layer struct {
	info disk.Info
	link string
	tied disk.LinkInfo
	own  int64 // bytes of the virtual disk that this layer stores
}

// The words for how an image is tied to its parent.
const (
	linkBase     = "base"
	linkOK       = "ok"
	linkMismatch = "mismatch"
	linkMissing  = "missing"
	linkFaulty   = "faulty" // the parent is there, and something about it is an error
)

// mismatches are the codes of the findings that a parent is not the one that
// the child was made from.
var mismatches = []string{"vhd/V044", "vhdx/34", "vmdk/L2"}

// Elsewhere is what was found of a chain whose next layer is not there under its name.
type Elsewhere struct {
	Same  []disk.Image // have the identity that is wanted
	Below []disk.Image // may be what lay below the missing layer
	More  int          // images of either kind that were not opened
}

// Chain reports the layers of a differencing image, from the image itself to
// its base, and what was found elsewhere of one that is broken.
func Chain(ctx context.Context, w io.Writer, img disk.Image, found Elsewhere, form Form) error {
	layers, err := chain(ctx, img)
	if err != nil {
		return err
	}
	var below [][]layer
	for _, img := range found.Below {
		l, err := chain(ctx, img)
		if err != nil {
			return err
		}
		below = append(below, l)
	}
	if form == JSON {
		return chainJSON(w, layers, found, below)
	}
	p := newPage(w)
	chainText(p, layers)
	foundText(p, layers, found, below)
	return p.end(nil)
}

func chain(ctx context.Context, img disk.Image) ([]layer, error) {
	var layers []layer
	for img != nil {
		l := layer{info: img.Info(), link: linkOf(img)}
		if linked, ok := img.(disk.Linked); ok {
			l.tied = linked.Link()
		}
		if l.info.Readable() || l.link == linkMissing || l.link == linkMismatch {
			var err error
			if l.own, err = ownBytes(ctx, img); err != nil {
				return nil, err
			}
		}
		layers = append(layers, l)
		img = img.Parent()
	}
	return layers, nil
}

func linkOf(img disk.Image) string {
	parent := img.Parent()
	switch {
	case parent != nil && mismatched(img) && !mismatched(parent): // a child repeats what is wrong further down
		return linkMismatch
	case parent != nil && faulty(img):
		return linkFaulty
	case parent != nil:
		return linkOK
	case foundAnother(img):
		return linkMismatch
	case img.Info().Parent != "":
		return linkMissing
	}
	return linkBase
}

// faulty reports whether a parent that was found can't be used, or fits only by its
// identity.
func faulty(img disk.Image) bool {
	if l, ok := img.(disk.Linked); ok && l.Link().Fault != nil {
		return true
	}
	return slices.ContainsFunc(img.Info().Findings, func(f disk.Finding) bool { return f.Code == "vhd/V046" && f.Severity == disk.SeverityError })
}

// foundAnother reports whether a file was found under the parent's name that
// is not the parent.
func foundAnother(img disk.Image) bool {
	l, ok := img.(disk.Linked)
	if !ok {
		return false
	}
	link := l.Link()
	return link.Fault != nil && link.Found != "" && !slices.Contains(link.Wanted, link.Found)
}

// mismatched reports whether opening an image found that a parent is another
// one than it wants.
func mismatched(img disk.Image) bool {
	return slices.ContainsFunc(img.Info().Findings, func(f disk.Finding) bool { return slices.Contains(mismatches, f.Code) })
}

// patience is in how many pieces a layer may be stored to be counted.
const patience = 1 << 22

// uncounted stands for the bytes of a layer in too many pieces.
const uncounted = -1

// ownBytes counts what the layer stores itself. What can't be placed is not
// counted.
func ownBytes(ctx context.Context, img disk.Image) (int64, error) {
	n, pieces := int64(0), 0
	for s, err := range spans(ctx, img, disk.MapOwn(img, 0, img.Info().VirtualSize)) {
		if err != nil {
			return n, ctx.Err()
		}
		if pieces++; pieces > patience {
			return uncounted, nil
		}
		if s.State == disk.Data && s.Layer == 0 {
			n += s.Length
		}
	}
	return n, nil
}

func chainJSON(w io.Writer, layers []layer, found Elsewhere, below [][]layer) error {
	d := newDocument(w, "chain")
	d.layers("layers", layers)
	if len(found.Same) > 0 {
		d.list("renamed")
		for _, img := range found.Same {
			d.item()
			d.text("path", img.Info().Path)
			d.close()
		}
		d.close()
	}
	if len(below) > 0 {
		d.list("maybe_below")
		for _, l := range below {
			d.item()
			d.layers("layers", l)
			d.close()
		}
		d.close()
	}
	return d.end(nil)
}

func (d *document) layers(name string, layers []layer) {
	d.list(name)
	for _, l := range layers {
		d.item()
		d.text("path", l.info.Path)
		d.text("format", l.info.Format)
		d.words("id", l.info.ID)
		d.text("link", l.link)
		if l.own == uncounted {
			d.null("own_bytes")
		} else {
			d.number("own_bytes", l.own)
		}
		d.words("parent", l.info.Parent)
		tiedJSON(d, l.tied)
		d.close()
	}
	d.close()
}

var chainColumns = columns{{"layer", 5, true}, {"own data", 11, true}, {"link", 8, false}, {"type", 24, false}, {"path", 0, false}}

func layerRow(p *page, name string, l layer) {
	own := "not counted"
	if l.own != uncounted {
		own = decode.FormatSize(uint64(l.own))
	}
	chainColumns.row(p, name, own, l.link, strings.ToUpper(l.info.Format)+" "+l.info.Type, l.info.Path)
}

// foundText lists what was found of a broken chain, and how each part of it is read.
func foundText(p *page, layers []layer, found Elsewhere, below [][]layer) {
	broken := layers[len(layers)-1].info.Path
	for _, img := range found.Same {
		p.print("%s has the identity that is wanted, under another name. To read the disk of the layer above over it: platter chain|read|convert %s --parent %s", decode.InQuotes(img.Info().Path), argument(broken), argument(img.Info().Path))
	}
	if len(below) > 0 {
		p.print("these may have lain below the missing layer, since nothing is based on them; nothing proves it:")
	}
	for _, chain := range below {
		for _, l := range chain {
			layerRow(p, "?", l)
		}
		p.print("%7s to read it: platter read %s", "", argument(chain[0].info.Path))
	}
	if found.More > 0 {
		p.print("%7s and %s that may have, or were not looked into", "", decode.Plural(found.More, "more image", "more images"))
	}
	if len(found.Same) == 0 && slices.ContainsFunc(layers, func(l layer) bool { return l.link == linkMissing }) {
		p.print("to read what the layers above the missing one store, with zeros for the rest, which are listed: platter convert %s OUT.raw --salvage", argument(layers[0].info.Path))
	}
}

// argument is a path in a command line.
func argument(path string) string {
	if strings.ContainsAny(path, " \t'\"\\$&;()<>|*?[]#~`!{}") || decode.Printable(path) != path {
		return decode.InQuotes(path)
	}
	return path
}

func chainText(p *page, layers []layer) {
	chainColumns.head(p)
	for i, l := range layers {
		layerRow(p, decode.Grouped(int64(i)), l)
		if l.info.Refused != nil && l.info.Format != "unknown" {
			p.print("%7s this layer can't be read, nor what is stored below it through it: %v", "", l.info.Refused)
		}
		switch {
		case l.link == linkMissing && len(l.tied.Wanted) == 0 && l.tied.Fault != nil:
			p.print("%7s %v", "", l.tied.Fault)
		case l.link == linkMissing && errors.Is(l.tied.Fault, stack.ErrNoName):
			p.print("%7s the image does not name its parent: only this layer's own sectors can be read", "")
		case l.link == linkMissing && errors.Is(l.tied.Fault, fs.ErrNotExist):
			p.print("%7s the parent %s is not there: only this layer's own sectors can be read", "", decode.InQuotes(l.info.Parent))
		case l.link == linkMissing || l.link == linkFaulty && l.tied.Fault != nil:
			p.print("%7s the parent %s can't be used: only this layer's own sectors can be read", "", decode.InQuotes(l.info.Parent))
		}
		if l.tied.Fault != nil {
			tiedText(p, l.tied)
		}
		for _, f := range l.info.Findings {
			if f.Severity == disk.SeverityError {
				p.print("%7s error %s: %s", "", f.Code, f.Text)
			}
		}
	}
}

// tiedJSON writes what a layer wants of its parent, and what was found.
func tiedJSON(d *document, l disk.LinkInfo) {
	d.words("identity", l.Term)
	d.texts("expects", l.Wanted)
	d.words("found", l.Found)
	fault := ""
	if l.Fault != nil {
		fault = l.Fault.Error()
	}
	d.words("fault", fault)
	d.list("names")
	for _, n := range l.Names {
		d.item()
		d.text("label", n.Label)
		d.text("name", n.Name)
		d.text("fate", n.Fate)
		d.close()
	}
	d.close()
}

// tiedText says why a link does not hold.
func tiedText(p *page, l disk.LinkInfo) {
	if len(l.Wanted) > 0 {
		p.print("%7s expects %s %s", "", l.Term, strings.Join(l.Wanted, " or "))
	}
	if l.Found != "" {
		p.print("%7s found   %s %s", "", l.Term, l.Found)
	}
	for _, n := range l.Names {
		p.print("%7s %s %s: %s", "", n.Label, decode.InQuotes(n.Name), n.Fate)
	}
}
