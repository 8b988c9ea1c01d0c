package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/search"
	"platter/views/report"
)

// query is what the flags of the search verb say.
type query struct {
	hex, regex, back       bool
	fold, exact            bool
	encodings              []string
	offset, length, inFile string
	limit                  int
}

func searchVerb(a *app) *cobra.Command {
	var q query
	cmd := &cobra.Command{
		Use: "search IMAGE PATTERN", Short: "Find text or bytes on the disk or in its files", GroupID: "read", Args: exactly(2),
		Long: "Prints where the pattern is found on the virtual disk, or with --file in the container's bytes.\n" +
			"Text is looked for in many encodings at once: UTF-8, UTF-16, code pages. On the disk only what is stored is read.\n" +
			"With --hex the pattern is bytes with wildcards: 'e8 ?? ?? 88 .. 3?'. With --regex it is a regular expression in\n" +
			`Go's syntax over bytes: 'pass(wd|word)\s*=' or '\xff\xd8\xff[\xe0\xe1]'.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.search(cmd.Context(), args[0], args[1], q) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("search")+")")
	flags.BoolVar(&q.hex, "hex", false, "the pattern is bytes in hex, ?? for any byte, 4? for any low digit")
	flags.BoolVar(&q.regex, "regex", false, "the pattern is a regular expression")
	flags.BoolVarP(&q.fold, "ignore-case", "i", false, "letters match in either case, which is how a text without capitals is looked for anyway")
	flags.BoolVar(&q.exact, "case-sensitive", false, "letters match as they are typed only")
	flags.StringSliceVar(&q.encodings, "encoding", nil, "look for text in `NAME` only; can be repeated ("+strings.Join(search.Encodings(), ", ")+")")
	flags.StringVar(&q.offset, "offset", "", "start at byte `N`")
	flags.StringVar(&q.length, "length", "", "search `N` bytes (default: up to the end)")
	flags.BoolVar(&q.back, "backwards", false, "search from the end to the start: the last hit comes first")
	flags.IntVar(&q.limit, "limit", 0, "stop after `N` hits")
	fileFlag(cmd, &q.inFile, "search the container's bytes: all files of the image, or the one `NAME`d (--file=NAME)")
	cmd.MarkFlagsMutuallyExclusive("hex", "regex")
	cmd.MarkFlagsMutuallyExclusive("ignore-case", "case-sensitive")
	return cmd
}

func (q query) pattern(text string) disk.Pattern {
	p := disk.Pattern{Text: text, FoldCase: q.fold, Encodings: q.encodings}
	switch {
	case q.hex:
		p.Reading = disk.AsHex
	case q.regex:
		p.Reading = disk.AsRegexp
	}
	p.FoldCase = p.FoldCase || !q.exact && p.EitherCase()
	return p
}

// where says what is searched, and how, for a search that finds nothing.
func (q query) where(p disk.Pattern) string {
	words := "on the virtual disk"
	switch {
	case q.inFile == first:
		words = "in the container's files"
	case q.inFile != "":
		words = "in " + decode.InQuotes(q.inFile)
	}
	if q.offset != "" || q.length != "" {
		words = "in that part, " + words
	}
	if p.Reading == disk.AsText && p.FoldCase {
		words += ", letters in either case"
	} else if p.Reading == disk.AsText {
		words += ", letters as typed (-i: either case)"
	}
	if q.inFile == "" {
		words += "; the container's own bytes were not searched (--file)"
	}
	return words
}

// limits is the range that the flags ask for.
func (q query) limits() (disk.Stretch, error) {
	from, err := size("--offset", q.offset, 0)
	if err != nil {
		return disk.Stretch{}, err
	}
	n, err := size("--length", q.length, 1<<62)
	if err != nil {
		return disk.Stretch{}, err
	}
	return disk.Stretch{From: from, To: from + min(n, 1<<62-min(from, 1<<62)), Backwards: q.back}, nil
}

func (a *app) search(ctx context.Context, path, pattern string, q query) error {
	m, err := search.Compile(q.pattern(pattern))
	if err != nil {
		return exit{ExitUsage, err}
	}
	limits, err := q.limits()
	if err != nil {
		return err
	}
	img, err := a.open(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	surfaces, err := surfaces(img, q.inFile)
	if err != nil {
		return err
	}
	var total, largest int64
	for _, s := range surfaces {
		total, largest = total+s.Size, max(largest, s.Size)
	}
	bar := a.progress(total)
	placer := disk.NewPlacer(ctx, engine.Explorer{}, img)
	opt := report.SearchOptions{Size: largest, Limit: q.limit, Where: q.where(q.pattern(pattern)), Holds: func(h disk.Hit) disk.Whereabouts { return placer.Of(ctx, h.Place) }}
	found, err := report.Search(a.out, a.hits(ctx, surfaces, m, limits, bar), opt, a.form())
	bar.done()
	if err == nil && found.Unread > 0 {
		err = fmt.Errorf("the search is not complete: %d ranges can't be read", found.Unread)
	}
	return err
}

// surfaces are what is searched: the disk, or files of the image.
func surfaces(img disk.Image, file string) ([]disk.Surface, error) {
	if file == "" {
		if info := img.Info(); !info.Readable() {
			return nil, info.Refused
		}
		return []disk.Surface{disk.DiskSurface(img)}, nil
	}
	if file != first {
		f, err := fileNamed(img, file)
		return []disk.Surface{disk.FileSurface(f)}, err
	}
	var list []disk.Surface
	for _, f := range img.Files() {
		list = append(list, disk.FileSurface(f))
	}
	return list, nil
}

// hits searches one surface after the other.
func (a *app) hits(ctx context.Context, list []disk.Surface, m *search.Matcher, r disk.Stretch, bar *progress) iter.Seq2[disk.Hit, error] {
	if r.Backwards {
		slices.Reverse(list)
	}
	return func(yield func(disk.Hit, error) bool) {
		var done int64
		for _, s := range list {
			progress := func(at, _ int64) { bar.set(done + min(r.From, s.Size) + at) }
			for h, err := range search.Search(ctx, s, m, r, progress) {
				if !yield(h, err) {
					return
				}
			}
			done += s.Size
		}
	}
}
