package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/views/report"
)

// first stands for --file without a name.
const first = "*"

func (a *app) readVerb() *cobra.Command {
	var offset, length, file string
	cmd := a.imageVerb("read IMAGE", "Write the disk's bytes to standard output",
		"Writes the virtual disk to standard output, or with --file the bytes of the container.\n"+
			"Offsets and lengths take 512, 0x200, 64K, 10G, 100s (sectors of 512 bytes).",
		func(ctx context.Context, img disk.Image) error {
			if isTerminal(a.out) {
				return usage("read: standard output is a terminal; send the bytes to a file or a program")
			}
			from, err := size("--offset", offset, 0)
			if err != nil {
				return err
			}
			n, err := size("--length", length, -1)
			if err != nil {
				return err
			}
			return a.read(ctx, img, from, n, file)
		})
	cmd.Flags().StringVar(&offset, "offset", "", "start at byte `N`")
	cmd.Flags().StringVar(&length, "length", "", "write `N` bytes (default: up to the end)")
	fileFlag(cmd, &file, "write the container's bytes: those of the image's first file, or of the one `NAME`d (--file=NAME)")
	return cmd
}

// fileFlag is --file, which may stand alone.
func fileFlag(cmd *cobra.Command, to *string, help string) {
	cmd.Flags().StringVar(to, "file", "", help)
	cmd.Flags().Lookup("file").NoOptDefVal = first
}

// size reads a size given on the command line; def stands for an empty one.
func size(flag, text string, def int64) (int64, error) {
	if text == "" {
		return def, nil
	}
	v, err := decode.ParseSize(text)
	if err != nil {
		return 0, exit{ExitUsage, fmt.Errorf("%s: %w", flag, err)}
	}
	if v > math.MaxInt64 {
		return 0, usage("%s: %s is too large", flag, text)
	}
	return int64(v), nil
}

// read writes n bytes from off on; a negative n stands for all that follow.
func (a *app) read(ctx context.Context, img disk.Image, off, n int64, file string) error {
	total := img.Info().VirtualSize
	var from disk.File
	if file != "" {
		var err error
		if from, err = fileNamed(img, file); err != nil {
			return err
		}
		total = from.Size
	}
	if n < 0 {
		n = max(total-off, 0)
	}
	bar := a.progress(n)
	defer bar.done()
	emit := func(b []byte) error {
		if _, err := a.out.Write(b); err != nil {
			return err
		}
		bar.add(len(b))
		return nil
	}
	if file != "" {
		return engine.StreamFile(ctx, from, off, n, emit)
	}
	return engine.Stream(ctx, img, off, n, emit)
}

// fileNamed finds one of the image's files.
func fileNamed(img disk.Image, name string) (disk.File, error) {
	var names []string
	for _, f := range img.Files() {
		if name == first || f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return disk.File{}, usage("--file: the image has no file %q; it consists of %s", name, strings.Join(names, ", "))
}

func (a *app) hashVerb() *cobra.Command {
	files := false
	cmd := a.verb("hash IMAGE", "SHA-256 of the disk or of its files",
		"Prints the SHA-256 of the virtual disk: that of the bytes that `platter read` writes. With --file those of the image's files.",
		func(ctx context.Context, img disk.Image) error {
			if files {
				return a.hashFiles(ctx, img)
			}
			return a.hashDisk(ctx, img)
		})
	cmd.Flags().BoolVar(&files, "file", false, "hash each of the container's files instead")
	return cmd
}

func (a *app) hashDisk(ctx context.Context, img disk.Image) error {
	info := img.Info()
	g, err := a.digest(info.VirtualSize, func(emit func([]byte) error) error {
		return engine.Stream(ctx, img, 0, info.VirtualSize, emit)
	})
	if err != nil {
		return err
	}
	return report.DiskDigest(a.out, info.Path, g, a.form())
}

func (a *app) hashFiles(ctx context.Context, img disk.Image) error {
	var list []report.Digest
	for _, f := range img.Files() {
		g, err := a.digest(f.Size, func(emit func([]byte) error) error {
			return engine.StreamFile(ctx, f, 0, f.Size, emit)
		})
		if err != nil {
			return err
		}
		g.File = f.Name
		list = append(list, g)
	}
	return report.FileDigests(a.out, img.Info().Path, list, a.form())
}

func (a *app) digest(n int64, stream func(emit func([]byte) error) error) (report.Digest, error) {
	bar := a.progress(n)
	defer bar.done()
	h := sha256.New()
	err := stream(func(b []byte) error {
		h.Write(b) // a hash never fails
		bar.add(len(b))
		return nil
	})
	return report.Digest{Bytes: n, SHA256: [32]byte(h.Sum(nil))}, err
}
