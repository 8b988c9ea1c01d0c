package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

func (a *app) writeVerb() *cobra.Command {
	var offset, expect, file string
	var renew bool
	cmd := &cobra.Command{
		Use: "write IMAGE --offset N", Short: "Overwrite bytes with those on standard input", GroupID: "write", Args: exactly(1),
		Long: "Overwrites bytes of the virtual disk, where its sectors are stored in the image, or with --file bytes of the container.\n" +
			"Nothing is inserted and no file grows. With --expect nothing is written unless the old bytes are the given ones.\n" +
			"The bytes are written through a journal, made durable, read back and compared. No other byte changes, unless --renew\n" +
			"asks for a new DataWriteGuid (VHDX) or CID (VMDK): these tell children of the disk that its content is another one.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("offset") {
				return usage("write: --offset is needed")
			}
			off, err := size("--offset", offset, 0)
			if err != nil {
				return err
			}
			old, err := hex.DecodeString(strings.Join(strings.Fields(expect), ""))
			if err != nil {
				return usage("--expect: %q is not hex", expect)
			}
			return a.write(cmd.Context(), args[0], patch{off, old, file, renew}, cmd.InOrStdin())
		},
	}
	cmd.Flags().StringVar(&offset, "offset", "", "start at byte `N` (512, 0x200, 64K, 100s)")
	cmd.Flags().StringVar(&expect, "expect", "", "refuse unless the old bytes begin with `HEX`")
	cmd.Flags().BoolVar(&renew, "renew", false, "also mark the disk's content as changed: a new DataWriteGuid or CID")
	fileFlag(cmd, &file, "write to the container: to the image's first file, or to the one `NAME`d (--file=NAME)")
	return cmd
}

// patch is where and how bytes are overwritten.
type patch struct {
	off    int64
	expect []byte
	file   string // of the container; empty: the virtual disk
	renew  bool   // mark the content as changed
}

func (a *app) write(ctx context.Context, path string, p patch, in io.Reader) error {
	if strings.HasPrefix(path, engine.SamplePrefix) {
		return usage("write: %s is built in and can't be written; write to a file", path)
	}
	data, err := input(in)
	if err != nil {
		return err
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	edits, err := place(s, p.off, int64(len(data)), p.file)
	if err != nil {
		return err
	}
	if err := expected(s, edits, p.expect); err != nil {
		return err
	}
	for i := range edits {
		data = data[copy(edits[i].Data, data):]
	}
	if p.renew {
		if title, err := s.Renew(ctx); err != nil {
			return err
		} else if title == "" {
			return disk.Errorf(disk.Unsupported, decode.Place{File: path}, "--renew: this image has no mark of its content that could be replaced; nothing was written")
		}
	}
	if err := s.Stage("write", edits...); err != nil {
		return err
	}
	return a.commit(ctx, s)
}

// input takes all of standard input, as far as a workspace can stage it.
func input(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, store.MaxStaged/2+1))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(data) > store.MaxStaged/2 {
		return nil, usage("write: more than %s on standard input", decode.FormatSize(store.MaxStaged/2))
	}
	return data, nil
}

// place finds the bytes to overwrite.
func place(s *edit.Session, off, n int64, file string) ([]disk.Edit, error) {
	if file == "" {
		return s.Place(off, n)
	}
	img, err := s.Image()
	if err != nil {
		return nil, err
	}
	f, err := fileNamed(img, file)
	if err != nil {
		return nil, err
	}
	return []disk.Edit{{File: f.Name, Offset: off, Data: make([]byte, n)}}, nil
}

// expected compares the bytes that are there with those that the user expects.
func expected(s *edit.Session, edits []disk.Edit, want []byte) error {
	for _, e := range edits {
		if len(want) == 0 {
			return nil
		}
		r, err := s.OnDisk(e.File)
		if err != nil {
			return err
		}
		old := make([]byte, min(len(e.Data), len(want)))
		if _, err := r.ReadAt(old, e.Offset); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(old, want[:len(old)]) {
			return &disk.Error{Kind: disk.Damaged, Op: "write", At: decode.Place{File: e.File, Offset: e.Offset, Length: int64(len(old))},
				What: fmt.Sprintf("the bytes there are %x, not %x as expected; nothing was written", old, want[:len(old)])}
		}
		want = want[len(old):]
	}
	if len(want) > 0 {
		return usage("--expect: %d bytes more than are written", len(want))
	}
	return nil
}

// commit warns of what the write breaks, and writes.
func (a *app) commit(ctx context.Context, s *edit.Session) error {
	warnings, err := s.Writable(ctx)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(a.errs, "platter: warning: "+w)
	}
	return s.Commit(ctx)
}
