package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"

	"platter/decode"
)

// isTerminal reports whether what is written there is seen by a person. The
// terminal is not asked anything.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// progress is a line on standard error that tells how far a long job is. It
// keeps silent where nobody sees it, and while it would mix with the output.
type progress struct {
	w        io.Writer // nil: silent
	at, size int64
	shown    time.Time
	visible  bool
}

// progressEvery is how often the line is renewed, and how long a job takes at
// least before it says anything.
const progressEvery = 250 * time.Millisecond

func (a *app) progress(size int64) *progress {
	if !isTerminal(a.errs) {
		return &progress{}
	}
	return &progress{w: a.errs, size: size, shown: time.Now()}
}

func (p *progress) add(n int) { p.set(p.at + int64(n)) }

// set says how far the job is.
func (p *progress) set(at int64) {
	p.at = at
	if p.w == nil || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown, p.visible = time.Now(), true
	fmt.Fprintf(p.w, "\r%3d %%  %s of %s\x1b[K", p.at*100/max(p.size, 1), decode.FormatSize(uint64(p.at)), decode.FormatSize(uint64(p.size)))
}

// done takes the line away.
func (p *progress) done() {
	if p.visible {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
