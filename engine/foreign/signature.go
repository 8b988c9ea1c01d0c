package foreign

const (
	unpack  = "unpack it, then open what comes out"
	convert = "convert it first, for example with qemu-img convert"
)

// sign is a mark that a kind of file has at a fixed place.
type sign struct {
	at     int
	mark   string
	what   string
	advice string
}

// signs are the kinds of files that are known by a mark, in the order in which
// they are tried: one further into the file goes after those at its start.
var signs = []sign{
	{0, "BZh", "bzip2 data", unpack},
	{0, "\xfd7zXZ\x00", "xz data", unpack},
	{0, "\x28\xb5\x2f\xfd", "zstd data", unpack},
	{0, "\x04\x22\x4d\x18", "lz4 data", unpack},
	{0, "PK\x03\x04", "a zip archive", unpack},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", unpack},
	{0, "Rar!\x1a\x07", "a RAR archive", unpack},
	{0, "MSCF", "a cabinet archive", unpack},
	{0, "QFI\xfb", "a qcow2 image of QEMU", convert},
	{0, "QED\x00", "a QED image of QEMU", convert},
	{0, "WithoutFreeSpace", "an image of Parallels", convert},
	{0, "WithouFreSpacExt", "an image of Parallels", convert},
	{0, "Bochs Virtual HD Image", "an image of Bochs", convert},
	{0x40, "\x7f\x10\xda\xbe", "a VDI image of VirtualBox", "convert it first, for example with VBoxManage clonemedium or qemu-img convert"},
	{0, "EVF\x09\x0d\x0a\xff\x00", "an EnCase image (E01)", "export it as raw first, for example with ewfexport"},
	{0, "EVF2\x0d\x0a\x81\x00", "an EnCase image (Ex01)", "export it as raw first, for example with ewfexport"},
	{0, "LVF\x09\x0d\x0a\xff\x00", "a logical EnCase image (L01): files, not a disk", ""},
	{0, "AFF10\x0d\x0a\x00", "an AFF image", "export it as raw first, for example with affconvert"},
	{0, "MSWIM\x00\x00\x00", "a Windows image (WIM): files, not a disk", ""},
	{0, "encrcdsa", "an encrypted disk image of macOS", "convert it first with hdiutil"},
	{0, "sprs", "a sparse disk image of macOS", "convert it first with hdiutil"},
	{0, "LUKS\xba\xbe", "an encrypted volume (LUKS)", "--format raw shows its bytes; decrypting is for other programs"},
	{0, "hsqs", "a squashfs file system", ""},
	{0, "MZ", "a program for DOS or Windows", ""},
	{0, "\x7fELF", "a program for Unix", ""},
	{0, "%PDF-", "a PDF document", ""},
	{0, "platter-journal", "the journal of a write by this program", "open the image that it lies beside"},
	{0x8001, "CD001", "the image of a CD or DVD (ISO 9660)", "it has no virtual disk inside; --format raw shows its sectors"},
}

// ends are marks that lie a number of bytes before the end of the file.
var ends = []sign{
	{-512, "koly", "a disk image of macOS (DMG)", "convert it first, with hdiutil or dmg2img"},
}

// signature recognises a file by its mark.
func (f *file) signature() (Content, bool) {
	if c, ok := f.packed(); ok {
		return c, true
	}
	if c, ok := f.archive(); ok {
		return c, true
	}
	for _, s := range signs {
		if f.has(s.at, s.mark) {
			return Content{s.what, s.advice, int64(s.at)}, true
		}
	}
	return f.end()
}

func (f *file) end() (Content, bool) {
	for _, s := range ends {
		at := f.size + int64(s.at)
		if at < 0 {
			continue
		}
		if b, err := f.read(at, len(s.mark)); err == nil && string(b) == s.mark {
			return Content{s.what, s.advice, at}, true
		}
	}
	return Content{}, false
}
