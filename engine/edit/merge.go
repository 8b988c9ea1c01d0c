package edit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// Bottom stands for the last layer of a chain, as the target of a merge.
const Bottom = "base"

// Merging says what is merged into what.
type Merging struct {
	Into   string // path of a layer of the chain, or [Bottom]; empty: Levels counts
	Levels int    // so many layers down; 0: 1
	Delete bool   // the merged files are removed at the end
	Leave  bool   // images that are based on the merged one stay so
	Force  bool   // although other images are based on a layer that changes, or room is short
	DryRun bool   // a job that lies there is only looked at

	Progress func(done, of int64) // is told up to which byte of the disk it is done; may be nil
}

// Merge is a merge, to be carried out.
type Merge struct {
	From     []string // paths of the layers that are merged, the image first
	Into     string   // path of the layer that they are merged into
	Children []string // paths of images that are based on the image, and will be on Into
	Stale    []string // paths of images that will show something else than they do, or not fit any more
	Resumed  bool     // an earlier try has begun
	Needs    int64    // bytes that the target grows by, at most
	Grows    [2]int64 // size of the target's disk before and after, where that is smaller than the image's

	how    Merging
	at     places
	list   []*member // the layers from the image to the target
	image  disk.Image
	job    store.Job
	begun  bool      // something was changed besides the job
	before []Sized   // the target's files
	kind   string    // of its mark
	unseen int       // images that were not looked into
	files  []string  // of the merged layers, by their paths; the image's first one comes first
	others []*member // that were opened besides
}

// Merged is what a merge has done.
type Merged struct {
	transfer.Overlaid
	Relinked []string // paths of images that are based on the target now
	Deleted  []Sized  // files that were removed
	Grown    []Sized  // the target's files

	Kind, Old, New string // the target's mark, in the format's words; empty if it has none
	Warnings       []disk.Finding
}

// Sized is a file with its size before and after, in bytes; -1: there is none.
type Sized struct {
	Path          string
	Before, After int64
}

// OpenMerge finds out what a merge of the image at a path would do, and holds the files so
// that nobody else writes to them. It changes nothing, unless an earlier try was interrupted:
// then what that has begun in the layers' metadata is brought to an end, so that the chain
// can be opened.
func OpenMerge(ctx context.Context, path string, opt engine.Options, how Merging) (*Merge, error) {
	return openMerge(ctx, onHost{opt}, path, opt, how)
}

// OpenMergeIn is [OpenMerge] for an image whose whole chain lies in an FS.
func OpenMergeIn(ctx context.Context, files store.FS, name string, opt engine.Options, how Merging) (*Merge, error) {
	return openMerge(ctx, among{files, opt}, name, opt, how)
}

func openMerge(ctx context.Context, at places, path string, opt engine.Options, how Merging) (*Merge, error) {
	if err := onlyRead(opt); err != nil {
		return nil, err
	}
	m := &Merge{how: how, at: at}
	if err := m.open(ctx, path); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Merge) open(ctx context.Context, path string) error {
	top, err := m.at.member(path)
	if err != nil {
		return err
	}
	m.list = []*member{top}
	if err := m.resume(ctx, top); err != nil || m.job.Merged || m.Resumed && m.how.DryRun {
		return err
	}
	if _, err := top.folder.Stat(top.name); err != nil {
		return err
	}
	if m.image, err = top.image(ctx); err != nil {
		return err
	}
	if err := m.layers(ctx); err != nil {
		return err
	}
	if err := m.fits(ctx); err != nil {
		return err
	}
	if err := m.relatives(ctx); err != nil {
		return err
	}
	for _, l := range []*member{m.target(), m.above(), m.top()} {
		if err := journalable(l.folder); err != nil {
			return err
		}
	}
	return m.room(ctx)
}

// Close lets go of all files.
func (m *Merge) Close() error {
	var errs []error
	if m.image != nil {
		errs = append(errs, m.image.Close())
	}
	for _, l := range append(m.list, m.others...) {
		errs = append(errs, l.close())
	}
	m.image, m.list, m.others = nil, nil, nil
	return errors.Join(errs...)
}

func (m *Merge) top() *member    { return m.list[0] }
func (m *Merge) target() *member { return m.list[len(m.list)-1] }
func (m *Merge) above() *member  { return m.list[len(m.list)-2] }

// layers opens the folders of the layers down to the target.
func (m *Merge) layers(ctx context.Context) error {
	var chain []disk.Image
	for img := m.image; img != nil; img = img.Parent() {
		chain = append(chain, img)
		if l := tieOf(img).Link; l.Fault != nil {
			return refusedLink(img.Info().Path, l)
		}
	}
	if len(chain) < 2 {
		return disk.NoChild(m.image.Info().Path)
	}
	n, err := m.depth(chain)
	if err != nil {
		return err
	}
	for i, img := range chain[:n+1] {
		if i > 0 {
			l, err := m.at.member(img.Info().Path)
			if err != nil {
				return err
			}
			l.opt.Parent = ""
			m.list = append(m.list, l)
		}
		if i < n && !m.Resumed {
			m.From = append(m.From, img.Info().Path)
		}
	}
	m.Into = chain[n].Info().Path
	return nil
}

// depth is how many layers below the image the target is.
func (m *Merge) depth(chain []disk.Image) (int, error) {
	into := m.how.Into
	if m.Resumed {
		into = m.job.Into
	}
	switch n := max(m.how.Levels, 1); {
	case into == Bottom:
		return len(chain) - 1, nil
	case into == "" && n < len(chain):
		return n, nil
	case into == "":
		return 0, disk.Wrong("levels", "%d: there are %s below the image", n, decode.Plural(len(chain)-1, "layer", "layers"))
	}
	for i, img := range chain[1:] {
		if m.at.same(img.Info().Path, into) {
			return i + 1, nil
		}
	}
	return 0, disk.Wrong("into", "%s is no layer below the image", decode.InQuotes(into))
}

// fits refuses layers that can't be read or written, and sizes that do not go together.
func (m *Merge) fits(ctx context.Context) error {
	for i, l := range m.list {
		s, err := l.session(ctx)
		if err != nil {
			return err
		}
		err = s.settled()
		img, e := s.Image()
		if err = errors.Join(err, e); err == nil {
			err = m.usable(ctx, l, img, i == len(m.list)-1)
		}
		if err = errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
	return nil
}

// usable refuses a layer that can't be read, or as the target be written. Nobody else may
// write to it from now on.
func (m *Merge) usable(ctx context.Context, l *member, img disk.Image, target bool) error {
	if err := disk.Trusted(ctx, img); err != nil {
		return err
	}
	if unreplayed(img) {
		return disk.Refuse(disk.RefusedDirty, disk.ReadOnly, []decode.Place{{File: l.path}}, "the log was not replayed in the file: the replay to come would undo what is written now")
	}
	if err := l.hold(img); err != nil {
		return err
	}
	if !target {
		for _, f := range img.Files() {
			m.files = append(m.files, beside(l.path, f.Name))
		}
		return nil
	}
	for _, f := range img.Files() {
		m.before = append(m.before, Sized{beside(l.path, f.Name), f.Size, f.Size})
	}
	if marked, ok := img.(disk.Marked); ok {
		m.kind, _ = marked.Mark()
	}
	if err := m.size(ctx, img); err != nil {
		return err
	}
	w, err := engine.WriteIn(ctx, l.folder, l.name, l.path, l.opt, disk.WriteOptions{})
	if err != nil {
		return err
	}
	return w.Close(ctx)
}

// size compares the size of the target with that of the image.
func (m *Merge) size(ctx context.Context, target disk.Image) error {
	have, want := target.Info().VirtualSize, m.image.Info().VirtualSize
	if have > want {
		return disk.Errorf(disk.BadChain, decode.Place{File: m.Into}, "its disk has %s bytes, more than the image's %s, which shows less of it: --out makes a new image", decode.Grouped(have), decode.Grouped(want))
	}
	if have == want {
		return nil
	}
	r, err := engine.Resizing(ctx, target, disk.NewSize{Size: want})
	if err != nil {
		return fmt.Errorf("the disk of %s has %s bytes and must grow to the image's %s first: %w", decode.InQuotes(m.Into), decode.Grouped(have), decode.Grouped(want), err)
	}
	m.Grows, m.Needs = [2]int64{have, want}, m.Needs+r.Needs
	return nil
}

// relatives finds the images that are based on a layer: those on the image itself are to be
// based on the target, others would show something else.
func (m *Merge) relatives(ctx context.Context) error {
	for i, l := range m.list {
		names, left, err := engine.Based(ctx, l.folder, l.name)
		if err != nil {
			return err
		}
		m.unseen += left
		for _, name := range names {
			path := filepath.Join(filepath.Dir(l.path), filepath.Base(filepath.FromSlash(name)))
			switch {
			case i == 0:
				m.Children = append(m.Children, path)
			case m.at.same(path, m.list[i-1].path), m.has(m.From, path), m.Resumed && m.has(m.job.Children, path):
			default:
				m.Stale = append(m.Stale, path)
			}
		}
	}
	if m.Resumed {
		m.Children = m.job.Children
	}
	switch {
	case len(m.Stale) > 0 && !m.how.Force:
		return siblings(m.Stale, m.Into)
	case m.unseen > 0 && !m.how.Force:
		return disk.Refuse(disk.RefusedSiblings, disk.ReadOnly, filesAt(m.From[:1]), "whether %s based on a layer is not known: too many lie in the folder", decode.Plural(m.unseen, "image is", "images are"))
	case len(m.Children) > 0 && m.how.Leave && m.how.Delete:
		return disk.Refuse(disk.RefusedChildren, disk.ReadOnly, filesAt(m.Children), "%s based on the image, which is not to be deleted then", areOrIs(m.Children))
	}
	if !m.how.Delete {
		m.Stale = append(m.Stale, m.From[1:]...)
	}
	return nil
}

// has reports whether a file is among some.
func (m *Merge) has(list []string, path string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return m.at.same(p, path) })
}

func siblings(list []string, into string) error {
	return disk.Refuse(disk.RefusedSiblings, disk.ReadOnly, filesAt(list), "%s based on a layer that the merge changes too: what is left to that would read as something else; --out makes a new image and leaves %s alone", areOrIs(list), decode.InQuotes(into))
}

func filesAt(list []string) (where []decode.Place) {
	for _, p := range list {
		where = append(where, decode.Place{File: p})
	}
	return where
}

func areOrIs(list []string) string {
	var names []string
	for _, p := range list {
		names = append(names, decode.InQuotes(filepath.Base(p)))
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// room refuses a merge for which there is not enough free space.
func (m *Merge) room(ctx context.Context) error {
	target := m.image
	for range len(m.list) - 1 {
		target = target.Parent()
	}
	unit := max(target.Info().BlockSize, 512)
	counted := int64(-1) // the last block that is
	for r, err := range transfer.Own(ctx, m.image, len(m.list)-1) {
		if err != nil {
			return err
		}
		if r.Content != disk.Stored || r.Start >= target.Info().VirtualSize {
			continue
		}
		for s, err := range disk.MapOwn(target, r.Start, r.Length) {
			if err != nil {
				return err
			}
			if first, last := max(s.Start/unit, counted+1), (s.Start+s.Length-1)/unit; s.State != disk.Data && last >= first {
				m.Needs, counted = m.Needs+(last-first+1)*unit, last
			}
		}
	}
	dir, ok := m.target().folder.(*store.Folder)
	if !ok || m.how.Force {
		return nil
	}
	return engine.Room(dir, m.Needs)
}
