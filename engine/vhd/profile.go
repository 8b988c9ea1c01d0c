package vhd

import (
	"context"
	"fmt"
	"iter"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// The bounds of Azure's uploads (vhd.md 15), in bytes.
const (
	azureUnit = 1 << 20
	azureMin  = 20 << 20
	azureMax  = 32767 << 30
)

// alignment is what Hyper-V wants the data of blocks to start on.
const alignment = 4096

// CheckProfile finds why a program would refuse the image or show another disk
// (vhd.md 17), beyond what Check says about it.
func (v *Image) CheckProfile(ctx context.Context, profile string) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, Reporter: disk.NewReporter(yield)}
		switch profile {
		case disk.ProfileAzure:
			c.azure()
		case disk.ProfileQEMU:
			c.demands(codeQEMU, profiler{v}.forQEMU())
		case disk.ProfileVirtualBox:
			c.demands(codeVirtualBox, profiler{v}.forVirtualBox())
		case disk.ProfileForensic:
			c.demands(codeQEMU, profiler{v}.forQEMU())
			c.demands(codeVirtualBox, profiler{v}.forVirtualBox())
		case disk.ProfileOVF:
			c.demands(codeOVF, []demand{{true, severe, v.field(vhd.FooterCookie.Field()), "an OVF names disks as streamOptimized VMDK: convert the disk to that"}})
		case disk.ProfileAWS:
			c.demands(codeAWS, profiler{v}.forAWS())
		case disk.ProfileGCP:
			c.demands(codeGCP, profiler{v}.forQEMU())
		case disk.ProfileVMware:
			c.demands(codeVMware, []demand{{true, severe, v.field(vhd.FooterCookie.Field()), "VMware opens no VHD: convert the disk to VMDK"}})
		case disk.ProfileHyperV:
			if c.demands(codeMicrosoft, profiler{v}.forHyperV()) && v.table.placed && v.tableTrusted() && v.dynamicKind() {
				c.alignment(ctx)
			}
		}
	}
}

func (c *checker) azure() {
	v := c.image
	for _, demand := range []struct {
		broken   bool
		severity disk.Severity
		field    *decode.Field
		text     string
	}{
		{v.kind != vhd.Fixed, severe, vhd.FooterType.Field(), "Azure takes fixed images, this one is " + v.typeName()},
		{v.virtual%azureUnit != 0, severe, vhd.FooterCurrentSize.Field(), v.roundedForAzure()},
		{v.virtual < azureMin || v.virtual > azureMax, severe, vhd.FooterCurrentSize.Field(), fmt.Sprintf("Azure takes 20 MiB to 32767 GiB, the disk has %d bytes", v.virtual)},
		{!v.footers.tail.valid, severe, vhd.FooterChecksum.Field(), "Azure looks at the cookie and the checksum of the footer at the end, which is missing or damaged"},
		{v.kind == vhd.Fixed && v.footers.tail.off+v.footers.tail.length != v.virtual+vhd.FooterSize, severe, vhd.FooterCurrentSize.Field(), "Azure expects the footer right after the disk"},
		{vhd.FooterCreatorOS.Get(v.footer) != "Wi2k", warning, vhd.FooterCreatorOS.Field(), fmt.Sprintf("images for Azure are made under the system Wi2k, this one under %q", vhd.FooterCreatorOS.Get(v.footer))},
	} {
		f := v.finding("V052", demand.text, v.field(demand.field))
		f.Severity = demand.severity
		if demand.broken && !c.Report(f) {
			return
		}
	}
}

// roundedForAzure says that the size is no whole number of MiB, and the next one
// that is.
func (v *Image) roundedForAzure() string {
	next := (v.virtual + azureUnit - 1) / azureUnit
	return fmt.Sprintf("Azure takes whole MiB, the disk has %d bytes: make it %d bytes (%d MiB)", v.virtual, next*azureUnit, next)
}

// alignment counts the blocks whose data start in the middle of 4 KiB.
func (c *checker) alignment(ctx context.Context) {
	v, t := c.image, &c.image.table
	var odd, stored int64
	var first decode.Place
	for e, err := range t.scan(ctx, 0, t.usable()) {
		if err != nil {
			c.Fail(err)
			return
		}
		if e.holes > 0 {
			continue
		}
		stored++
		if data := int64(e.sector)*vhd.Sector + t.bitmapBytes; data%alignment != 0 {
			if odd == 0 {
				first = v.entryPlace(e.index)
			}
			odd++
		}
	}
	if odd > 0 {
		c.Report(v.finding("V053", fmt.Sprintf("the data of %d of %d stored blocks do not start on a multiple of 4096", odd, stored), first))
	}
}

var _ disk.Profiler = (*Image)(nil)
