package cli

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"platter/engine"
)

// recentMost is how many recent files are remembered.
const recentMost = 20

// stateDir is the user's folder for what the program remembers between runs;
// empty if there is none, or if the user wants no trace.
func (a *app) stateDir() string {
	if a.noState {
		return ""
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" && runtime.GOOS != "linux" {
		base, _ = os.UserConfigDir() // none: nothing is remembered
	}
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "platter")
}

// recent lists the files that were opened last, the latest first. What can't
// be read counts as empty: a lost list is no reason to fail.
func (a *app) recent() []string {
	dir := a.stateDir()
	if dir == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, "recent"))
	if err != nil {
		return nil
	}
	var list []string
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() && len(list) < recentMost {
		if path, err := strconv.Unquote(lines.Text()); err == nil && path != "" {
			list = append(list, path)
		}
	}
	return list
}

// remember puts a path at the head of the list.
func (a *app) remember(path string) {
	dir := a.stateDir()
	if dir == "" || strings.HasPrefix(path, engine.SamplePrefix) {
		return
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	list := slices.DeleteFunc(a.recent(), func(p string) bool { return p == path })
	list = append([]string{path}, list...)
	var b strings.Builder
	for _, p := range list[:min(len(list), recentMost)] {
		b.WriteString(strconv.QuoteToASCII(p) + "\n")
	}
	_ = writeWhole(dir, "recent", b.String()) // a list that is not kept is no reason to fail
}

// halfAge is the age past which a file of [writeWhole] was left by a run that was stopped.
const halfAge = time.Minute

// sweep removes what runs that were stopped left half written in a folder.
func sweep(dir string) {
	list, _ := os.ReadDir(dir) // one that is not there holds nothing
	for _, e := range list {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && strings.Contains(e.Name(), halfMark) && time.Since(info.ModTime()) > halfAge {
			_ = os.Remove(filepath.Join(dir, e.Name())) // one that stays does no harm
		}
	}
}

// halfMark is what the name of a file has in it that is not whole yet.
const halfMark = "-"

// writeWhole replaces a file so that readers see the old or the new content.
func writeWhole(dir, name, content string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, name+halfMark)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	if _, err := f.WriteString(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
