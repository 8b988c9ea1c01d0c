package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"platter/decode"
)

// isTerminal reports whether what is written there is seen by a person. The
// terminal is not asked anything.
func isTerminal(w any) bool {
	if c, ok := w.(*counted); ok {
		w = c.Writer
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// progress is a line on standard error that tells how far a long job is. It keeps
// silent where nobody sees it, unless it is asked for: then there is a line a second.
type progress struct {
	w        io.Writer // nil: silent
	lines    bool      // one after the other, instead of one that is drawn again
	at, size int64     // size below 0: it is not known
	began    time.Time
	shown    time.Time
	visible  bool
}

// How often the line is renewed, and how long a job takes at least before it says
// anything.
const (
	progressEvery = 250 * time.Millisecond
	progressLines = time.Second
)

// progressFlags adds -p and -q to a verb that writes.
func (a *app) progressFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&a.bars, "progress", "p", a.bars, "tell on standard error how far it is; where that is no terminal, once a second")
	cmd.Flags().Lookup("progress").DefValue = "false" // help is the same everywhere
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "print warnings only")
}

// progress begins a job of that many bytes, or of one below 0: of nobody knows how many.
func (a *app) progress(size int64) *progress {
	if a.quiet || !a.bars {
		return &progress{}
	}
	now := time.Now()
	return &progress{w: a.errs, size: size, lines: !isTerminal(a.errs), began: now, shown: now}
}

func (p *progress) add(n int) { p.set(p.at + int64(n)) }

// set says how far the job is.
func (p *progress) set(at int64) {
	p.at = at
	every := progressEvery
	if p.lines {
		every = progressLines
	}
	if p.w == nil || time.Since(p.shown) < every {
		return
	}
	p.shown, p.visible = time.Now(), !p.lines
	if p.lines {
		fmt.Fprintln(p.w, p.words())
		return
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", p.words())
}

// of says how far the job is, and how large.
func (p *progress) of(at, size int64) {
	p.size = size
	p.set(at)
}

// words tell how far the job is, and how fast.
func (p *progress) words() string {
	speed := decode.FormatSize(uint64(float64(p.at)/max(p.shown.Sub(p.began).Seconds(), 0.001))) + "/s"
	if p.size < 0 {
		return decode.FormatSize(uint64(p.at)) + "  " + speed
	}
	return fmt.Sprintf("%5.1f %%  %s of %s  %s", float64(p.at)*100/float64(max(p.size, 1)), decode.FormatSize(uint64(p.at)), decode.FormatSize(uint64(p.size)), speed)
}

// done takes the line away.
func (p *progress) done() {
	if p.visible {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
