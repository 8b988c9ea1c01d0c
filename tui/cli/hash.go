package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine/disk"
	"platter/engine/transfer"
	"platter/views/report"
)

// hashing are the flags of the verb hash.
type hashing struct {
	files bool
	with  []string
	check string
}

func hashVerb(a *app) *cobra.Command {
	var h hashing
	cmd := &cobra.Command{
		Use: "hash [IMAGE]", Short: "Digests of the disk or of its files", GroupID: "read",
		Long: "Prints the SHA-256 of the virtual disk: that of the bytes that `platter read` writes. With --file those of the image's files.\n" +
			"--with takes other algorithms, several in one pass: each line then names its algorithm, as `sha256sum --tag` does.\n" +
			"--check FILE holds the disks against digests in the forms of sha256sum and b3sum: each line names an image. With IMAGE, the\n" +
			"lines are for it alone, whatever a list that names one thing calls it: the digest of a raw copy fits as well; with --file\n" +
			"they are for its files. Exit code 1: something does not match, or can't be read.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(h.with) == 0 {
				return usage("--with: no algorithm is given")
			}
			digests, err := transfer.NewDigests(h.with)
			if err != nil {
				return exit{ExitUsage, fmt.Errorf("--with: %w", err)}
			}
			if h.check != "" && len(args) == 0 && !h.files {
				return a.checkSums(cmd.Context(), h, "")
			}
			if err := exactly(1)(cmd, args); err != nil {
				return err
			}
			if h.check != "" {
				return a.checkSums(cmd.Context(), h, args[0])
			}
			return a.withImage(cmd.Context(), args[0], func(img disk.Image) error {
				return a.hash(cmd.Context(), img, h, digests.Names())
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&h.files, "file", false, "hash each of the container's files instead")
	f.StringSliceVar(&h.with, "with", []string{"sha256"}, "hash with `ALG`, one of "+strings.Join(transfer.Algorithms(), ", ")+"; several with commas")
	f.StringVar(&h.check, "check", "", "compare with the digests in `FILE`")
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("hash")+")")
	a.tablesFlag(cmd)
	a.asFlag(cmd)
	return cmd
}

// withImage opens an image for reading, and closes it.
func (a *app) withImage(ctx context.Context, path string, run func(img disk.Image) error) error {
	img, err := a.open(ctx, path)
	if err != nil {
		return err
	}
	a.unfinished(img.Info())
	return errors.Join(run(img), img.Close())
}

// hash prints the digests of an image.
func (a *app) hash(ctx context.Context, img disk.Image, h hashing, with []string) error {
	info := img.Info()
	if !h.files {
		g, err := a.diskDigest(ctx, img, with)
		if err != nil {
			return err
		}
		return report.DiskDigest(a.out, info.Path, g, a.form())
	}
	var list []report.Digest
	for _, f := range disk.FilesOnDisk(img) {
		g, err := a.fileDigest(ctx, f, with)
		if err != nil {
			return err
		}
		list = append(list, g)
	}
	return report.FileDigests(a.out, info.Path, list, a.form())
}

func (a *app) diskDigest(ctx context.Context, img disk.Image, with []string) (report.Digest, error) {
	n := img.Info().VirtualSize
	return a.digest(n, with, func(emit func([]byte) error) error { return transfer.Disk(ctx, img, 0, n, emit) })
}

func (a *app) fileDigest(ctx context.Context, f disk.File, with []string) (report.Digest, error) {
	g, err := a.digest(f.Size, with, func(emit func([]byte) error) error { return transfer.File(ctx, f, 0, f.Size, emit) })
	g.File = f.Name
	return g, err
}

func (a *app) digest(n int64, with []string, stream func(emit func([]byte) error) error) (report.Digest, error) {
	digests, err := transfer.NewDigests(with)
	if err != nil {
		return report.Digest{}, err
	}
	bar := a.progress(n)
	defer bar.done()
	err = stream(func(b []byte) error {
		bar.add(len(b))
		_, err := digests.Write(b)
		return err
	})
	return report.Digest{Bytes: n, Sums: digests.Sums()}, err
}

// checkSums holds disks, or the files of one image, against a list of digests.
func (a *app) checkSums(ctx context.Context, h hashing, image string) error {
	f, err := os.Open(h.check)
	if err != nil {
		return err
	}
	sums, err := transfer.ReadSums(f, h.with)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", h.check, err)
	}
	var list []report.Checked
	if image == "" {
		list, err = a.checkImages(ctx, sums)
	} else {
		err = a.withImage(ctx, image, func(img disk.Image) (err error) {
			list, err = a.checkImage(ctx, img, sums, h.files)
			return err
		})
	}
	if err != nil {
		return err
	}
	if err := report.CheckedDigests(a.out, list, a.form()); err != nil {
		return err
	}
	for _, c := range list {
		if !c.Matches() {
			return exit{ExitFailed, nil}
		}
	}
	return nil
}

// checkImages holds each image of a list against its digests. What can't be read is in
// the list as well: the others are held all the same.
func (a *app) checkImages(ctx context.Context, sums []transfer.Sum) ([]report.Checked, error) {
	var list []report.Checked
	for _, group := range transfer.ByName(sums) {
		var g report.Digest
		err := a.withImage(ctx, group[0].Name, func(img disk.Image) (err error) {
			g, err = a.diskDigest(ctx, img, transfer.Asked(group))
			return err
		})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		list = append(list, compared(group, g, err)...)
	}
	return list, nil
}

// checkImage holds one image, or its files, against the digests that are for it.
func (a *app) checkImage(ctx context.Context, img disk.Image, sums []transfer.Sum, files bool) ([]report.Checked, error) {
	var list []report.Checked
	groups := transfer.ByName(sums)
	path := img.Info().Path
	for _, group := range groups {
		if !files && (len(groups) == 1 || group[0].Name == path) {
			g, err := a.diskDigest(ctx, img, transfer.Asked(group))
			return compared(group, g, err), ctx.Err()
		}
		for _, f := range disk.FilesOnDisk(img) {
			if files && f.Name == group[0].Name {
				g, err := a.fileDigest(ctx, f, transfer.Asked(group))
				list = append(list, compared(group, g, err)...)
			}
		}
	}
	if len(list) == 0 {
		return nil, usage("--check: no line of the list names %s; it has %d names", path, len(groups))
	}
	return list, ctx.Err()
}

// compared holds digests against those that are expected.
func compared(group []transfer.Sum, g report.Digest, err error) []report.Checked {
	var list []report.Checked
	for _, s := range group {
		c := report.Checked{Name: s.Name, Algorithm: s.Algorithm, Expected: s.Hex, Err: err}
		for _, d := range g.Sums {
			if d.Algorithm == s.Algorithm && err == nil {
				c.Found = d.Hex
			}
		}
		list = append(list, c)
	}
	return list
}
