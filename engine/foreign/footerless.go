package foreign

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"platter/decode/vhd"
)

// footerless says of a file with the name of a VHD, and a disk's content or none that is known,
// how to make the footer again that a fixed VHD is known by.
func (f *file) footerless(c Content, known bool) (Content, bool) {
	if !strings.EqualFold(path.Ext(f.src.Name), ".vhd") || f.size%vhd.Sector != 0 {
		return c, known
	}
	if !known {
		c.What = "by its name a VHD, but it has no footer, at its start or at its end"
	}
	length := ""
	if b, err := f.read(f.size-vhd.FooterSize, vhd.FooterSize); err == nil && len(bytes.Trim(b, "\x00")) == 0 && f.size > vhd.FooterSize {
		length = fmt.Sprintf(" (with --length %d if its last sector, which is all zeros, was the footer)", f.size-vhd.FooterSize)
	}
	c.Advice = "if it was a fixed VHD whose footer is lost, all of it is the disk: platter convert --format raw FILE NEW.vhd --type fixed makes a whole one of it" + length + "; --format raw shows it as a disk"
	return c, true
}
