package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/nbd"
)

// usualAddress is where a disk is served unless a flag says so: reachable from this
// machine only.
const usualAddress = "127.0.0.1:10809"

// serving are the flags of the verb serve.
type serving struct {
	write, force     bool
	cow              string
	layer, partition int
	step             int // entries of the log that are replayed; -1: all
	socket, listen   string
}

func serveVerb(a *app) *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use: "serve IMAGE", Short: "Serve the disk to other programs (NBD)", GroupID: "read", Args: exactly(1),
		Long: "Serves the disk over the NBD protocol, on a Unix socket or on " + usualAddress + ", until it is interrupted: QEMU, nbdfuse, libguestfs\n" +
			"and forensic suites read with it what they can't read themselves. The image is only read, unless --write says otherwise: then\n" +
			"clients write straight to it; what they flush survives a power cut. --cow makes a child first and lets them write to that: the\n" +
			"image stays as it is.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.refuse("serve", args[0], a.serve(cmd.Context(), args[0], s), false)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&s.write, "write", false, "let clients write to the image")
	f.Var(&textFlag{&s.cow, "PATH"}, "cow", "make a child of the image at PATH, and let clients write to it")
	f.BoolVar(&s.force, "force", false, "write although other images have this one as their parent")
	f.IntVar(&s.layer, "layer", 0, "serve the disk of the `N`-th parent instead, as it is without its children")
	f.IntVar(&s.step, "log-step", -1, "serve the disk as it is after the first `N` entries of the log were replayed: 0 is the disk without the log (vhdx)")
	f.IntVar(&s.partition, "partition", 0, "serve partition `N` of the disk only")
	f.Var(&textFlag{&s.socket, "PATH"}, "socket", "serve on a Unix socket, which is made at PATH")
	f.Var(&textFlag{&s.listen, "ADDRESS:PORT"}, "listen", "serve on this address (default "+usualAddress+"); who can reach it can read the disk")
	return cmd
}

func (a *app) serve(ctx context.Context, path string, s serving) error {
	switch {
	case s.write && s.cow != "", s.socket != "" && s.listen != "":
		return usage("serve: --write and --cow exclude each other, and so do --socket and --listen")
	case (s.write || s.cow != "") && s.layer != 0:
		return usage("serve: --layer can only be read")
	case s.layer < 0:
		return usage("--layer %d: expected 0 or more", s.layer)
	case (s.write || s.cow != "") && s.step >= 0:
		return usage("serve: --log-step can only be read")
	case s.step < -1:
		return usage("--log-step %d: expected 0 or more", s.step)
	}
	if s.cow != "" {
		child, err := a.coverWith(ctx, path, s.cow)
		if err != nil {
			return err
		}
		path = child
	}
	if s.write || s.cow != "" {
		return a.serveWrite(ctx, path, s)
	}
	img, err := a.openSource(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	a.unfinished(img.Info())
	layer := img
	for n := range s.layer {
		if layer = layer.Parent(); layer == nil {
			return usage("--layer %d: the chain has %s", s.layer, decode.Plural(n, "parent", "parents"))
		}
	}
	if s.step >= 0 {
		if layer, err = atStep(ctx, layer, s.step); err != nil {
			return err
		}
		defer layer.Close()
	}
	if info := layer.Info(); !info.Readable() {
		return info.Refused
	}
	start, length, err := s.part(ctx, layer)
	if err != nil {
		return err
	}
	e := nbd.Export{Size: length, Read: io.NewSectionReader(layer, start, length)}
	whole := nbd.StatusOf(layer)
	e.Status = func(ctx context.Context, off, n int64) ([]disk.Run, error) { return whole(ctx, start+off, n) }
	return a.announced(ctx, layer, s, e)
}

// atStep is an image as it is when the first n entries of its log were replayed.
func atStep(ctx context.Context, img disk.Image, n int) (disk.Image, error) {
	log, ok := img.(disk.Logged)
	if !ok {
		return nil, usage("--log-step: %s has no log: only a VHDX has", img.Info().Path)
	}
	return log.AtStep(ctx, n)
}

// part is the range of the disk that is served.
func (s serving) part(ctx context.Context, img disk.Image) (start, length int64, err error) {
	if s.partition == 0 {
		return 0, img.Info().VirtualSize, nil
	}
	p, err := partitionOf(ctx, img, s.partition)
	return p.Start, p.Length, err
}

// coverWith makes a child of an image.
func (a *app) coverWith(ctx context.Context, path, child string) (string, error) {
	img, err := a.open(ctx, path)
	if err != nil {
		return "", err
	}
	format := img.Info().Format
	if err := img.Close(); err != nil {
		return "", err
	}
	_, err = engine.Create(ctx, child, engine.CreateOptions{Format: format, Parent: path, Allow: a.opt.Allow})
	return child, err
}

// serveWrite serves a disk that clients can write to.
func (a *app) serveWrite(ctx context.Context, path string, s serving) error {
	session, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer session.Close()
	if err := session.Childless(ctx); err != nil && !s.force {
		return err
	}
	if err := session.Replayed(); err != nil {
		return err
	}
	if _, err := session.Openable(); err != nil {
		return err
	}
	img, err := session.Image()
	if err != nil {
		return err
	}
	start, length, err := s.part(ctx, img)
	if err != nil {
		return err
	}
	_, err = session.Straight(ctx, disk.WriteOptions{Ahead: ahead, Renew: true}, func(ctx context.Context, w disk.Writer) error {
		w = within{w, start, length}
		return a.announced(ctx, img, s, nbd.Export{Size: length, Read: w, Write: w})
	})
	return err
}

// announced tells where a disk is served, and serves it.
func (a *app) announced(ctx context.Context, img disk.Image, s serving, e nbd.Export) error {
	l, where, err := s.listener(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	how := "read-only"
	if e.Write != nil {
		how = "to be read and written"
	}
	fmt.Fprintf(a.out, "serving %s, %s bytes, %s: %s\nstop with ctrl+c\n", decode.Printable(img.Info().Path), decode.Grouped(e.Size), how, where)
	return nbd.Serve(ctx, l, e)
}

// listener opens the way in. A socket is for the user alone.
func (s serving) listener(ctx context.Context) (net.Listener, string, error) {
	var how net.ListenConfig
	if s.socket == "" {
		address := s.listen
		if address == "" {
			address = usualAddress
		}
		l, err := how.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, "", err
		}
		return l, "nbd://" + l.Addr().String(), nil
	}
	path, err := filepath.Abs(s.socket)
	if err != nil {
		return nil, "", err
	}
	l, err := how.Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, "", fmt.Errorf("%w: something has this name already; if it is the socket of a server that has ended, remove it", err)
	}
	if err != nil {
		return nil, "", err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, "", errors.Join(err, l.Close())
	}
	return l, "nbd+unix:///?socket=" + strings.ReplaceAll(url.QueryEscape(path), "%2F", "/"), nil
}

// within is a part of a disk that is open for writing. Its requests were checked against
// its length.
type within struct {
	disk.Writer
	start, length int64
}

// Size is the length of the part.
func (w within) Size() int64 { return w.length }

// ReadAt reads the part.
func (w within) ReadAt(p []byte, off int64) (int, error) { return w.Writer.ReadAt(p, w.start+off) }

// WriteAt writes to the part.
func (w within) WriteAt(p []byte, off int64) (int, error) { return w.Writer.WriteAt(p, w.start+off) }

// Zero makes a range of the part read as zeros.
func (w within) Zero(ctx context.Context, off, n int64) error {
	return w.Writer.Zero(ctx, w.start+off, n)
}

// Trim gives up a range of the part.
func (w within) Trim(ctx context.Context, off, n int64) error {
	return w.Writer.Trim(ctx, w.start+off, n)
}
