package edit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
)

// RebaseMode is what a rebase does.
type RebaseMode string

// The modes.
const (
	RebasePaths  RebaseMode = "paths"  // the names of the parent alone
	RebaseRelink RebaseMode = "relink" // the parent as it is now is the right one
	RebaseUnsafe RebaseMode = "unsafe" // another file is the same parent
	RebaseOnto   RebaseMode = "onto"   // another parent; what it does not hold is stored in the image
)

// RebaseNone makes an image of the child that stands alone.
const RebaseNone RebaseMode = "none"

// Rebasing says how the image shall be tied to a parent.
type Rebasing struct {
	Mode  RebaseMode
	Onto  string // path of the new parent; empty: the one that the image has
	Names engine.ParentNames

	DryRun   bool                 // nothing is stored in the image
	Progress func(done, of int64) // is told up to which byte the parents were compared; may be nil
}

// Rebased is what has become of the image's tie to its parent.
type Rebased struct {
	Before, After Tie
	Same          bool  // it was so already
	Copied        int64 // bytes that the image stores itself from now on, or would
	Warnings      []disk.Finding
}

// Tie is what an image says of its parent.
type Tie struct {
	Path  string        // of the parent in use, or of the one that is taken; empty: there is none
	Link  disk.LinkInfo // what the image stores
	Wants string        // the identity that it accepts, in the format's words
}

// Rebase stages another tie to a parent: the metadata alone change, all at once. Before that
// [RebaseOnto] stores in the image what the new parent does not hold, see [Session.Adopt].
func (s *Session) Rebase(ctx context.Context, r Rebasing) (Rebased, error) {
	img, err := s.Image()
	if err != nil {
		return Rebased{}, err
	}
	done := Rebased{Before: tieOf(img)}
	if done.Same = done.Before.Link.Term == "" && r.Mode == RebaseNone; done.Same {
		return done, nil
	}
	if done.Before.Link.Term == "" {
		return done, disk.NoChild(s.path)
	}
	if err := s.Replayed(); err != nil {
		return done, err
	}
	if r.Mode == RebaseNone {
		return done, rebase{s}.stand(ctx, img, r, &done)
	}
	base, err := rebase{s}.base(ctx, img, r)
	if err != nil {
		return done, err
	}
	defer base.Image.Close()
	if err := (rebase{s}).fitsUnder(img, base, r); err != nil {
		return done, err
	}
	if r.Mode == RebaseOnto {
		if img, err = (rebase{s}).adopt(ctx, base.Image, r, &done); err != nil {
			return done, err
		}
	}
	to := disk.Relink{Base: base, Names: r.Mode != RebaseRelink || !rebase{s}.leads(img, base), Identity: r.Mode != RebasePaths}
	change, err := engine.Relink(img, to)
	if err != nil {
		return done, err
	}
	err = s.Repair(ctx, "rebase", change)
	if err != nil && !errors.Is(err, errNothing) {
		return done, err
	}
	done.Same = len(s.Plan()) == 0
	return done, rebase{s}.tied(ctx, base, &done)
}

// rebase finds out what a session stages for another tie.
type rebase struct{ *Session }

// adopt stores what the new parent does not hold, and opens the image again.
func (s rebase) adopt(ctx context.Context, parent disk.Image, r Rebasing, done *Rebased) (img disk.Image, err error) {
	if done.Copied, err = s.Adopt(ctx, parent, !r.DryRun, r.Progress); err != nil {
		return nil, err
	}
	if !r.DryRun {
		if err := s.reload(); err != nil {
			return nil, err
		}
	}
	return s.Image()
}

// stand stores all that the image has from its parent, and stages that it has none.
func (s rebase) stand(ctx context.Context, img disk.Image, r Rebasing, done *Rebased) error {
	if _, err := engine.Relink(img, disk.Relink{}); err != nil {
		return err // before anything is stored
	}
	img, err := s.adopt(ctx, nil, r, done)
	if err != nil {
		return err
	}
	if img, err = s.fillBlocks(ctx, img, r, done); err != nil || img == nil {
		return err
	}
	change, err := engine.Relink(img, disk.Relink{})
	if err != nil {
		return err
	}
	if err := s.Repair(ctx, "rebase", change); err != nil || r.DryRun {
		return err
	}
	if img, err = s.Image(); err != nil {
		return err
	}
	list, err := Findings(ctx, img)
	for _, f := range list {
		if f.Severity == disk.SeverityError || f.Code == "vhd/V033" { // bytes that QEMU would show in the place of zeros
			return disk.Untrusted(f, s.path)
		}
	}
	return err
}

// base opens the parent that the image shall get.
func (s rebase) base(ctx context.Context, img disk.Image, r Rebasing) (*disk.Base, error) {
	parent := r.Onto
	if parent == "" {
		if parent = s.opt.Parent; parent == "" {
			var err error
			if parent, err = engine.NamedParent(s.ws.Snapshot(), s.name, s.path, img); err != nil {
				return nil, err
			}
		}
	}
	return engine.OpenBase(ctx, s.path, parent, r.Names, s.opt.Allow...)
}

// leads reports whether the image's own names lead to a parent.
func (s rebase) leads(img disk.Image, base *disk.Base) bool {
	if s.opt.Parent != "" {
		return false
	}
	path, err := engine.NamedParent(s.ws.Snapshot(), s.name, s.path, img)
	return err == nil && same(path, base.Image.Info().Path)
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// fitsUnder refuses a parent that can't be one of this image.
func (s rebase) fitsUnder(img disk.Image, base *disk.Base, r Rebasing) error {
	at := decode.Place{File: base.Image.Info().Path}
	if fi, err := os.Stat(s.path); err == nil && engine.Consists(base.Image, fi) {
		return disk.Errorf(disk.BadChain, at, "it is the image itself, or based on it: the chain of parents would come back to itself")
	}
	if base.Image.Info().Format != img.Info().Format {
		return disk.OtherFormat(img.Info(), base.Image.Info())
	}
	if link := tieOf(img).Link; r.Mode == RebasePaths && !accepts(img, base.Image) {
		return disk.Refuse(disk.RefusedLink, disk.BadChain, []decode.Place{at}, "it is not the parent that the image wants by its %s, %s: --relink takes it all the same, --onto another one", link.Term, words(link.Wanted))
	}
	have, want := base.Image.Info().VirtualSize, img.Info().VirtualSize
	if r.Mode != RebasePaths && r.Mode != RebaseRelink && (have > want || have != want && img.Info().Format == "vmdk") {
		return disk.Errorf(disk.BadChain, at, "its disk has %s bytes, that of the image %s: it can't be the parent", decode.Grouped(have), decode.Grouped(want))
	}
	return nil
}

// accepts reports whether an image takes another one for its parent.
func accepts(img, parent disk.Image) bool {
	t := tieOf(img)
	return t.Link.Fault == nil && t.Path != "" && same(t.Path, parent.Info().Path)
}

// tied holds the image as staged against the parent that it shall have: the whole chain
// must be one that can be written.
func (s rebase) tied(ctx context.Context, base *disk.Base, done *Rebased) error {
	path := base.Image.Info().Path
	for _, given := range []string{path, ""} {
		img, err := s.openedWith(ctx, given)
		if err != nil {
			return err
		}
		tie := tieOf(img)
		found := img.Parent() != nil && same(img.Parent().Info().Path, path)
		fault := tie.Link.Fault
		if given != "" && fault == nil {
			fault = disk.Trusted(ctx, img)
		}
		if err := img.Close(); err != nil {
			return err
		}
		switch {
		case given != "" && fault != nil:
			return fmt.Errorf("with this parent nothing can be written: %w", fault)
		case given == "" && !found:
			done.Warnings = append(done.Warnings, unfollowed(s.name, path))
		}
		done.After = tie
	}
	done.After.Path = path
	return nil
}

// unfollowed warns of a parent that is not found without help.
func unfollowed(child, parent string) disk.Finding {
	return disk.Finding{Code: engine.CodeOutside, Severity: disk.SeverityWarning, Where: []decode.Place{{File: child}},
		Text: "by itself platter does not follow the stored names to " + decode.InQuotes(parent) + ", which lies in another folder: it needs --allow or --parent"}
}

// openedWith opens the image as staged, with a parent that is given, or with the one that it
// finds by itself.
func (s rebase) openedWith(ctx context.Context, parent string) (disk.Image, error) {
	files := s.ws.Snapshot()
	file, err := files.Open(s.name)
	if err != nil {
		return nil, err
	}
	opt := s.opt
	opt.Parent = parent
	return engine.OpenIn(ctx, files, s.name, file, s.path, opt)
}

// tieOf is what an image says of its parent.
func tieOf(img disk.Image) Tie {
	linked, ok := img.(disk.Linked)
	if !ok {
		return Tie{}
	}
	t := Tie{Link: linked.Link()}
	t.Wants = words(t.Link.Wanted)
	if p := img.Parent(); p != nil {
		t.Path = filepath.Clean(p.Info().Path)
	}
	return t
}

func words(list []string) string {
	text := ""
	for i, w := range list {
		if i > 0 {
			text += " or "
		}
		text += w
	}
	return text
}
