package foreign

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"strings"

	"platter/decode"
)

const (
	// maxMembers is how many members of an archive are looked at.
	maxMembers = 256
	// unpackedBytes is how much of packed data is unpacked to see what it is.
	unpackedBytes = 1024
	// tarMagicAt is where the first member's header has the mark of the format.
	tarMagicAt = 257
)

// packed recognises gzip data, and says what is in it.
func (f *file) packed() (Content, bool) {
	if !f.has(0, "\x1f\x8b\x08") {
		return Content{}, false
	}
	inside := ""
	if z, err := gzip.NewReader(bytes.NewReader(f.head)); err == nil {
		b := make([]byte, unpackedBytes)
		n, _ := io.ReadFull(z, b) // what could be unpacked is enough to tell
		inside = image(b[:n])
	}
	if inside == "" {
		return Content{What: "gzip data", Advice: "unpack it with gunzip, then open what comes out"}, true
	}
	return Content{What: "gzip data that holds " + inside, Advice: "unpack it with gunzip, then open what comes out"}, true
}

// image names the kind of image that starts with b, or that an archive is.
func image(b []byte) string {
	for _, s := range []struct{ mark, what string }{
		{"KDMV", "a VMDK image"}, {"COWD", "a VMDK image"}, {"# Disk DescriptorFile", "the descriptor of a VMDK"},
		{"vhdxfile", "a VHDX image"}, {"conectix", "a VHD image"}, {"QFI\xfb", "a qcow2 image"}, {"\x1f\x8b\x08", "gzip data"},
	} {
		if bytes.HasPrefix(b, []byte(s.mark)) {
			return s.what
		}
	}
	if len(b) > tarMagicAt && bytes.HasPrefix(b[tarMagicAt:], []byte("ustar")) {
		return "a tar archive"
	}
	return ""
}

// archive recognises a tar archive, such as an OVA, and names the images in it.
func (f *file) archive() (Content, bool) {
	if !f.has(tarMagicAt, "ustar") {
		return Content{}, false
	}
	what := "a tar archive"
	members := f.members()
	if strings.EqualFold(path.Ext(f.src.Name), ".ova") || anyExt(members, ".ovf") {
		what = "a tar archive (OVA)"
	}
	var images []string
	for _, m := range members {
		if m.holds != "" {
			images = append(images, fmt.Sprintf("%s (%s, at byte %d)", decode.InQuotes(m.name), m.holds, m.at))
		}
	}
	if len(images) == 0 {
		return Content{What: what, Advice: "take the disk image out with tar -xf, then open that"}, true
	}
	return Content{What: what + " that holds " + strings.Join(images, ", "), Advice: "take it out with tar -xf, then open it"}, true
}

// member is a file in an archive.
type member struct {
	name  string
	at    int64  // where its content starts in the archive
	holds string // what kind of image; empty if it is none
}

// members lists what the archive starts with; a damaged header ends the list.
func (f *file) members() []member {
	var list []member
	r := io.NewSectionReader(f.src.File, 0, f.size)
	for t := tar.NewReader(r); len(list) < maxMembers && f.ctx.Err() == nil; {
		h, err := t.Next()
		if err != nil {
			break
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			break
		}
		b, err := f.read(at, 16)
		if err != nil {
			break
		}
		list = append(list, member{h.Name, at, image(b)})
	}
	return list
}

func anyExt(members []member, ext string) bool {
	for _, m := range members {
		if strings.EqualFold(path.Ext(m.name), ext) {
			return true
		}
	}
	return false
}
