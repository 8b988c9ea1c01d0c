package edit

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
)

// trusted refuses edits through the virtual disk while a finding says that the
// tables which place its sectors can't be trusted. Edits of the files' own
// bytes stay possible: they are how such an image is repaired.
func trusted(info disk.Info) error {
	if info.Refused != nil {
		return info.Refused
	}
	for _, f := range info.Findings {
		if f.Severity == disk.SeverityError {
			return disk.Untrusted(f, info.Path)
		}
	}
	return nil
}

// unreplayed reports whether an image has a log that the next program to open
// it replays.
func unreplayed(img disk.Image) bool {
	_, logged := img.(disk.Logged)
	return logged && img.Info().Dirty
}

// maxSiblings bounds how many images of a folder are looked into for children.
const maxSiblings = 200

// Writable tries whether the files with staged changes can be opened for
// writing, without writing, and looks for what the user should know first.
func (s *Session) Writable(ctx context.Context) ([]string, error) {
	if err := s.sealed(); err != nil {
		return nil, err
	}
	for _, name := range s.touched() {
		f, err := s.folder.OpenWrite(name)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	var warnings []string
	if unreplayed(img) {
		warnings = append(warnings, s.name+" has a log that was not replayed: the next program that opens it may write over the changes")
	}
	children, err := s.children(ctx)
	if err != nil || len(children) == 0 {
		return warnings, err
	}
	return append(warnings, fmt.Sprintf("%s is the parent of %s: a change to it makes %s unusable",
		s.name, strings.Join(children, ", "), map[bool]string{true: "that image", false: "those images"}[len(children) == 1])), nil
}

// touched lists the image's own file and those with staged changes.
func (s *Session) touched() []string {
	names := []string{s.name}
	for _, step := range s.Plan() {
		if !slices.Contains(names, step.File) {
			names = append(names, step.File)
		}
	}
	return names
}

// children lists the images of the folder that name this one as their parent.
func (s *Session) children(ctx context.Context) ([]string, error) {
	names, err := s.folder.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var found []string
	looked := 0
	for _, name := range names {
		switch strings.ToLower(path.Ext(name)) {
		case ".vhd", ".avhd", ".vhdx", ".avhdx", ".vmdk":
		default:
			continue
		}
		if looked++; looked > maxSiblings || ctx.Err() != nil {
			return found, ctx.Err()
		}
		if name != s.name && s.isChild(ctx, name) {
			found = append(found, decode.Printable(name))
		}
	}
	return found, nil
}

// isChild reports whether another image names this one as its parent.
// Anything that can't be opened is no child that a write could orphan.
func (s *Session) isChild(ctx context.Context, name string) bool {
	file, err := s.folder.Open(name)
	if err != nil {
		return false
	}
	img, err := engine.OpenIn(ctx, s.folder, name, file, name, engine.Options{})
	if err != nil {
		return false
	}
	defer img.Close()
	parent := path.Base(strings.ReplaceAll(img.Info().Parent, `\`, "/"))
	return strings.EqualFold(parent, s.name)
}
