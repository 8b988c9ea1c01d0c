// Package writer makes disk images of the VHDX format and changes them: new ones
// of every kind, and the repairs of what engine/vhdx has found. Section numbers such as "vhdx.md 9" and finding
// codes such as "vhdx/17" are those of the format reference.
package writer

import (
	"context"
	"fmt"
	"strings"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// image is what was read of an image under repair.
type image struct{ reader.Parts }

// offer makes the repairs of a finding that can be repaired.
type offer func(v *image, f disk.Finding) []disk.Repair

// offers are the repairs of findings by code (vhdx.md 14).
var offers = map[string]offer{
	"1":  (*image).sign,
	"3":  (*image).renewOther,
	"4":  (*image).rebuildHeaders,
	"5":  (*image).chooseHeader,
	"6":  (*image).zeroHeaderRoom,
	"8":  (*image).renewOther,
	"9":  (*image).moveLog,
	"10": (*image).replayInFile,
	"11": (*image).giveUpLog,
	"12": (*image).lengthen,
	"53": (*image).renewIdentity,
	"54": (*image).restartSequence,

	"13": (*image).renewTable,
	"14": (*image).rebuildTables,
	"15": (*image).repairTableBits,
	"19": (*image).requireRegion,
	"20": (*image).zeroMetadataHead,
	"22": (*image).unplaceItem,
	"24": (*image).correctFlags,
	"26": (*image).deleteItem,
	"27": (*image).supplyItem,
	"29": (*image).correctSize,
	"30": (*image).clearParameterBits,
	"33": (*image).relink,
	"34": (*image).relink,
	"35": (*image).enlargeBAT,

	"36": (*image).zeroPadding,
	"37": entryOffer(fix{title: "clear the reserved bits"}, func(e uint64) uint64 { return e &^ vhdx.ReservedBits(e) }),
	"38": (*image).defineState,
	"39": entryOffer(fix{title: "mark the block as fully present", risk: "sectors that were never written show what lies in the file there", reads: true}, withState(vhdx.FullyPresent)),
	"40": entryOffer(fix{title: "take the place out of the entry"}, withoutPlace),
	"41": (*image).giveUpBlock,
	"42": (*image).giveUpBlock,
	"43": (*image).extendFile,
	"44": (*image).separate,
	"45": (*image).dropAnchors,
	"46": (*image).correctBitmapEntry,
	"47": entryOffer(fix{title: "mark the block as fully present", risk: "sectors that were left to the parent show what lies in the file there", reads: true}, withState(vhdx.FullyPresent)),
	"48": (*image).simplify,
	"49": (*image).allocateAll,
	"50": (*image).settleLeak,
	"51": (*image).roundLength,
}

// Repairs lists the repairs of a finding of a VHDX, see [disk.Repairer].
func Repairs(ctx context.Context, img disk.Image, f disk.Finding) ([]disk.Repair, error) {
	r, ok := img.(*reader.Image)
	list := offers[strings.TrimPrefix(f.Code, "vhdx/")]
	if !ok || list == nil || !f.Repairable {
		return nil, nil
	}
	v := &image{r.Parts()}
	if err := v.seek(ctx, &f); err != nil {
		return nil, err
	}
	return list(v, f), nil
}

// seek looks for the block of an entry that leads nowhere (41, 42), to another one (44), or
// has no place with a state that is none (38).
func (v *image) seek(ctx context.Context, f *disk.Finding) error {
	if f.About != nil || f.Code != "vhdx/38" && f.Code != "vhdx/41" && f.Code != "vhdx/42" && f.Code != "vhdx/44" {
		return nil
	}
	list := v.EntriesAt(f.Where)
	if f.Code == "vhdx/44" && len(list) == 2 {
		o, ok, err := v.Parted(ctx, [2]int64(list))
		if ok {
			f.About = o
		}
		return err
	}
	if len(list) != 1 {
		return nil
	}
	o, ok, err := v.Stray(ctx, list[0])
	if ok {
		f.About = o
	}
	return err
}

// fix is a repair of the file. Every one updates the headers, as each change of
// the file does (vhdx.md 3).
type fix struct {
	title, risk string
	reads       bool         // the disk reads otherwise afterwards: it gets a new DataWriteGuid
	header      headerChange // what else it changes in the headers; may be nil
	body        disk.Step    // what it changes after them; may be nil
}

// one makes the repair, based on the current header.
func (v *image) one(f fix) []disk.Repair { return []disk.Repair{v.basedOn(v.Current, f)} }

// basedOn makes the repair, based on header i.
func (v *image) basedOn(i int, f fix) disk.Repair {
	steps := []disk.Step{v.updateHeaders(i, f.reads, f.header)}
	if f.body != nil {
		steps = append(steps, f.body)
	}
	return disk.Repair{Title: f.title, Risk: f.risk, Apply: disk.Steps(steps...)}
}

// apart marks the first of some repairs, if it has no risk: it changes only copies in the first
// MiB, or room that no entry leads to. Where the header that counts gives the log no place, an
// update of it is no help.
func (v *image) apart(list []disk.Repair) []disk.Repair {
	list[0].Apart = list[0].Risk == "" && v.LogFits(v.Current)
	return list
}

// rewrite is the fix with the bytes at a place changed.
func (v *image) rewrite(f fix, at decode.Place, change func([]byte)) []disk.Repair {
	f.body = disk.Change(at, change)
	return v.one(f)
}

// place is a range of the image's file.
func (v *image) place(off, n int64) decode.Place {
	return decode.Place{File: v.Source.Name, Offset: off, Length: n}
}

// put writes bytes to the file.
func (v *image) put(off int64, b []byte) disk.Step { return disk.Put(v.Source.Name, off, b) }

// roundUp rounds up to whole MiB.
func roundUp(n int64) int64 { return (n + vhdx.MiB - 1) / vhdx.MiB * vhdx.MiB }

// resize gives the file another length.
func (v *image) resize(size int64) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		if size > v.Limit {
			return disk.Errorf(disk.Damaged, v.place(v.Size, 0), "the file would get 0x%x bytes, the whole disk needs no more than 0x%x", size, v.Limit)
		}
		return disk.Resize(v.Source.Name, size)(ctx, to)
	}
}

// inFreshRoom has something done with n bytes of room after all that the file
// has.
func (v *image) inFreshRoom(n int64, then func(room int64) disk.Step) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		room, err := v.FreshRoom(ctx)
		if err != nil {
			return err
		}
		return disk.Steps(v.resize(room+n), then(room))(ctx, to)
	}
}

// longer adds to a risk how long the file gets, where that is much longer than
// it is: only the image itself says that it needs so much.
func (v *image) longer(risk string, size int64) string {
	const little = 64 << 20
	if size <= max(2*v.Size, v.Size+little) {
		return risk
	}
	if risk != "" {
		risk += "; "
	}
	return risk + fmt.Sprintf("the file gets %s long, since the image says so", decode.FormatSize(uint64(size)))
}
