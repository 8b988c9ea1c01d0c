package vhd_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/decode"
	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// story is a situation in which somebody found a disk, and what has to be said.
type story struct {
	files  map[string]*fixture
	code   string
	says   string // part of the finding's text
	repair string // how the title of the first repair begins; empty: there is none
}

func stories(t *testing.T) map[string]story {
	dynamic := plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1}}
	nameless := build(t, dynamic)
	layout.FooterType.Put(nameless.footer(), layout.Differencing)
	nameless.both()
	surplus := build(t, plan{kind: layout.Fixed, size: 64 << 10, id: 1})
	surplus.insert(make([]byte, 4096))
	used := build(t, plan{kind: layout.Fixed, size: 64 << 10, id: 1})
	used.insert(content(1, 0))
	turned := build(t, plan{kind: layout.Fixed, size: 64 << 10, id: 1})
	reverseNumbers(turned.footer())
	expanded := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1}})
	layout.FooterOriginalSize.Put(expanded.footer(), 2<<20)
	expanded.both()
	child := build(t, plan{kind: layout.Differencing, size: 2 << 20, block: 512 << 10, id: 2, parent: 1, name: "disk.vhd", stored: []int64{0}})
	drive := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, creator: "simh"})
	d, _ := layout.DriveTable.Of(layout.FooterReserved.Get(drive.footer()))
	layout.DriveType.Put(d, "RD53")
	layout.DriveSector.Put(d, 512)
	layout.DriveMaker.Put(d, "MicroVAX 3900")
	layout.DriveDevice.Put(d, "RQ")
	drive.both()
	volume := build(t, dynamic)
	volume.bytes = append(volume.bytes[:volume.tail], make([]byte, 4<<20)...)
	copy(volume.bytes[len(volume.bytes)-8192:], "a neighbour's bytes")
	lone := func(f *fixture) map[string]*fixture { return map[string]*fixture{"disk.vhd": f} }
	return map[string]story{
		"nothing names a parent":      {lone(nameless), "vhd/V040", "the type is probably wrong", "set the type to dynamic"},
		"fixed with surplus":          {lone(surplus), "vhd/V015", "4096 bytes lie between its end and the footer: zeros", "write the footer right after the disk"},
		"fixed with data after it":    {lone(used), "vhd/V015", "not zero from 0x10000 on", "set the size to what the file has room for"},
		"numbers the other way round": {lone(turned), "vhd/V055", "fixed disk of 65536 bytes", "write the footer with its numbers"},
		"expanded under a child":      {map[string]*fixture{"disk.vhd": expanded, "snap.avhd": child}, "vhd/V046", `"snap.avhd" beside it was made from it before`, "set the size back to the 2097152 bytes"},
		"an emulator's drive":         {lone(drive), "vhd/V022", `"RD53" with sectors of 512 bytes, device "RQ", made by "MicroVAX 3900"`, ""},
		"a volume without its end":    {lone(volume), "vhd/V002", "the end of the file has no footer", "write the footer from the start of the file into its last sector"},
		"what the volume's end holds": {lone(volume), "vhd/V035", "19 bytes are not zero", ""},
	}
}

func reverseNumbers(f decode.Record[layout.Footer]) {
	swap := func(off, n int) {
		b := f.Bytes()[off : off+n]
		for i := range n / 2 {
			b[i], b[n-1-i] = b[n-1-i], b[i]
		}
	}
	for _, field := range []*decode.Field{layout.FooterFeatures.Field(), layout.FooterVersion.Field(), layout.FooterDataOffset.Field(), layout.FooterTimestamp.Field(),
		layout.FooterCreatorVersion.Field(), layout.FooterOriginalSize.Field(), layout.FooterCurrentSize.Field(), layout.FooterCylinders.Field(), layout.FooterType.Field(), layout.FooterChecksum.Field()} {
		swap(field.Offset(), field.Size())
	}
}

// TestStories looks at the images as the person did: the finding says what is the
// matter, and the first repair leaves the disk's content as it was and takes the
// finding away.
func TestStories(t *testing.T) {
	for name, s := range stories(t) {
		t.Run(name, func(t *testing.T) {
			folder := files(s.files)
			img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
			var found *disk.Finding
			for _, f := range check(t, img) {
				if f.Code == s.code && found == nil {
					found = &f
				}
			}
			if found == nil || !strings.Contains(found.Text, s.says) {
				t.Fatalf("want %s with %q: %+v", s.code, s.says, check(t, img))
			}
			list, err := writer.Repairs(t.Context(), img, *found)
			if err != nil || (s.repair == "") != (len(list) == 0) {
				t.Fatalf("%d repairs, %v", len(list), err)
			}
			if s.repair == "" {
				return
			}
			if !strings.HasPrefix(list[0].Title, s.repair) {
				t.Fatalf("the first repair is %q", list[0].Title)
			}
			w := store.NewWorkspace(folder, "disk.vhd")
			defer w.Close()
			if err := enginetest.Repair(t, w, list[0]); err != nil {
				t.Fatal(err)
			}
			again := reopen(t, w, vhd.Open)
			for _, f := range check(t, again) {
				if f.Code == s.code {
					t.Errorf("still there: %s", f.Text)
				}
			}
			if n := min(again.Info().VirtualSize, 64<<10); !bytes.Equal(content512(t, again)[:n], start64(s.files["disk.vhd"])) {
				t.Error("the content has changed")
			}
		})
	}
}

// start64 is what the first 64 KiB of a fixture's disk hold.
func start64(f *fixture) (b []byte) {
	for at := int64(0); at < 64<<10; at += layout.Sector {
		b = append(b, want(at, f)...)
	}
	return b
}

// TestExpandedInUse has a block stored past the old end: the size is not set back.
func TestExpandedInUse(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 6}})
	layout.FooterOriginalSize.Put(f.footer(), 2<<20)
	f.both()
	child := build(t, plan{kind: layout.Differencing, size: 2 << 20, block: 512 << 10, id: 2, parent: 1, name: "disk.vhd"})
	folder := files(map[string]*fixture{"disk.vhd": f, "snap.avhd": child})
	w := store.NewWorkspace(folder, "disk.vhd")
	defer w.Close()
	img := reopen(t, w, vhd.Open)
	for _, found := range check(t, img) {
		list, err := writer.Repairs(t.Context(), img, found)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if err := enginetest.Repair(t, w, r); found.Code == "vhd/V046" && err == nil {
				t.Errorf("%q cuts block 6 off", r.Title)
			}
		}
	}
}
