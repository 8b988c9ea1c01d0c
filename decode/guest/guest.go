// Package guest declares what a guest operating system writes to a virtual
// disk: partition tables and boot sectors. The same mechanism that describes
// the image's own structures describes them.
//
// There is no format reference of ours for these; the Ref strings name the
// public specifications (UEFI 2.10, FAT, NTFS and exFAT documentation).
package guest

import "platter/decode"

// Layouts lists every structure of the package.
func Layouts() []*decode.Layout {
	return []*decode.Layout{
		&MBR.Layout, &MBREntry.Layout, &GPTHeader.Layout, &GPTEntry.Layout,
		&FAT16.Layout, &FAT32.Layout, &NTFS.Layout, &ExFAT.Layout, &ExtSuperblock.Layout, &ExtGroupDescriptor.Layout,
	}
}
