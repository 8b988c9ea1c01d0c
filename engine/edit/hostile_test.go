package edit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

// record is a record of a journal as anybody can write it.
type record struct {
	file                  string // empty: the image's own
	offset, before, after uint64
	old, new              string
}

// journalHead begins a journal up to its records.
const journalHead = "platter commit journal 4\n\x00"

// journalOf is a whole journal of these records.
func journalOf(records ...record) []byte {
	b := []byte(journalHead)
	for _, r := range records {
		b = append(b, 1)
		for _, n := range []uint64{r.offset, r.before, r.after, 1} {
			b = binary.AppendUvarint(b, n)
		}
		for _, s := range []string{r.file, "title", r.old, r.new} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	return signed(append(b, 0))
}

func signed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// neighbours are the files beside the image of a hostile journal.
var neighbours = map[string]string{
	".bashrc":   "alias ls=ls\n",
	"notes.txt": "my notes",
	"other.img": strings.Repeat("o", 512),
	"DISK.IMG":  strings.Repeat("d", 512),
}

// hostileFolder has an image of 512 "d" with this journal, and its neighbours.
func hostileFolder(t *testing.T, journal []byte) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "disk.img")
	for name, content := range neighbours {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte("d"), 512), 0o600), os.WriteFile(store.JournalName(path), journal, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("notes.txt", filepath.Join(dir, "link.img")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	return path
}

// untouched checks that a hostile folder is as it was.
func untouched(t *testing.T, path string) {
	t.Helper()
	want := map[string]string{"disk.img": strings.Repeat("d", 512)}
	for name, content := range neighbours {
		want[name] = content
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(filepath.Dir(path), name)); err != nil || string(got) != content {
			t.Errorf("%s was changed: %.40q, %v", name, got, err)
		}
	}
	if _, err := os.Stat(store.JournalName(path)); err != nil {
		t.Errorf("the journal: %v", err)
	}
}

// refusedJournal tries to recover both ways from a journal, and returns why that is
// refused.
func refusedJournal(t *testing.T, journal []byte) error {
	t.Helper()
	path := hostileFolder(t, journal)
	defer untouched(t, path)
	i, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
	if err != nil {
		return err
	}
	defer i.Close()
	back, forward := i.Back(), i.Forward()
	if back == nil || forward == nil {
		t.Fatalf("back: %v, forward: %v", back, forward)
	}
	return errors.Join(back, forward)
}

// TestRecoverTouchesNoOtherFile has journals that name any file but the image's.
func TestRecoverTouchesNoOtherFile(t *testing.T) {
	for _, name := range []string{
		".bashrc", "notes.txt", "other.img", "DISK.IMG", "Disk.img", "link.img", "./disk.img", "/disk.img", "../disk.img",
		"sub/../disk.img", `..\disk.img`, "/etc/passwd", "//server/share/x", "disk.img\x00", "notes.txt\x00.img", "disk.img.platter-journal",
		"new.img", ".", "..", " ", strings.Repeat("x", 300),
	} {
		for what, r := range map[string]record{
			"growth":    {file: name, offset: 12, before: 12, after: 16},
			"a cut":     {file: name, before: 8, old: "my notes"},
			"bytes":     {file: name, old: "my", new: "no"},
			"old bytes": {file: name, old: "no", new: "my"},
		} {
			err := refusedJournal(t, journalOf(record{old: "d", new: "e"}, r))
			var at *store.RecordError
			if !errors.As(err, &at) || !errors.Is(err, disk.ErrDamaged) || at.Record != 2 || at.File != name {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
}

// TestRecoverRefusesWhatNoCommitWrites has records that lose bytes, or lead to places
// that no file has.
func TestRecoverRefusesWhatNoCommitWrites(t *testing.T) {
	whole := strings.Repeat("d", 512)
	grown := record{offset: 512, before: 512, after: 1024}
	for name, c := range map[string]struct {
		records []record
		at      int // the record at fault
	}{
		"a cut without old bytes":        {[]record{{before: 512}}, 1},
		"a cut with some old bytes":      {[]record{{before: 512, old: whole[1:]}}, 1},
		"a cut with too many":            {[]record{{before: 512, old: whole + "d"}}, 1},
		"a cut of 8 EiB":                 {[]record{{before: math.MaxInt64, old: whole}}, 1},
		"a cut from elsewhere":           {[]record{{offset: 7, before: 512, old: whole}}, 1},
		"a cut with new bytes":           {[]record{{before: 512, old: whole, new: "x"}}, 1},
		"a cut below what is written":    {[]record{{offset: 500, old: "d", new: "e"}, {offset: 100, before: 512, after: 100, old: whole[100:]}}, 2},
		"a cut, then bytes":              {[]record{{offset: 500, before: 512, after: 500, old: whole[500:]}, {old: "d", new: "e"}}, 1},
		"two cuts":                       {[]record{{offset: 500, before: 512, after: 500, old: whole[500:]}, {offset: 400, before: 500, after: 400, old: whole[400:500]}}, 1},
		"bytes over unknown ones":        {[]record{{new: "e"}}, 1},
		"bytes over fewer":               {[]record{{old: "d", new: "ee"}}, 1},
		"bytes over more":                {[]record{{old: "dd", new: "e"}}, 1},
		"old bytes without new":          {[]record{{old: "d"}}, 1},
		"bytes with a length":            {[]record{{before: 512, after: 512, old: "d", new: "e"}}, 1},
		"bytes twice":                    {[]record{{old: "dd", new: "ee"}, {offset: 1, old: "d", new: "f"}}, 2},
		"bytes backwards":                {[]record{{offset: 9, old: "d", new: "e"}, {old: "d", new: "e"}}, 2},
		"an offset below zero":           {[]record{{offset: 1 << 63, old: "d", new: "e"}}, 1},
		"an end past the last offset":    {[]record{{offset: math.MaxInt64, old: "d", new: "e"}}, 1},
		"a size below zero":              {[]record{{offset: 512, before: 512, after: 1 << 63}}, 1},
		"growth from below zero":         {[]record{{offset: 1 << 63, before: 1 << 63, after: 512}}, 1},
		"growth from elsewhere":          {[]record{{offset: 1, before: 512, after: 1024}}, 1},
		"growth with bytes":              {[]record{{offset: 512, before: 512, after: 1024, new: "x"}}, 1},
		"growth twice":                   {[]record{grown, {offset: 1024, before: 1024, after: 2048}}, 2},
		"growth after bytes":             {[]record{{old: "d", new: "e"}, grown}, 2},
		"growth, then a cut":             {[]record{grown, {offset: 100, before: 1024, after: 100, old: whole + whole[100:]}}, 2},
		"growth, unknown bytes replaced": {[]record{grown, {offset: 511, new: "ee"}}, 2},
		"growth, then bytes past it":     {[]record{grown, {offset: 1020, new: "12345"}}, 2},
		"the image twice":                {[]record{{old: "d", new: "e"}, {file: "x"}, {old: "d", new: "e"}}, 2},
	} {
		err := refusedJournal(t, journalOf(c.records...))
		var at *store.RecordError
		if errors.As(err, &at) && at.Record == c.at && errors.Is(err, store.ErrUnfit) {
			continue
		}
		if name != "the image twice" || !errors.Is(err, store.ErrDamaged) { // its second record is empty
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRecoverRefusesOtherBytes has a record over bytes that are neither its old nor
// its new ones, and lengths that the file does not have.
func TestRecoverRefusesOtherBytes(t *testing.T) {
	for name, r := range map[string]record{
		"bytes":        {old: "x", new: "y"},
		"past the end": {offset: 512, old: "d", new: "e"},
		"far past it":  {offset: math.MaxInt64 - 1, old: "d", new: "e"},
		"growth":       {offset: 500, before: 500, after: 510},
		"a cut":        {offset: 100, before: 110, after: 100, old: strings.Repeat("d", 10)},
		"another tail": {offset: 500, before: 512, after: 500, old: strings.Repeat("x", 12)},
	} {
		if err := refusedJournal(t, journalOf(r)); !errors.Is(err, store.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRecoverIsBounded has journals that would take much memory: millions of steps
// that do nothing, lengths past all bounds, a quarter of a million short steps.
func TestRecoverIsBounded(t *testing.T) {
	empty := bytes.Repeat([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, 2e6)
	length := func(n uint64) []byte { return binary.AppendUvarint([]byte{1, 0, 0, 0, 0, 0, 0, 0}, n) }
	var short []byte
	for n := range uint64(1 << 18) {
		short = append(binary.AppendUvarint(append(short, 1), 2*n), 0, 0, 0, 0, 0, 1, 'd', 1, 'e')
	}
	for name, b := range map[string][]byte{
		"millions of empty steps": empty,
		"many short steps":        append(short, 0),
		"a name of a megabyte":    append(binary.AppendUvarint([]byte{1, 0, 0, 0, 0}, 1<<20), bytes.Repeat([]byte("x"), 1<<20)...),
		"bytes over the cap":      append(length(store.MaxStaged+1), 0),
		"bytes past the end":      length(1 << 20),
		"all bytes there are":     length(math.MaxUint64),
	} {
		path := hostileFolder(t, signed(append([]byte(journalHead), b...)))
		if name == "bytes over the cap" { // they are there
			if err := os.Truncate(store.JournalName(path), 2*store.MaxStaged); err != nil {
				t.Fatal(err)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrTooMuch) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 128<<20 {
			t.Errorf("%s: %d MiB were taken", name, n>>20)
		} else {
			t.Logf("%s: %d KiB", name, n>>10)
		}
		untouched(t, path)
	}
	path := hostileFolder(t, []byte(journalHead))
	if err := os.Truncate(store.JournalName(path), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := edit.FindInterrupted(t.Context(), path, engine.Options{}); !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("a journal of 1 TiB: %v", err)
	}
}

// TestRecoverFollowsTheImagesNames recovers an extent that the descriptor names, also
// where the write to the descriptor itself was torn, and no file that it does not name.
func TestRecoverFollowsTheImagesNames(t *testing.T) {
	for name, torn := range map[string]bool{"a whole descriptor": false, "a torn descriptor": true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "disk.vmdk")
		made := engine.CreateOptions{Values: map[string]string{disk.OptionSize: "1M", disk.OptionType: "monolithicFlat"}}
		if _, err := engine.Create(t.Context(), path, made); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		renamed := bytes.ReplaceAll(text, []byte("disk-flat"), []byte("nothing--"))
		own := record{old: string(text), new: string(renamed)}
		if torn {
			text = slices.Concat(text[:100], renamed[100:])
		}
		flat := filepath.Join(dir, "disk-flat.vmdk")
		err = errors.Join(os.WriteFile(path, text, 0o600), os.WriteFile(store.JournalName(path), journalOf(own, record{file: "disk-flat.vmdk", old: "\x00", new: "x"}), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		i, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := errors.Join(i.Forward(), i.Close()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := os.ReadFile(flat)
		if err != nil || got[0] != 'x' || len(got) != 1<<20 {
			t.Errorf("%s: the extent was not written: %v", name, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, renamed) {
			t.Errorf("%s: the descriptor was not written: %v", name, err)
		}
	}
}

// TestNothingIsWrittenThroughALink has an extent that is a symbolic link in the folder.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disk.vmdk")
	made := engine.CreateOptions{Values: map[string]string{disk.OptionSize: "1M", disk.OptionType: "monolithicFlat"}}
	if _, err := engine.Create(t.Context(), path, made); err != nil {
		t.Fatal(err)
	}
	flat, other := filepath.Join(dir, "disk-flat.vmdk"), filepath.Join(dir, "other")
	if err := os.Rename(flat, other); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other", flat); err != nil {
		t.Skip("no symbolic links: ", err)
	}
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(t.Context(), "write", 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); !errors.Is(err, store.ErrLink) {
		t.Errorf("commit: %v", err)
	}
	if err := os.WriteFile(store.JournalName(path), journalOf(record{file: "disk-flat.vmdk", old: "\x00", new: "x"}), 0o600); err != nil {
		t.Fatal(err)
	}
	i, err := edit.FindInterrupted(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if err := i.Forward(); !errors.Is(err, store.ErrLink) {
		t.Errorf("forward: %v", err)
	}
	if got, err := os.ReadFile(other); err != nil || got[0] != 0 {
		t.Errorf("it was written through the link: %v", err)
	}
}
