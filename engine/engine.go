// Package engine is the facade over the formats: it finds out what a file is,
// opens it with the files that it names, and moves the content of virtual
// disks. The rules for names that come out of an image live here and in
// engine/store; what the bytes mean lives in the formats.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/foreign"
	"platter/engine/sample"
	"platter/engine/store"
)

// Options say what the user allows and knows about an image.
type Options struct {
	Format string   // one of [Formats]: don't detect, open as this format
	Parent string   // path of the parent of the image, instead of the name that the image gives
	Allow  []string // further folders that the image may name files in

	AnyParent bool // where no parent has the identity that a child wants, take the one that has its name; nothing is written then
	Redundant bool // read by the second set of tables, where a file has two: see [disk.TwoSets]
}

// SamplePrefix marks the names of the built-in samples: "sample:vhdx".
const SamplePrefix = "sample:"

// Open opens the image at path, read-only; a path such as "sample:vhdx" opens
// a built-in sample. What is no image opens too, as an image of format
// "unknown" that has structure and bytes but no readable disk. The error is
// about the file itself, a wish that can't be met, or an I/O failure: damage
// is what the image's Info tells.
func Open(ctx context.Context, path string, opt Options) (disk.Image, error) {
	img, _, err := OpenFrom(ctx, path, opt)
	return img, err
}

// OpenFrom is [Open] that also tells what the image was opened from, for those who look
// at the same files in another way. The files stay the image's.
func OpenFrom(ctx context.Context, path string, opt Options) (disk.Image, disk.Source, error) {
	if strings.HasPrefix(path, SamplePrefix) {
		return openSample(ctx, path, opt)
	}
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		return nil, disk.Source{}, err
	}
	if err := folder.Allow(opt.Allow...); err != nil {
		file.Close()
		folder.Close()
		return nil, disk.Source{}, err
	}
	return openSource(ctx, folder, name, withFolder{file, folder}, path, opt)
}

// OpenIn opens the image that file holds. Folder is where the files lie that
// it may name; name is the file's own in there. The image owns the file from
// now on: Close closes it, and a failure to open has closed it.
func OpenIn(ctx context.Context, folder store.Opener, name string, file store.File, path string, opt Options) (disk.Image, error) {
	img, _, err := openSource(ctx, folder, name, file, path, opt)
	return img, err
}

// openSource is [OpenIn] that also tells what the image was opened from.
func openSource(ctx context.Context, folder store.Opener, name string, file store.File, path string, opt Options) (disk.Image, disk.Source, error) {
	img, src, err := openFirst(ctx, folder, name, file, path, opt)
	if err != nil {
		file.Close()
		return nil, src, err
	}
	return img, src, nil
}

func openFirst(ctx context.Context, folder store.Opener, name string, file store.File, path string, opt Options) (disk.Image, disk.Source, error) {
	id, err := file.ID()
	if err != nil {
		return nil, disk.Source{}, err
	}
	o := &opener{ctx: ctx, folder: store.NewListing(folder), from: name, dir: filepath.Dir(path), chain: []store.FileID{id}, lines: new(int), opt: opt}
	src := disk.Source{Path: path, Name: name, File: file, Opener: o, Redundant: opt.Redundant}
	f, err := choose(&src, opt.Format)
	if err != nil {
		return nil, src, err
	}
	if p, ok := foreign.PieceOf(src); ok && f.name != unknown.name {
		src.Notes = append(src.Notes, cut(src, p))
	}
	src.Notes = append(src.Notes, unfinished(folder, name, id)...)
	if store.LeavesTrace(folder, name) {
		src.Notes = append(src.Notes, traced(name))
	}
	if f.kin != nil {
		src.Notes = append(src.Notes, based(ctx, folder, name)...)
		if opt.Parent == "" && len(opt.Allow) == 0 {
			src.Notes = append(src.Notes, severed(folder, name)...)
		}
	}
	img, err := f.open(ctx, src)
	if two, ok := img.(disk.TwoSets); err == nil && opt.Redundant && !(ok && two.ReadsRedundant()) {
		return nil, src, errors.Join(disk.Errorf(disk.Unsupported, decode.Place{File: name}, "the image has no second set of tables to read by: only sparse VMDK extents of hosted products have one"), img.Close())
	}
	return img, src, err
}

// CodePiece is the code of the finding that a file may be only a piece of an image.
const CodePiece = "file/F6"

// cut tells of the other pieces. Nothing but names says that they belong together,
// so that it is no more than a warning.
func cut(src disk.Source, p foreign.Pieces) disk.Finding {
	other := p.Next
	if other == "" {
		other = p.First
	}
	return disk.Finding{
		Code:     CodePiece,
		Severity: disk.SeverityWarning,
		Where:    []decode.Place{{File: src.Name}},
		Text:     fmt.Sprintf("by its name this file is a piece of an image that was cut into several: %s lies beside it", decode.InQuotes(other)),
		Detail:   "What is missing here is in the other pieces then. Join them in their order and open the whole. Repair nothing in a piece: changed pieces don't fit together any more.",
	}
}

// CodeTraced is the code of the finding that looking at a file may set its access time.
const CodeTraced = "file/F11"

func traced(name string) disk.Finding {
	return disk.Finding{
		Code:     CodeTraced,
		Severity: disk.SeverityInfo,
		Where:    []decode.Place{{File: name}},
		Text:     "reading this file may set its access time: " + store.TraceReason,
		Detail:   "Nothing else of it changes. Where that matters, look at a copy, " + store.TraceAdvice + ".",
	}
}

func openSample(ctx context.Context, path string, opt Options) (disk.Image, disk.Source, error) {
	files, name, err := SampleFiles(path)
	if err != nil {
		return nil, disk.Source{}, err
	}
	file, err := files.Open(name)
	if err != nil {
		return nil, disk.Source{}, err
	}
	return openSource(ctx, files, name, file, path, opt)
}

// SampleFiles makes the files of the built-in sample that a path such as "sample:vhdx"
// names, and tells which of them is the image.
func SampleFiles(path string) (files *store.Mem, image string, err error) {
	name := strings.TrimPrefix(path, SamplePrefix)
	s, ok := sample.Named(name)
	if !ok {
		return nil, "", fmt.Errorf("no built-in sample is called %q: there are %s", name, strings.Join(sample.Names(), ", "))
	}
	files, err = s.Files()
	return files, s.File, err
}

// withFolder closes an image's folder with its first file.
type withFolder struct {
	store.File
	folder io.Closer
}

func (f withFolder) Close() error { return errors.Join(f.File.Close(), f.folder.Close()) }

// choose finds the format of a source, or takes the one demanded. That a file
// looks like several is noted in the source.
func choose(src *disk.Source, demanded string) (format, error) {
	if demanded != "" {
		return named(demanded)
	}
	var hits []format
	var how []string
	for _, f := range formats {
		if f.probe == nil {
			continue
		}
		if words, ok := f.probe(*src); ok {
			hits, how = append(hits, f), append(how, words)
		}
	}
	if len(hits) == 0 {
		return unknown, nil
	}
	if len(hits) > 1 {
		src.Notes = append(src.Notes, ambiguous(*src, hits, how))
	}
	return hits[0], nil
}

// Recognise is the format that a file looks like; empty if it looks like none, or can't
// be read.
func Recognise(path string) string {
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		return ""
	}
	defer folder.Close()
	defer file.Close()
	src := disk.Source{Path: path, Name: name, File: file}
	if f, err := choose(&src, ""); err == nil && f.name != Unknown {
		return f.name
	}
	return ""
}

// CodeAmbiguous is the code of the finding that a file looks like more than
// one format.
const CodeAmbiguous = "file/F1"

func ambiguous(src disk.Source, hits []format, how []string) disk.Finding {
	var others []string
	for i, f := range hits[1:] {
		others = append(others, fmt.Sprintf("%s (%s)", f.name, how[i+1]))
	}
	return disk.Finding{
		Code:     CodeAmbiguous,
		Severity: disk.SeverityWarning,
		Where:    []decode.Place{{File: src.Name}},
		Text:     fmt.Sprintf("the file is opened as %s (%s), but also looks like %s", hits[0].name, how[0], strings.Join(others, " and ")),
		Detail:   "Programs disagree about what such a file is, so that what one of them checks is not what another one mounts. Give --format to look at it the other way.",
	}
}

// Formats lists the names that Options.Format takes.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func named(name string) (format, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return format{}, fmt.Errorf("format %q: expected one of %s", name, strings.Join(Formats(), ", "))
	}
	return formats[i], nil
}

// formatOf is the format of an image; what is none says why not.
func formatOf(img disk.Image) (format, error) {
	if info := img.Info(); info.Format == Unknown && info.Refused != nil {
		return format{}, info.Refused
	}
	return named(img.Info().Format)
}

// slashed is a path of the host as a name in Places.
func slashed(path string) string { return filepath.ToSlash(path) }
