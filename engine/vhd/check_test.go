package vhd_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

const (
	mib  = 1 << 20
	info = disk.SeverityInfo
	warn = disk.SeverityWarning
	bad  = disk.SeverityError
)

// fixedPlan, dynamicPlan and childPlan are good images to plant faults in.
var (
	fixedPlan   = plan{kind: layout.Fixed, size: 1 * mib, id: 1}
	dynamicPlan = plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{5, 0, 2}, id: 2}
	childPlan   = plan{kind: layout.Differencing, size: 4 * mib, block: 512 << 10, stored: []int64{1, 2}, id: 3, parent: 2, name: "base.vhd", partial: true}
)

// fault is one planted fault and what the check must say about it.
type fault struct {
	code     string
	severity disk.Severity
	plan     plan
	plant    func(f *fixture)
	also     string // codes that can't be avoided
}

func footerFault(code string, s disk.Severity, p plan, plant func(f *fixture)) fault {
	return fault{code: code, severity: s, plan: p, plant: func(f *fixture) { plant(f); f.both() }}
}

func headerFault(code string, s disk.Severity, p plan, plant func(f *fixture)) fault {
	return fault{code: code, severity: s, plan: p, plant: func(f *fixture) { plant(f); f.sealHeader() }}
}

func faults() []fault {
	return []fault{
		{code: "V001", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[:100]); f.bytes = f.bytes[:f.tail] }},
		{code: "V056", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[:8]); f.bytes = f.bytes[:f.tail] }, also: "V002"},
		{code: "V056", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[:8]); clear(f.bytes[f.tail : f.tail+8]) }},
		{code: "V056", severity: bad, plan: fixedPlan, plant: func(f *fixture) { f.bytes[f.tail+3] ^= 1 }},
		{code: "V001", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[:512]); clear(f.bytes[f.tail:]) }},
		{code: "V001", severity: bad, plan: childPlan, plant: func(f *fixture) {
			clear(f.bytes[:512])
			f.bytes = append(f.bytes[:f.tail], bytes.Repeat([]byte{7}, 1000)...)
		}, also: "V008"},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = f.bytes[:f.tail] }},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[f.tail+30]++ }},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			copy(f.bytes[f.tail:], bytes.Repeat([]byte{0xC7}, 512))
		}},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail], bytes.Repeat([]byte{7}, 1300)...)
		}, also: "V008"},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = f.bytes[:f.tail-1000] }, also: "V008 V032"},
		{code: "V002", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			f.insert(make([]byte, 100))
			f.bytes[f.tail+30]++
		}, also: "V008"},
		{code: "V003", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[:512]) }},
		{code: "V003", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[30]++ }},
		{code: "V004", severity: bad, plan: fixedPlan, plant: func(f *fixture) { f.bytes[f.tail+27]++ }},
		{code: "V004", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[f.tail+27]++; f.bytes[27]++ }},
		{code: "V005", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			layout.FooterSavedState.Put(f.front(), 1)
			layout.FooterTable.Seal(f.bytes[:512])
		}},
		{code: "V006", severity: bad, plan: fixedPlan, plant: func(f *fixture) {
			inner := build(f.t, dynamicPlan)
			copy(f.bytes, inner.bytes[:2048])
		}},
		{code: "V007", severity: bad, plan: fixedPlan, plant: func(f *fixture) {
			copy(f.bytes[f.tail:], "v_poison")
			layout.FooterTable.Seal(f.footer().Bytes())
		}},
		{code: "V008", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.insert(make([]byte, 100)) }},
		{code: "V008", severity: bad, plan: fixedPlan, plant: func(f *fixture) { f.insert(make([]byte, 100)) }, also: "V015"},
		{code: "V008", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = append(f.bytes, make([]byte, 100)...) }, also: "V009"},
		{code: "V008", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = f.bytes[:f.tail+100] }, also: "V002"},
		{code: "V008", severity: bad, plan: plan{kind: layout.Fixed, size: 0, id: 1}, plant: func(f *fixture) {
			layout.FooterCreator.Put(f.footer(), "")
			f.both()
			f.bytes = f.bytes[:511]
		}, also: "V014"},
		{code: "V009", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = append(f.bytes, make([]byte, 1024)...) }},
		footerFault("V010", bad, fixedPlan, func(f *fixture) { layout.FooterVersion.Put(f.footer(), 0x00020000) }),
		footerFault("V010", warn, fixedPlan, func(f *fixture) { layout.FooterVersion.Put(f.footer(), 0x00010001) }),
		footerFault("V011", warn, fixedPlan, func(f *fixture) { layout.FooterFeatures.Put(f.footer(), 0) }),
		footerFault("V011", warn, fixedPlan, func(f *fixture) { layout.FooterFeatures.Put(f.footer(), 6) }),
		footerFault("V012", bad, fixedPlan, func(f *fixture) { layout.FooterType.Put(f.footer(), 5) }),
		footerFault("V013", warn, fixedPlan, func(f *fixture) { layout.FooterDataOffset.Put(f.footer(), 0xFFFFFFFF) }),
		footerFault("V013", bad, dynamicPlan, func(f *fixture) { layout.FooterDataOffset.Put(f.footer(), 513) }),
		footerFault("V013", bad, dynamicPlan, func(f *fixture) { layout.FooterDataOffset.Put(f.footer(), 1<<40) }),
		footerFault("V013", bad, dynamicPlan, func(f *fixture) { layout.FooterDataOffset.Put(f.footer(), 0) }),
		{code: "V014", severity: bad, plan: plan{kind: layout.Fixed, size: 0, id: 1}, plant: func(f *fixture) {
			layout.FooterCreator.Put(f.footer(), "")
			f.both()
		}},
		{code: "V014", severity: bad, plan: fixedPlan, plant: func(f *fixture) {
			layout.FooterCurrentSize.Put(f.footer(), 1*mib-100)
			f.both()
		}, also: "V015"},
		{code: "V014", severity: bad, plan: fixedPlan, plant: func(f *fixture) {
			layout.FooterCurrentSize.Put(f.footer(), 1<<63)
			f.both()
		}},
		footerFault("V014", bad, dynamicPlan, func(f *fixture) { layout.FooterCurrentSize.Put(f.footer(), 4*mib-100) }),
		{code: "V014", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			layout.FooterCurrentSize.Put(f.footer(), 0)
			layout.FooterOriginalSize.Put(f.footer(), 1)
			f.both()
		}, also: "V017 V030 V038"},
		{code: "V014", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			layout.FooterCurrentSize.Put(f.footer(), 2041<<30)
			f.both()
		}, also: "V029"}, // fatal too
		footerFault("V015", bad, fixedPlan, func(f *fixture) { layout.FooterCurrentSize.Put(f.footer(), 2*mib) }),
		{code: "V015", severity: warn, plan: fixedPlan, plant: func(f *fixture) {
			layout.FooterCurrentSize.Put(f.footer(), 1*mib-512)
			g := layout.GeometryFor(1*mib - 512)
			layout.FooterCylinders.Put(f.footer(), g.Cylinders)
			f.both()
		}},
		footerFault("V016", info, fixedPlan, func(f *fixture) { layout.FooterOriginalSize.Put(f.footer(), 2*mib) }),
		footerFault("V017", warn, fixedPlan, func(f *fixture) { layout.FooterCylinders.Put(f.footer(), 0) }),
		footerFault("V017", warn, fixedPlan, func(f *fixture) { layout.FooterCylinders.Put(f.footer(), 900) }),
		footerFault("V017", info, fixedPlan, func(f *fixture) { layout.FooterCylinders.Put(f.footer(), 29) }),
		footerFault("V017", info, fixedPlan, func(f *fixture) {
			layout.FooterCylinders.Put(f.footer(), 65535)
			layout.FooterHeads.Put(f.footer(), 16)
			layout.FooterSectors.Put(f.footer(), 255)
		}),
		footerFault("V018", warn, fixedPlan, func(f *fixture) { layout.FooterCreator.Put(f.footer(), "vpc ") }),
		footerFault("V019", warn, fixedPlan, func(f *fixture) { layout.FooterTimestamp.Put(f.footer(), future()) }),
		footerFault("V020", warn, fixedPlan, func(f *fixture) { layout.FooterID.Put(f.footer(), uuid.UUID{}) }),
		footerFault("V021", warn, fixedPlan, func(f *fixture) { layout.FooterSavedState.Put(f.footer(), 7) }),
		footerFault("V021", info, fixedPlan, func(f *fixture) { layout.FooterSavedState.Put(f.footer(), 1) }),
		footerFault("V022", warn, fixedPlan, func(f *fixture) { f.bytes[f.tail+200] = 9 }),
		footerFault("V023", info, fixedPlan, func(f *fixture) { layout.FooterCreator.Put(f.footer(), "\x1b[2J") }),
		footerFault("V023", info, fixedPlan, func(f *fixture) { layout.FooterCreatorOS.Put(f.footer(), "TOS ") }),
		headerFault("V024", bad, dynamicPlan, func(f *fixture) { layout.HeaderCookie.Put(f.header(), "cxsparsf") }),
		headerFault("V024", bad, dynamicPlan, func(f *fixture) { layout.HeaderVersion.Put(f.header(), 0x00020000) }),
		{code: "V024", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[512+1000] = 1 }},
		{code: "V024", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[512] ^= 1 }},
		{code: "V024", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { clear(f.bytes[512:tableAt]) }},
		headerFault("V025", warn, dynamicPlan, func(f *fixture) { layout.HeaderNext.Put(f.header(), 0xFFFFFFFF) }),
		headerFault("V026", bad, dynamicPlan, func(f *fixture) { layout.HeaderBlockSize.Put(f.header(), 0) }),
		headerFault("V026", bad, dynamicPlan, func(f *fixture) { layout.HeaderBlockSize.Put(f.header(), 3*mib) }),
		{code: "V027", severity: warn, plan: plan{kind: layout.Dynamic, size: 4 * mib, block: 1 * mib, id: 2}, plant: func(*fixture) {}},
		headerFault("V028", bad, dynamicPlan, func(f *fixture) { layout.HeaderTableOffset.Put(f.header(), 1537) }),
		headerFault("V028", bad, dynamicPlan, func(f *fixture) { layout.HeaderTableOffset.Put(f.header(), 1024) }),
		headerFault("V028", bad, dynamicPlan, func(f *fixture) { layout.HeaderTableOffset.Put(f.header(), 1<<50) }),
		headerFault("V028", bad, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 1<<31) }),
		headerFault("V029", bad, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 7) }),
		headerFault("V029", bad, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 5) }),
		headerFault("V029", bad, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 0) }),
		headerFault("V030", info, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 9) }),
		headerFault("V030", warn, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 10) }),
		{code: "V031", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.setEntry(1, 0) }},
		{code: "V031", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.setEntry(1, 3) }},
		{code: "V031", severity: bad, plan: childPlan, plant: func(f *fixture) { f.setEntry(0, 4) }, also: "V034 V033"},
		{code: "V032", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.setEntry(1, 0x7FFFFFFF) }},
		{code: "V032", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail-512], f.bytes[f.tail:]...)
		}},
		{code: "V033", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[f.blocks[0]] &^= 0x80 }},
		{code: "V033", severity: warn, plan: childPlan, plant: func(f *fixture) { f.bytes[f.blocks[1]+512+512] = 1 }},
		{code: "V033", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { // the last absent sector is not in the file
			bitmap := f.bytes[f.blocks[2]:]
			bitmap[1000/8] &^= 0x80
			bitmap[1023/8] &^= 0x01
			f.bytes = append(f.bytes[:f.tail-1024], f.bytes[f.tail:]...)
		}, also: "V032"},
		{code: "V034", severity: bad, plan: dynamicPlan, plant: func(f *fixture) { f.setEntry(1, uint32(f.blocks[0]/512)) }},
		{code: "V034", severity: bad, plan: dynamicPlan, plant: func(f *fixture) {
			f.setEntry(0, uint32(f.blocks[0]/512)+1)
			f.bytes[f.blocks[0]+512] = 0xFF // the bitmap of the moved block
		}, also: "V033"},
		{code: "V035", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { f.setEntry(0, layout.Unallocated) }},
		{code: "V035", severity: info, plan: dynamicPlan, plant: func(f *fixture) { f.insert(make([]byte, 1024)) }},
		{code: "V036", severity: warn, plan: dynamicPlan, plant: func(f *fixture) {
			copy(f.bytes[f.blocks[5]+512+1024:], f.footer().Bytes())
		}},
		{code: "V037", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[f.table+100] = 5 }},
		{code: "V057", severity: warn, plan: dynamicPlan, plant: func(f *fixture) { f.bytes[f.blocks[0]+200] = 0xFE }},
		{code: "V057", severity: warn, plan: childPlan, plant: func(f *fixture) {
			at := int64(layout.LocatorOffset.Get(f.locator(0))) + int64(layout.LocatorLength.Get(f.locator(0)))
			f.bytes[at+4] = 1
		}},
		headerFault("V038", warn, dynamicPlan, func(f *fixture) {
			layout.HeaderEntries.Put(f.header(), 9)
			f.setEntry(8, uint32(f.tail/512))
			f.insert(make([]byte, 512+512<<10))
		}),
		headerFault("V039", warn, dynamicPlan, func(f *fixture) { layout.HeaderParentName.Put(f.header(), "old.vhd") }),
		headerFault("V039", warn, dynamicPlan, func(f *fixture) { layout.HeaderParentTime.Put(f.header(), 1) }),
		headerFault("V041", warn, childPlan, func(f *fixture) {
			copy(f.locator(1).Bytes(), f.locator(0).Bytes())
			layout.LocatorCode.Put(f.locator(1), 0x4D163220)
		}),
		headerFault("V041", bad, childPlan, func(f *fixture) { f.locator(0).Bytes()[13] = 1 }),
		headerFault("V041", bad, childPlan, func(f *fixture) { layout.LocatorLength.Put(f.locator(0), 19) }),
		{code: "V041", severity: bad, plan: childPlan, plant: func(f *fixture) {
			layout.LocatorLength.Put(f.locator(0), 514)
			f.sealHeader()
		}, also: "V031"},
		headerFault("V041", bad, childPlan, func(f *fixture) { layout.LocatorOffset.Put(f.locator(0), 1<<62) }),
		headerFault("V041", bad, childPlan, func(f *fixture) { layout.LocatorOffset.Put(f.locator(0), 600) }),
		headerFault("V042", warn, childPlan, func(f *fixture) { layout.LocatorSpace.Put(f.locator(0), 600) }),
		headerFault("V043", bad, childPlan, func(f *fixture) {
			layout.HeaderParentName.Put(f.header(), "gone.vhd")
			clear(f.locator(0).Bytes())
		}),
		headerFault("V044", bad, childPlan, func(f *fixture) { layout.HeaderParentID.Put(f.header(), identity(99)) }),
		headerFault("V045", warn, childPlan, func(f *fixture) { layout.HeaderParentTime.Put(f.header(), 400_000_000) }),
		headerFault("V045", info, childPlan, func(f *fixture) { layout.HeaderParentTime.Put(f.header(), 0) }),
		{code: "V046", severity: warn, plan: plan{kind: layout.Differencing, size: 5 * mib, block: 512 << 10, id: 3, parent: 2, name: "base.vhd"}, plant: func(*fixture) {}},
		{code: "V046", severity: bad, plan: plan{kind: layout.Differencing, size: 3 * mib, block: 512 << 10, id: 3, parent: 2, name: "base.vhd"}, plant: func(*fixture) {}},
		headerFault("V047", bad, childPlan, func(f *fixture) {
			layout.HeaderParentID.Put(f.header(), identity(3))
			layout.HeaderParentName.Put(f.header(), "disk.vhd")
			clear(f.locator(0).Bytes())
		}),
		{code: "V049", severity: warn, plan: tapPlan, plant: func(f *fixture) { clear(f.bytes[2048:2560]) }},
		{code: "V049", severity: warn, plan: tapPlan, plant: func(f *fixture) { f.bytes[2560+100] ^= 1 }},
		{code: "V049", severity: warn, plan: tapPlan, plant: func(f *fixture) { f.bytes[f.blocks[0]+3] = 0; clear(f.bytes[f.blocks[0]+512+24*512:][:8*512]) }},
		{code: "V049", severity: warn, plan: tapPlan, plant: func(f *fixture) {
			r, _ := layout.BatmapTable.Of(f.bytes[2048:])
			layout.BatmapOffset.Put(r, 1<<60)
		}},
		{code: "V051", severity: info, plan: fixedPlan, plant: func(f *fixture) { f.bytes = f.bytes[:len(f.bytes)-1] }},
		{code: "V051", severity: info, plan: dynamicPlan, plant: func(f *fixture) { f.bytes = f.bytes[:len(f.bytes)-1] }},
		footerFault("V054", info, fixedPlan, func(f *fixture) { layout.FooterFeatures.Put(f.footer(), 3) }),
		{code: "V054", severity: info, plan: tapPlan, plant: func(f *fixture) { layout.FooterHidden.Put(f.footer(), 1); f.both() }},
		{code: "V048", severity: bad, plan: childPlan, plant: func(f *fixture) {
			layout.HeaderParentID.Put(f.header(), uuid.UUID{})
			f.sealHeader()
		}, also: "V044"},
		{code: "V040", severity: bad, plan: childPlan, plant: func(f *fixture) {
			layout.HeaderParentName.Put(f.header(), "")
			clear(f.locator(0).Bytes())
			f.sealHeader()
		}, also: "V043"},
	}
}

// tapPlan has a batmap in front of its blocks: see withBatmap.
var tapPlan = plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{0, 3}, id: 4, creator: "tap"}

// withBatmap puts tapdisk's header and map in front of the first block.
func withBatmap(f *fixture) {
	area := make([]byte, 1024)
	r, _ := layout.BatmapTable.Of(area)
	copy(area, layout.BatmapTable.Blank().Bytes())
	layout.BatmapOffset.Put(r, 2560)
	layout.BatmapSectors.Put(r, 1)
	area[512] = 0x80 | 0x10
	layout.BatmapSum.Put(r, uint32(layout.Checksum(area[512:])))
	f.bytes = append(f.bytes[:2048:2048], append(area, f.bytes[2048:]...)...)
	f.tail += 1024
	for b := range f.blocks {
		f.blocks[b] += 1024
		f.setEntry(b, uint32(f.blocks[b]/512))
	}
}

// openFault builds the image with its fault, and a good base for children.
func openFault(t *testing.T, c fault) disk.Image {
	t.Helper()
	return open(t, enginetest.Memory(t, faulty(t, c), "disk.vhd", formats))
}

func faulty(t *testing.T, c fault) *store.Mem {
	t.Helper()
	f := build(t, c.plan)
	if c.plan.creator == "tap" {
		withBatmap(f)
	}
	c.plant(f)
	return files(map[string]*fixture{"disk.vhd": f, "base.vhd": build(t, dynamicPlan)})
}

// TestFaults plants each fault in a good image and expects its code, and
// nothing else of severity warning or above but for what lost its claim (V035, V057).
func TestFaults(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range faults() {
		tested[c.code] = true
		t.Run(c.code+"/"+c.severity.String(), func(t *testing.T) {
			img := openFault(t, c)
			found := false
			for _, f := range check(t, img) {
				code := strings.TrimPrefix(f.Code, "vhd/")
				switch {
				case code == c.code && f.Severity == c.severity:
					found = true
					if f.Needs > 1<<30 {
						t.Errorf("the file is said to have had %d bytes", f.Needs)
					}
					if len(f.Where) == 0 || f.Text == "" || f.Detail == "" {
						t.Errorf("finding says too little: %+v", f)
					}
				case f.Severity >= warn && code != "V035" && code != "V057" && !strings.Contains(c.also, code):
					t.Errorf("unexpected %s %s: %s", f.Severity, f.Code, f.Text)
				}
				if f.Fatal != (code == c.code && !img.Info().Readable()) && !strings.Contains(c.also, "V029") {
					t.Errorf("%s fatal %v, disk readable %v", f.Code, f.Fatal, img.Info().Readable())
				}
			}
			if !found {
				t.Errorf("no %s of severity %s: %v", c.code, c.severity, check(t, img))
			}
			enginetest.Regions(t, img)
		})
	}
	for _, code := range []string{"V050", "V052", "V053"} {
		tested[code] = true // need a host's clock, or a profile: tested by themselves
	}
	for n := 1; n <= 54; n++ {
		if code := "V0" + string([]byte{'0' + byte(n/10), '0' + byte(n%10)}); !tested[code] {
			t.Errorf("no fault for %s", code)
		}
	}
}

// TestGoodImages is the base line of TestFaults.
func TestGoodImages(t *testing.T) {
	for _, p := range []plan{fixedPlan, dynamicPlan, childPlan, tapPlan} {
		img := openFault(t, fault{plan: p, plant: func(*fixture) {}})
		if list := check(t, img); len(list) > 0 {
			t.Errorf("good image %+v: %v", p, list)
		}
		enginetest.Conform(t, img)
	}
}

// TestFindingsAreCapped fills a table with entries that point nowhere.
func TestFindingsAreCapped(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 2000 * 512 << 10, block: 512 << 10, id: 1})
	for i := range int64(2000) {
		binary.BigEndian.PutUint32(f.bytes[f.table+4*i:], 0x40000000+uint32(i)*4096)
	}
	list := check(t, openBytes(t, f.bytes))
	if len(list) != 1001 || !strings.Contains(list[1000].Text, "1000 more") {
		t.Errorf("%d findings, the last: %s", len(list), list[len(list)-1].Text)
	}
}

// TestLocateSharedBlocks finds all blocks of the disk that lie at a place of the
// file.
func TestLocateSharedBlocks(t *testing.T) {
	const block = 512 << 10
	f := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: block, id: 2, stored: []int64{0, 3, 1}})
	f.setEntry(5, uint32(f.blocks[3]/512))
	f.setEntry(6, uint32(f.blocks[3]/512)+2) // its data start two sectors further
	img := openBytes(t, f.bytes).(disk.Locator)
	data := f.blocks[3] + 512
	for _, tt := range []struct {
		at   int64
		want []int64
	}{
		{f.blocks[0] + 512 + 7, []int64{7}},
		{data + 1000, []int64{3*block + 1000, 5*block + 1000}},
		{data + 5000, []int64{3*block + 5000, 5*block + 5000, 6*block + 5000 - 1024}},
		{data - 1, nil},
	} {
		var got []int64
		for virtual, err := range img.LocateFile(t.Context(), "disk.vhd", tt.at) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, virtual)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("byte %d of the file is %d, want %d", tt.at, got, tt.want)
		}
	}
}

// TestOverlapsInPasses has more entries for one block than are sorted at once.
func TestOverlapsInPasses(t *testing.T) {
	const entries = 1<<22 + 1000
	f := build(t, plan{kind: layout.Dynamic, size: entries * 4096, block: 4096, stored: []int64{7, 9}, id: 1})
	for i := range int64(entries) {
		f.setEntry(i, uint32(f.blocks[7+2*(i%2)]/512))
	}
	n := 0
	for _, found := range check(t, openBytes(t, f.bytes)) {
		if found.Code == "vhd/V034" {
			n++
		}
	}
	if n != 1001 {
		t.Errorf("%d findings of shared blocks", n)
	}
}
