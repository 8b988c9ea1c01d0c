package cli

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine/disk"
)

// first stands for --file without a name.
const first = "*"

func readVerb(a *app) *cobra.Command {
	var offset, length string
	var sel selection
	cmd := a.imageVerb("read IMAGE", "Write the disk's bytes to standard output",
		"Writes the virtual disk to standard output, or the part of it or of the container that is selected.\n"+
			"Offsets and lengths count in the selected part; they take 512, 0x200, 64K, 10G, 100s (sectors of 512 bytes).",
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
			p, err := sel.find(ctx, img)
			if err != nil {
				return err
			}
			return a.read(ctx, p, from, n)
		})
	cmd.Flags().StringVar(&offset, "offset", "", "start at byte `N`")
	cmd.Flags().StringVar(&length, "length", "", "write `N` bytes (default: up to the end)")
	sel.flags(cmd)
	a.tablesFlag(cmd)
	a.asFlag(cmd)
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

// read writes n bytes of the part from off; a negative n stands for all that
// follow.
func (a *app) read(ctx context.Context, p part, off, n int64) error {
	if n < 0 {
		n = max(p.size-off, 0)
	}
	if off > p.size || n > p.size-off {
		if p.refused != nil {
			return p.refused
		}
		return &disk.Error{Kind: disk.OutOfRange, Op: "read", What: fmt.Sprintf("%d bytes from offset %d on: there are %d", n, off, p.size)}
	}
	bar := a.progress(n)
	defer bar.done()
	return p.stream(ctx, off, n, func(b []byte) error {
		if _, err := a.out.Write(b); err != nil {
			return err
		}
		bar.add(len(b))
		return nil
	})
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
