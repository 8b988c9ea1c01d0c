package cli_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestHashHelp holds the flags of hash.
func TestHashHelp(t *testing.T) { golden(t, "help/hash.txt", done(t, "hash", "--help")) }

// TestHashWith hashes with several algorithms in one pass.
func TestHashWith(t *testing.T) {
	raw, content := aDisk(t)
	image := filepath.Join(filepath.Dir(raw), "d.vhdx")
	done(t, "convert", raw, image)
	doc := document[hashDocument](t, "hash", image, "--with", "SHA512,md5,blake3")
	want := map[string]string{"md5": fmt.Sprintf("%x", md5.Sum(content)), "sha512": fmt.Sprintf("%x", sha512.Sum512(content))}
	if len(doc.Digests) != 3 || doc.Digests["md5"] != want["md5"] || doc.Digests["sha512"] != want["sha512"] || len(doc.Digests["blake3"]) != 64 {
		t.Errorf("%v, want %v and a BLAKE3", doc.Digests, want)
	}
	out := string(done(t, "hash", image, "--with", "md5,sha512"))
	if out != fmt.Sprintf("MD5 (%s) = %s\nSHA512 (%s) = %s\n", image, want["md5"], image, want["sha512"]) {
		t.Errorf("not as sha256sum --tag prints it: %s", out)
	}
	if code, _, errs := run(t, "hash", image, "--with", "crc"); code != cli.ExitUsage || !bytes.Contains(errs, []byte("blake3")) {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// TestHashCheck holds disks against lists of digests.
func TestHashCheck(t *testing.T) {
	raw, content := aDisk(t)
	dir := filepath.Dir(raw)
	image, list := filepath.Join(dir, "d.vmdk"), filepath.Join(dir, "sums")
	done(t, "convert", raw, image, "--type", "monolithicFlat")
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	other := strings.Repeat("0", 64)
	files := string(done(t, "hash", "--file", image))
	tagged := string(done(t, "hash", "--with", "blake3,md5,sha1", image))
	b3 := document[hashDocument](t, "hash", "--with", "blake3", image).Digests["blake3"]
	for name, c := range map[string]struct {
		list string
		args []string
		code int
		says string
	}{
		"own":         {sum + "  " + image + "\n", nil, cli.ExitDone, ": OK, sha256"},
		"star":        {"# a list\r\n\r\n" + strings.ToUpper(sum) + " *" + image + "\r\n", nil, cli.ExitDone, ": OK"},
		"tagged":      {tagged, nil, cli.ExitDone, ": OK, sha1"},
		"raw's":       {sum + "  disk.raw\n", []string{image}, cli.ExitDone, "disk.raw: OK"},
		"blake3":      {b3 + "  x\n", []string{image, "--with", "blake3"}, cli.ExitDone, "OK, blake3"},
		"files":       {files, []string{"--file", image}, cli.ExitDone, "d-flat.vmdk: OK"},
		"files wrong": {other + "  d-flat.vmdk\n", []string{"--file", image}, cli.ExitFailed, "1 of 1 digests"},
		"wrong":       {other + "  " + image + "\n" + sum + "  " + image + "\n", nil, cli.ExitFailed, "1 of 2 digests do not match"},
		"gone":        {sum + "  " + image + ".not\n" + sum + "  " + image + "\n", nil, cli.ExitFailed, "1 of 2 digests could not be made"},
		"no list":     {"hello\n", nil, cli.ExitFailed, ""},
		"short":       {sum[:62] + "  " + image + "\n", nil, cli.ExitFailed, ""},
		"empty":       {"\n", nil, cli.ExitFailed, ""},
		"not named":   {sum + "  a\n" + sum + "  b\n", []string{image}, cli.ExitUsage, ""},
		"no image":    {files, []string{"--file"}, cli.ExitUsage, ""},
	} {
		if err := os.WriteFile(list, []byte(c.list), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := run(t, append([]string{"hash", "--check", list}, c.args...)...)
		if code != c.code || !strings.Contains(string(out), c.says) || code != cli.ExitDone && len(out)+len(errs) == 0 {
			t.Errorf("%s: exit code %d, want %d: %s%s", name, code, c.code, out, errs)
		}
	}
	if err := os.WriteFile(list, []byte(other+"  "+image+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := run(t, "hash", "--json", "--check", list)
	if !bytes.Contains(out, []byte(`"matches": false`)) || !bytes.Contains(out, []byte(sum)) {
		t.Errorf("%s", out)
	}
}
