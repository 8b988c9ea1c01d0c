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
		Long: "Overwrites bytes of the virtual disk, or with --file bytes of the container. Sectors that the image does not store yet\n" +
			"get a block of their own, with the table entries that name it; then the file grows. Else no other byte changes.\n" +
			"With --expect nothing is written unless the old bytes are the given ones. All is written through a journal, made\n" +
			"durable, read back and compared. --renew also writes a new DataWriteGuid (VHDX) or CID (VMDK): by these, child images\n" +
			"notice that the content has changed.",
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
	cmd.Flags().BoolVar(&renew, "renew", false, "also give the disk a new content ID: DataWriteGuid or CID")
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
	if err := expected(s, p, len(data)); err != nil {
		return err
	}
	if p.renew {
		if title, err := s.Renew(ctx); err != nil {
			return err
		} else if title == "" {
			return disk.Errorf(disk.Unsupported, decode.Place{File: path}, "--renew: this image has no content ID; nothing was written")
		}
	}
	if err := p.stage(ctx, s, data); err != nil {
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

// stage makes the change.
func (p patch) stage(ctx context.Context, s *edit.Session, data []byte) error {
	if p.file == "" {
		return s.Write(ctx, "write", p.off, data)
	}
	f, err := p.container(s)
	if err != nil {
		return err
	}
	return s.Stage("write", disk.Edit{File: f.Name, Offset: p.off, Data: data})
}

// container is the file that is written.
func (p patch) container(s *edit.Session) (disk.File, error) {
	img, err := s.Image()
	if err != nil {
		return disk.File{}, err
	}
	return fileNamed(img, p.file)
}

// expected compares the first of n bytes that are to be overwritten with those that
// the user expects.
func expected(s *edit.Session, p patch, n int) error {
	switch {
	case len(p.expect) == 0:
		return nil
	case len(p.expect) > n:
		return usage("--expect: %d bytes more than are written", len(p.expect)-n)
	}
	at, plane, err := p.plane(s)
	if err != nil {
		return err
	}
	old := make([]byte, len(p.expect))
	if _, err := plane.ReadAt(old, p.off); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(old, p.expect) {
		return nil
	}
	return &disk.Error{Kind: disk.Damaged, Op: "write", At: at, What: fmt.Sprintf("the bytes there are %x, not %x as expected; nothing was written", old, p.expect)}
}

// plane is what is written, the disk or a file, as it is now.
func (p patch) plane(s *edit.Session) (decode.Place, io.ReaderAt, error) {
	if p.file != "" {
		f, err := p.container(s)
		return decode.Place{File: f.Name, Offset: p.off, Length: int64(len(p.expect))}, f.Data, err
	}
	img, err := s.Image()
	if err != nil {
		return decode.Place{}, nil, err
	}
	return decode.Place{File: "the virtual disk", Offset: p.off, Length: int64(len(p.expect))}, img, nil
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
