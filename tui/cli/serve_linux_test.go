package cli_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"platter/engine/enginetest"
)

// serving starts the program as a server and returns the address, and a way to stop it.
func serving(t *testing.T, args ...string) (uri string, stop func()) {
	t.Helper()
	cmd := exec.Command(built, append([]string{"serve"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cmd.Wait()
		t.Fatalf("%v: %s", err, &errs)
	}
	stopped := false
	stop = func() {
		t.Helper()
		if stopped {
			return
		}
		stopped = true
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("serve exits %d: %s", code, &errs)
		}
	}
	t.Cleanup(stop)
	return line[strings.Index(line, "nbd"):][:len(line[strings.Index(line, "nbd"):])-1], stop
}

// TestServe holds the disk that is served against the image, as qemu-img reads it, and
// what qemu-io writes through us.
func TestServe(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "qemu-io")
	raw, content := aDisk(t)
	dir := t.TempDir()
	for _, name := range []string{"d.vhd", "d.vhdx", "d.vmdk"} {
		path, socket := filepath.Join(dir, name), filepath.Join(dir, "s")
		done(t, "convert", raw, path, "-q")
		before := sha256.Sum256(mustRead(t, path))
		uri, stop := serving(t, path, "--socket", socket)
		enginetest.Run(t, "qemu-img", "compare", "-f", "raw", "-F", "raw", uri, raw)
		if out := enginetest.Run(t, "qemu-img", "map", "-f", "raw", "--output=json", uri); name == "d.vmdk" && !strings.Contains(out, `"zero": true`) {
			t.Errorf("%s: no zeros in\n%s", name, out)
		}
		stop()
		if _, err := os.Stat(socket); err == nil {
			t.Error("the socket is left behind")
		}
		if sha256.Sum256(mustRead(t, path)) != before {
			t.Errorf("%s was changed by reading", name)
		}

		child := filepath.Join(dir, "child-"+name)
		uri, stop = serving(t, path, "--socket", socket, "--cow", child)
		enginetest.Run(t, "qemu-io", "-f", "raw", "-c", "write -P 7 700k 100k", "-c", "write -z 1M 64k", "-c", "flush", uri)
		stop()
		want := bytes.Clone(content)
		copy(want[700<<10:], bytes.Repeat([]byte{7}, 100<<10))
		clear(want[1<<20 : 1<<20+64<<10])
		if got := done(t, "read", child); !bytes.Equal(got, want) || sha256.Sum256(mustRead(t, path)) != before {
			t.Errorf("%s: the child holds another disk, or its parent was changed", name)
		}
		done(t, "check", child)
		if err := os.Remove(child); err != nil {
			t.Fatal(err)
		}

		uri, stop = serving(t, path, "--listen", "127.0.0.1:0", "--write")
		enginetest.Run(t, "qemu-io", "-f", "raw", "-c", "write -P 7 700k 100k", "-c", "write -z 1M 64k", uri)
		stop()
		if got := done(t, "read", path); !bytes.Equal(got, want) {
			t.Errorf("%s holds another disk", name)
		}
		done(t, "check", path)
	}
}

// TestServeLogStep serves the disk before and after the replay of a log.
func TestServeLogStep(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	dir := t.TempDir()
	sum := func(args ...string) string {
		t.Helper()
		uri, stop := serving(t, append([]string{"sample:dirty", "--socket", filepath.Join(dir, "s")}, args...)...)
		raw := filepath.Join(dir, "out.raw")
		enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "raw", uri, raw)
		stop()
		return document[hashDocument](t, "hash", "--format", "raw", raw).Digests["sha256"]
	}
	want := document[hashDocument](t, "hash", "sample:dirty").Digests["sha256"]
	if got := sum(); got != want {
		t.Errorf("served is %s, want %s", got, want)
	}
	if got := sum("--log-step", "0"); got == want {
		t.Error("without the log the disk is the same")
	}
	for _, args := range [][]string{{"sample:dirty", "--log-step", "1000"}, {"sample:vmdk", "--log-step", "0"}, {"sample:dirty", "--log-step", "0", "--write"}} {
		if code, _, errs := run(t, append([]string{"serve"}, args...)...); code == 0 || len(errs) == 0 {
			t.Errorf("%v: code %d, %s", args, code, errs)
		}
	}
}
