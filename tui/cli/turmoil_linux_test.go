package cli_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"platter/engine/enginetest"
	"platter/engine/store"
)

// turmoil is an image that several programs write to at once, some of which are killed.
type turmoil struct {
	t    *testing.T
	rng  *rand.Rand
	path string
	span time.Duration // that a write takes
	next byte          // what the next writer fills with
	said map[string]int
}

// turmoilSize is the image's size, of which writers fill the first half and QEMU the last
// quarter, in bytes.
const turmoilSize = 4 << 20

// party is a program at work on the image.
type party struct {
	cmd   *exec.Cmd
	fill  byte // 0: it writes nothing of its own
	said  bytes.Buffer
	ended chan struct{}
	err   error // once it has ended
}

// killed reports whether it ended by a signal.
func (p *party) killed() bool { return p.cmd.ProcessState.ExitCode() < 0 }

func (m *turmoil) start(fill byte, in io.Reader, name string, args ...string) *party {
	m.t.Helper()
	p := &party{cmd: exec.Command(name, args...), fill: fill, ended: make(chan struct{})}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p
}

// writer starts a write of the first half.
func (m *turmoil) writer() *party {
	m.next = m.next%250 + 1
	content := bytes.Repeat([]byte{m.next}, turmoilSize/2)
	return m.start(m.next, bytes.NewReader(content), built, "write", m.path, "--format", "raw", "--offset", "0")
}

func (m *turmoil) recoverer() *party {
	way := []string{"--back", "--forward"}[m.rng.IntN(2)]
	return m.start(0, nil, built, "recover", m.path, "--format", "raw", way, "--yes")
}

func (m *turmoil) qemu() *party {
	m.next = m.next%250 + 1
	write := "write -P " + strconv.Itoa(int(m.next)) + " 3M 1M"
	return m.start(m.next, nil, "qemu-io", "-f", "raw", "-c", write, m.path)
}

// atWork waits until there is a journal, or the party has ended.
func (m *turmoil) atWork(p *party) {
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-tick.C:
			if _, err := os.Stat(store.JournalName(m.path)); err == nil {
				return
			}
		}
	}
}

// end waits for a party, or kills it after a random time, and reports whether it said
// that it has done its work.
func (m *turmoil) end(p *party, kill bool) bool {
	if kill {
		select {
		case <-p.ended:
		case <-time.After(time.Duration(m.rng.Int64N(int64(m.span)))):
			p.cmd.Process.Kill()
		}
	}
	<-p.ended
	return p.err == nil
}

// content is what the first half and the last quarter are filled with. Another content
// is a torn one.
func (m *turmoil) content() (first, last byte) {
	m.t.Helper()
	b, err := os.ReadFile(m.path)
	if err != nil || len(b) != turmoilSize {
		m.t.Fatalf("%d bytes, %v", len(b), err)
	}
	first, last = b[0], b[turmoilSize-1]
	half, quarter := b[:turmoilSize/2], b[turmoilSize*3/4:]
	if bytes.Count(half, b[:1]) != len(half) || bytes.Count(quarter, b[turmoilSize-1:]) != len(quarter) {
		m.t.Fatal("the image is torn")
	}
	return first, last
}

// settle recovers what was left behind.
func (m *turmoil) settle() {
	m.t.Helper()
	if _, err := os.Stat(store.JournalName(m.path)); err != nil {
		return
	}
	m.said["left a journal"]++
	way := []string{"--back", "--forward"}[m.rng.IntN(2)]
	code, said := program("", "recover", m.path, "--format", "raw", way, "--yes")
	if code != 0 { // a journal that is not whole leads back only
		code, said = program("", "recover", m.path, "--format", "raw", "--back", "--yes")
	}
	if code != 0 {
		m.t.Fatalf("recover: %s", said)
	}
}

// round has a writer at work, most often killed, and another program beside it.
func (m *turmoil) round(beside func() *party) {
	m.t.Helper()
	first, last := m.content()
	parties := []*party{m.writer()}
	if m.rng.IntN(4) > 0 {
		m.atWork(parties[0])
	}
	parties = append(parties, beside())
	done := []bool{m.end(parties[0], m.rng.IntN(2) > 0), m.end(parties[1], m.rng.IntN(4) == 0)}
	m.settle()
	newFirst, newLast := m.content()
	for i, p := range parties {
		at, was := &newFirst, first
		if p.cmd.Path != built {
			at, was = &newLast, last
		}
		other := parties[1-i]
		rival := other.cmd.Path == p.cmd.Path && other.fill != 0
		switch {
		case p.fill == 0:
		case done[i] && *at != p.fill && !(rival && *at == other.fill):
			m.t.Fatalf("%v is done, and the image holds %d, %d before: %s%s", p.cmd.Args[1:], *at, was, &p.said, &other.said)
		case !done[i] && !p.killed() && *at == p.fill:
			m.t.Fatalf("%v has failed, and its bytes are there: %s%s", p.cmd.Args[1:], &p.said, &other.said)
		case *at != was && *at != p.fill && !(rival && *at == other.fill):
			m.t.Fatalf("the image holds %d, before %d: %s%s", *at, was, &p.said, &other.said)
		}
		switch {
		case done[i]:
			m.said["done"]++
		case p.killed():
			m.said["killed"]++
		default:
			m.said["refused"]++
		}
	}
}

// TestTurmoil has two writers, a writer and recover, a writer and QEMU at work on one
// image at once, and kills them in the midst: the image is never torn, and who says that
// it is done has its bytes there.
func TestTurmoil(t *testing.T) {
	enginetest.Tool(t, "qemu-io")
	rounds := 2
	if enginetest.Full() {
		rounds = 500
	}
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, make([]byte, turmoilSize), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &turmoil{t: t, rng: rand.New(rand.NewPCG(14, 13)), path: path, said: map[string]int{}}
	start := time.Now()
	if !m.end(m.writer(), false) {
		t.Fatal("not written")
	}
	m.span = time.Since(start) / 2
	for i, beside := range []func() *party{m.writer, m.recoverer, m.qemu} {
		t.Run([]string{"two writers", "a writer and recover", "a writer and QEMU"}[i], func(t *testing.T) {
			m.t = t
			clear(m.said)
			for range rounds {
				m.round(beside)
			}
			t.Log(m.said)
		})
	}
}
