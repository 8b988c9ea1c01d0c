package storetest_test

import (
	"bytes"
	"errors"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

// put writes a new value of a file safely: a new file, synced, takes the name.
func put(s store.FS, content []byte) error {
	f, err := s.Create("new")
	if err != nil {
		return err
	}
	f.WriteAt(content, 0)
	synced := f.Sync()
	return errors.Join(synced, s.Rename("new", "a"), s.SyncDir())
}

func TestTraceShowsEachMoment(t *testing.T) {
	s := storetest.New()
	old, later := bytes.Repeat([]byte("o"), 3000), bytes.Repeat([]byte("n"), 3000)
	s.PutFile("a", old)
	trace := s.Record()
	if err := put(s, later); err != nil {
		t.Fatal(err)
	}
	if trace.Len() != 5 {
		t.Fatalf("%d operations recorded", trace.Len())
	}
	seen, points := map[string]int{}, 0
	for p, disk := range trace.Crashes(20) {
		points++
		got := read(t, disk, "a")
		switch {
		case bytes.Equal(got, old):
			seen["old"]++
		case bytes.Equal(got, later):
			seen["new"]++
		default:
			t.Fatalf("%v: the file is torn", p)
		}
		if p.Ops == s.Ops() && !bytes.Equal(got, later) {
			t.Fatalf("%v: what was synced is gone", p)
		}
	}
	if points != 6*20 || seen["old"] == 0 || seen["new"] <= 20 {
		t.Errorf("%d points: %v", points, seen)
	}
}

func TestTraceWithoutASync(t *testing.T) {
	s := storetest.New()
	s.PutFile("a", make([]byte, 3000))
	trace := s.Record()
	later := bytes.Repeat([]byte("n"), 3000)
	if err := put(s, later); err != nil {
		t.Fatal(err)
	}
	if len(trace.Sites()) != 2 {
		t.Fatalf("sites %q", trace.Sites())
	}
	for _, site := range trace.Sites() {
		torn := 0
		for p, disk := range trace.IgnoreSync(site).Crashes(20) {
			got := read(t, disk, "a")
			if !bytes.Equal(got, later) && (p.Ops == s.Ops() || !bytes.Equal(got, make([]byte, 3000))) {
				torn++
			}
		}
		if torn == 0 {
			t.Errorf("nothing depends on the sync at %s", site)
		}
	}
}
