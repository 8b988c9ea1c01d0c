package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/tui/cli"
)

type writeDocument struct {
	Schema   string
	Done     bool
	DryRun   bool `json:"dry_run"`
	Warnings []struct {
		Code, Message string
		Where         []struct{ File string }
	}
	Refused *struct {
		Reason, Message, Override string
		Where                     []struct{ File string }
	}
	Identity []struct{ File, Kind, Old, New string }
	Files    []struct {
		Path       string
		SizeBefore int64 `json:"size_before"`
		SizeAfter  int64 `json:"size_after"`
	}
	Plan    []struct{ File, What string }
	Start   int64
	Length  int64
	Written int64
	Stored  int64 `json:"allocated_blocks"`
	Dropped int64 `json:"dropped_blocks"`
	Renewed bool
	Journal bool `json:"journaled"`
}

// made makes an image of 64 MiB.
func made(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	done(t, append([]string{"create", path, "64M", "-q"}, args...)...)
	return path
}

// kinds are images of formats that allocate, in a full run of all kinds, with the
// names that qemu-img knows them by.
func kinds(t *testing.T) map[string]string {
	list := map[string]string{made(t, "a.vhd"): "vpc", made(t, "a.vhdx", "--block-size", "1M"): "vhdx", made(t, "a.vmdk"): "vmdk"}
	if enginetest.Full() {
		list[made(t, "f.vhd", "--type", "fixed")], list[made(t, "f.vhdx", "--type", "fixed")], list[made(t, "a.raw")] = "vpc", "vhdx", "raw"
		list[made(t, "z.vmdk", "--zeroed-grains")], list[made(t, "f.vmdk", "--type", "monolithicFlat")] = "vmdk", "vmdk"
	}
	return list
}

// TestWriteKinds does everything that the verb can to all kinds, in the journal and
// past it, and holds each disk against a model; qemu-img reads the same.
func TestWriteKinds(t *testing.T) {
	input := filepath.Join(t.TempDir(), "input")
	long := bytes.Repeat([]byte("0123456789abcde"), 17<<20/15)
	if err := os.WriteFile(input, long, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, format := range kinds(t) {
		model := make([]byte, 64<<20)
		put := func(off int, data []byte) { copy(model[off:], data) }
		f := []string{"--format", strings.Replace(format, "vpc", "vhd", 1)}
		write := func(args ...string) { done(t, append(append([]string{"write", path}, args...), f...)...) }
		write("--offset", "1000001", "--from", input, "--length", "3M")
		put(1000001, long[:3<<20])
		write("--offset", "30M", "--from", input)
		put(30<<20, long)
		write("--offset", "1500000", "--length", "1M", "--zero")
		put(1500000, make([]byte, 1<<20))
		write("--offset", "63M", "--length", "1M", "--fill", "a5 5a 01")
		put(63<<20, bytes.Repeat([]byte{0xa5, 0x5a, 1}, 1<<20/3+1))
		write("--offset", "31M", "--length", "10M", "--trim")
		whole := map[string]int{"a.vhd": 2 << 20, "a.vhdx": 1 << 20, "a.vmdk": 64 << 10, "z.vmdk": 64 << 10}[filepath.Base(path)]
		if whole > 0 {
			put((31<<20+whole-1)/whole*whole, make([]byte, 41<<20/whole*whole-(31<<20+whole-1)/whole*whole))
		}
		if code, out, _ := run(t, append([]string{"check", path}, f...)...); code == 2 {
			t.Errorf("check: %s", out)
		}
		flat := filepath.Join(t.TempDir(), "flat")
		enginetest.Run(t, "qemu-img", "convert", "-f", format, "-O", "raw", path, flat)
		if got := mustRead(t, flat); !bytes.Equal(got, model) {
			t.Errorf("%s: qemu-img reads another disk", filepath.Base(path))
		}
		doc := document[struct{ Digests struct{ SHA256 string } }](t, append([]string{"hash", path}, f...)...)
		if doc.Digests.SHA256 != fmt.Sprintf("%x", sha256.Sum256(model)) {
			t.Errorf("%s: the disk is not what was written", filepath.Base(path))
		}
		write("--offset", "0", "--length", "64M", "--zero")
		if after := done(t, append([]string{"read", path, "--offset", "30M", "--length", "2M"}, f...)...); len(bytes.Trim(after, "\x00")) > 0 {
			t.Errorf("%s: not all of the disk reads as zeros", filepath.Base(path))
		}
	}
}

// TestWriteDocuments holds what the documents say: of a dry run, of the write, of one
// that has nothing to do, and of one that goes straight to the file.
func TestWriteDocuments(t *testing.T) {
	path := made(t, "a.vhdx")
	before := mustRead(t, path)
	typing(t, "new here")
	doc := document[writeDocument](t, "write", path, "--offset", "10M", "-n")
	if doc.Schema != "platter/write/1" || doc.Done || !doc.DryRun || doc.Written != 0 || doc.Length != 8 || doc.Stored != 1 || len(doc.Plan) < 3 || !doc.Journal {
		t.Errorf("%+v", doc)
	}
	if len(doc.Identity) != 1 || doc.Identity[0].Kind != "DataWriteGuid" || doc.Identity[0].New != "" {
		t.Errorf("%+v", doc.Identity)
	}
	if !bytes.Equal(mustRead(t, path), before) {
		t.Fatal("a dry run has changed the file")
	}
	typing(t, "new here")
	doc = document[writeDocument](t, "write", path, "--offset", "10M")
	if !doc.Done || doc.DryRun || doc.Written != 8 || doc.Start != 10<<20 || doc.Plan != nil || !doc.Renewed || doc.Identity[0].New == doc.Identity[0].Old ||
		len(doc.Files) != 1 || doc.Files[0].SizeAfter-doc.Files[0].SizeBefore != 32<<20 {
		t.Errorf("%+v", doc)
	}
	before = mustRead(t, path)
	typing(t, "new here")
	doc = document[writeDocument](t, "write", path, "--offset", "10M")
	if !doc.Done || doc.Renewed || !bytes.Equal(mustRead(t, path), before) {
		t.Errorf("%+v", doc)
	}
	doc = document[writeDocument](t, "write", path, "--offset", "0", "--length", "64M", "--zero", "--renew=false")
	if !doc.Done || doc.Journal || doc.Dropped != 1 || doc.Renewed || doc.Written != 64<<20 {
		t.Errorf("%+v", doc)
	}
}

// TestWritePartition counts from the start of a partition and stays in it.
func TestWritePartition(t *testing.T) {
	path := sampleFile(t, "vhdx")
	typing(t, "here")
	done(t, "write", path, "--partition", "1", "--offset", "100")
	if got := done(t, "read", path, "--partition", "1", "--offset", "100", "--length", "4"); string(got) != "here" {
		t.Errorf("the partition reads %q", got)
	}
	if code, _, errs := run(t, "write", path, "--partition", "1", "--offset", "1", "--length", "1T", "--zero"); code != cli.ExitFailed || !strings.Contains(string(errs), "past the end") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if code, _, errs := run(t, "write", path, "--partition", "7", "--offset", "1", "--length", "1", "--zero"); code != cli.ExitUsage {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

// dirty is an image whose log was not replayed: what the file held between a sync and
// the end of a session that wrote.
func dirty(t *testing.T) string {
	t.Helper()
	path := made(t, "dirty.vhdx")
	folder, name, f, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	defer f.Close()
	w, err := engine.WriteIn(t.Context(), folder, name, path, engine.Options{}, disk.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAt([]byte("logged"), 5<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := mustRead(t, path)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWriteRefusals holds each refusal with its reason; nothing has changed after any.
func TestWriteRefusals(t *testing.T) {
	parent, big, empty := made(t, "parent.vhdx"), filepath.Join(t.TempDir(), "big.vhdx"), made(t, "empty.vmdk")
	done(t, "create", filepath.Join(filepath.Dir(parent), "child.vhdx"), "--parent", parent, "-q")
	done(t, "create", big, "64T", "-q")
	twice := made(t, "twice.vhd")
	for _, off := range []string{"0", "2M"} {
		done(t, "write", twice, "--offset", off, "--length", "1", "--fill", "01", "-q")
	}
	b := mustRead(t, twice)
	copy(b[0x604:0x608], b[0x600:0x604]) // both entries of the BAT name one block
	if err := os.WriteFile(twice, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, args, reason, override string }{
		{parent, "--offset 0 --length 1 --fill 01", "children", "--force"},
		{parent, "--offset 0 --length 64M --zero", "children", "--force"},
		{big, "--offset 0 --length 63T --fill 01", "space", "--force"},
		{twice, "--offset 4M --length 1 --fill 01", "untrusted", ""},
		{twice, "--offset 0 --length 64M --trim", "untrusted", ""},
		{dirty(t), "--offset 0 --length 1 --fill 01", "dirty", "--replay"},
		{dirty(t), "--offset 0 --length 17M --zero", "dirty", "--replay"},
		{empty, "--offset 0 --length 1 --fill 01 --allocate=false", "", ""},
		{empty, "--offset 0 --length 17M --fill 01 --atomic", "", ""},
		{empty, "--offset 1 --length 64M --fill 01", "", ""},
		{empty, "--offset 0 --length 1M --fill 01 --expect 01", "", ""},
	} {
		for _, dry := range []string{"", " -n"} {
			before := mustRead(t, c.path)
			code, out, errs := run(t, append([]string{"write", c.path, "--json"}, strings.Fields(c.args+dry)...)...)
			var doc writeDocument
			if c.reason != "" {
				if err := json.Unmarshal(out, &doc); err != nil || doc.Done || doc.Refused == nil || doc.Refused.Reason != c.reason || doc.Refused.Override != c.override || len(doc.Refused.Where) == 0 {
					t.Errorf("%s: %s%v", c.args, out, err)
				}
			}
			if code != cli.ExitFailed || len(errs) == 0 || !bytes.Equal(mustRead(t, c.path), before) {
				t.Errorf("%s %s: exit code %d, %s", filepath.Base(c.path), c.args, code, errs)
			}
		}
	}
}

// TestWriteAllTheSame passes over what may be passed over.
func TestWriteAllTheSame(t *testing.T) {
	parent := made(t, "parent.vmdk")
	done(t, "create", filepath.Join(filepath.Dir(parent), "child.vmdk"), "--parent", parent, "-q")
	code, out, errs := run(t, "write", parent, "--offset", "0", "--length", "1", "--fill", "01", "--force")
	if code != cli.ExitDone || !strings.Contains(string(errs), "is the parent of child.vmdk") || !strings.Contains(string(out), "CID") {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
	if code, _, _ := run(t, "read", filepath.Join(filepath.Dir(parent), "child.vmdk")); code == cli.ExitDone {
		t.Error("the child has not noticed that its parent has changed")
	}
	logged := dirty(t)
	done(t, "write", logged, "--offset", "0", "--length", "1", "--fill", "01", "--replay", "-q")
	if code, out, _ := run(t, "check", logged); code == 2 || bytes.Contains(out, []byte("vhdx/10 ")) {
		t.Errorf("the log was not replayed: %s", out)
	}
}

// TestWriteReveal lets the parent show in a child again: refused where content would be
// lost, and done all the same with --discard. QEMU reads the same where it knows children.
func TestWriteReveal(t *testing.T) {
	for _, name := range []string{"a.vhd", "a.vhdx", "a.vmdk"} {
		parent := made(t, name)
		done(t, "write", parent, "--offset", "0", "--length", "8M", "--fill", "70", "-q")
		child := filepath.Join(filepath.Dir(parent), "child"+filepath.Ext(name))
		done(t, "create", child, "--parent", parent, "-q")
		done(t, "write", child, "--offset", "5M", "--length", "4M", "--fill", "63", "-q")
		done(t, "write", child, "--offset", "6M", "--length", "1M", "--fill", "70", "-q")
		before := mustRead(t, child)
		code, out, _ := run(t, "write", child, "--offset", "4M", "--length", "4M", "--trim", "--reveal", "--json")
		var doc writeDocument
		if err := json.Unmarshal(out, &doc); err != nil || code != cli.ExitFailed || doc.Refused == nil || doc.Refused.Reason != "loss" || doc.Refused.Override != "--discard" || len(doc.Refused.Where) != 2 {
			t.Errorf("%s: exit code %d, %s%v", name, code, out, err)
		}
		if !bytes.Equal(mustRead(t, child), before) {
			t.Errorf("%s: the refusal has changed the file", name)
		}
		doc = document[writeDocument](t, "write", child, "--offset", "4M", "--length", "20M", "--trim", "--reveal", "--discard")
		if !doc.Done || doc.Dropped == 0 || doc.Journal || doc.Files[0].SizeAfter >= doc.Files[0].SizeBefore {
			t.Errorf("%s: %+v", name, doc)
		}
		if code, out, _ := run(t, "compare", child, parent); code != cli.ExitDone {
			t.Errorf("%s: the child does not read as its parent: %s", name, out)
		}
		if filepath.Ext(name) == ".vmdk" {
			enginetest.Run(t, "qemu-img", "compare", "-q", child, parent)
		}
		if out := done(t, "write", child, "--offset", "4M", "--length", "4M", "--trim", "--reveal"); !bytes.HasPrefix(out, []byte("nothing to reveal: no whole block")) {
			t.Errorf("%s: %s", name, out)
		}
		if code, _, errs := run(t, "write", parent, "--offset", "0", "--length", "4M", "--trim", "--reveal", "--force"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("has no parent that could show")) {
			t.Errorf("%s: exit code %d, %s", name, code, errs)
		}
	}
}

// TestWriteUsage holds what makes no sense.
func TestWriteUsage(t *testing.T) {
	path := made(t, "a.vmdk")
	for _, args := range []string{
		"--offset 0 --zero", "--offset 0 --fill 01", "--offset 0 --zero --trim --length 1", "--offset 0 --fill xy --length 1", "--offset 0 --file --zero --length 1",
		"--offset 0 --length 1 --reveal", "--offset 0 --length 1 --trim --discard", "--offset 0 --trim --reveal",
		"--offset 0 --file --partition 1 --length 1 --fill 00", "--offset x --length 1 --zero", "--offset 0 --fill 0000 --length 1 --expect 0000",
	} {
		if code, _, errs := run(t, append([]string{"write", path}, strings.Fields(args)...)...); code != cli.ExitUsage {
			t.Errorf("%s: exit code %d, %s", args, code, errs)
		}
	}
}

// TestWriteHelp holds the verb's help.
func TestWriteHelp(t *testing.T) { golden(t, "help/write.txt", done(t, "write", "--help")) }

// TestWriteNothing says why nothing was done.
func TestWriteNothing(t *testing.T) {
	path := made(t, "a.vmdk")
	typing(t, "")
	for args, says := range map[string]string{
		"--offset 0": "nothing to write: there are no bytes", "--offset 0 --length 1M --trim": "nothing to trim: none of the 16 whole blocks of 64 KiB in the range is stored",
		"--offset 512 --length 64K --trim": "nothing to trim: no whole block of 64 KiB lies in the range", "--offset 0 --length 1M --zero": "nothing to zero: 1 MiB (1 048 576 bytes) of the disk",
	} {
		before := mustRead(t, path)
		out := done(t, append([]string{"write", path}, strings.Fields(args)...)...)
		if !bytes.Contains(out, []byte(says)) || !bytes.Equal(before, mustRead(t, path)) {
			t.Errorf("%s: %s", args, out)
		}
	}
}

// TestWritePastTheEnd stops at the end of the disk where the input goes on, and says
// how much was written.
func TestWritePastTheEnd(t *testing.T) {
	path := made(t, "a.vhdx")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = before })
	go func() {
		for range 20 {
			if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<20)); err != nil {
				break
			}
		}
		w.Close()
	}()
	code, out, errs := run(t, "write", path, "--offset", "46M", "--json")
	r.Close()
	var doc writeDocument
	if err := json.Unmarshal(out, &doc); err != nil || doc.Done || doc.Written != 18<<20 || doc.Stored != 1 || !doc.Renewed || len(doc.Identity) != 1 {
		t.Errorf("%s: %v", out, err)
	}
	if code != cli.ExitFailed || !strings.Contains(string(errs), "past the end of the disk") || !strings.Contains(string(errs), "were written") {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
	if code, out, _ := run(t, "check", path); code == 2 {
		t.Errorf("check: %s", out)
	}
	written := mustRead(t, path)
	r, w, err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdin = r
	go func() {
		fmt.Fprint(w, strings.Repeat("x", 17<<20))
		w.Close()
	}()
	if code, _, errs := run(t, "write", path, "--offset", "48M"); code != cli.ExitFailed || !bytes.Equal(mustRead(t, path), written) {
		t.Errorf("what is too long from the start was begun: exit code %d, %s", code, errs)
	}
	r.Close()
}
