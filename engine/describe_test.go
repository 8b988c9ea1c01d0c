package engine_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
)

// TestDescribe makes the descriptors that are missing for files: the disk is what the
// files hold, and they stay as they are.
func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flat := bytes.Repeat([]byte("flat data "), 1<<20/10+1)[:1<<20]
	put("d-flat.vmdk", append(bytes.Clone(flat), make([]byte, 520)...))
	put("s-f001.vmdk", flat)
	put("s-f002.vmdk", flat[:4096])
	put("d.vmdk", []byte("what was here is lost"))
	for _, c := range []struct {
		name, extent string
		values       map[string]string
		kind         string
		want         []byte
		warned       bool
	}{
		{"d.vmdk", "d-flat.vmdk", nil, "monolithicFlat", flat, true},
		{"d.vmdk", "d-flat.vmdk", map[string]string{"type": "vmfs"}, "vmfs", flat, true}, // over the one just made
		{"e.vmdk", "d-flat.vmdk", map[string]string{"size": "1024"}, "monolithicFlat", flat[:1024], true},
		{"s.vmdk", "s-f002.vmdk", nil, "twoGbMaxExtentFlat", append(bytes.Clone(flat), flat[:4096]...), false},
	} {
		made, err := engine.Describe(t.Context(), at(c.name), at(c.extent), engine.CreateOptions{Replace: true, Values: c.values})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if len(made.Removed) > 0 || (len(made.Warnings) > 0) != c.warned {
			t.Errorf("%s: removed %v, warned %v", c.name, made.Removed, made.Warnings)
		}
		img := open(t, at(c.name), engine.Options{})
		got := make([]byte, img.Info().VirtualSize)
		if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, c.want) || img.Info().Type != c.kind {
			t.Errorf("%s: %d bytes of type %s, %v", c.name, len(got), img.Info().Type, err)
		}
		for f := range img.Check(t.Context()) {
			if f.Severity >= disk.SeverityWarning {
				t.Errorf("%s: %s %s", c.name, f.Code, f.Text)
			}
		}
	}
}

// TestDescribeRefuses keeps files from being replaced by their descriptors, and what is no
// extent from being described.
func TestDescribeRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, kind := range map[string]string{"base.vmdk": "vmfs", "whole.vmdk": "monolithicSparse"} {
		if _, err := engine.Create(t.Context(), at(name), engine.CreateOptions{Values: map[string]string{"size": "1M", "type": kind}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := engine.Create(t.Context(), at("c.vmdk"), engine.CreateOptions{Parent: at("base.vmdk")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, extent, parent, want string }{
		{"base-flat.vmdk", "base-flat.vmdk", "", "can't have the name"},
		{"x.vmdk", "base.vmdk", "", "is opened by itself"},
		{"x.vmdk", "whole.vmdk", "", "is opened by itself"},
		{"x.vmdk", "gone.vmdk", "", "can't be the extent"},
		{"x.vmdk", "c-delta.vmdk", "", "is a layer over another disk"},
		{"x.vhd", "base-flat.vmdk", "", "only a VMDK"},
		{"whole.vmdk", "base-flat.vmdk", "", "file already exists"},
		{"x.vmdk", "c-delta.vmdk", "base.vmdk", ""},
	} {
		opt := engine.CreateOptions{}
		if c.parent != "" {
			opt.Parent = at(c.parent)
		}
		_, err := engine.Describe(t.Context(), at(c.name), at(c.extent), opt)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %q", c.name, c.extent, err, c.want)
		}
	}
}
