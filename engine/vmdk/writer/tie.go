package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// Ties are those of VMDK: the CID. A child accepts one only (vmdk.md 9).
var Ties = disk.Ties{
	Fresh: func(parent disk.Image) string {
		if m, ok := parent.(*reader.Image); ok {
			return fmt.Sprintf("%08x", m.Parts().FreshID())
		}
		return ""
	},
	Expect: expect,
	Assume: assume,
	Settle: settleTables,
}

func expect(child disk.Image, _, next string) (disk.Repair, error) {
	of, ok := child.(*reader.Image)
	if !ok || !of.Parts().Wanted {
		return disk.Repair{}, disk.NoChild(child.Info().Path)
	}
	m := &image{of.Parts()}
	if m.Text.Descriptor == nil || m.Text.Fault != "" {
		return disk.Repair{}, disk.Errorf(disk.Damaged, m.Place(), "the descriptor can't be changed: repair it first")
	}
	return disk.Repair{Title: "say which parent is expected", Apply: m.Rewrite(m.Text.Set("parentCID", next))}, nil
}

func assume(parent disk.Image, mark string) (disk.Repair, error) {
	of, ok := parent.(*reader.Image)
	cid, valid := parseCID(mark)
	if !ok || !valid {
		return disk.Repair{}, disk.Errorf(disk.Unsupported, decode.Place{File: parent.Info().Path}, "%s can't be its CID", decode.InQuotes(mark))
	}
	r, ok := of.RenewalTo(cid)
	if !ok {
		return r, disk.Errorf(disk.Unsupported, decode.Place{File: parent.Info().Path}, "the descriptor has no CID that could be replaced, or no room for it")
	}
	return r, nil
}

// settleTables takes back what an interrupted write has left in the tables: redundant
// entries say what the first ones do, which count, and the disk is marked as closed. It
// reads as before.
func settleTables(ctx context.Context, target disk.Image) (disk.Repair, error) {
	of, ok := target.(*reader.Image)
	if !ok {
		return disk.Repair{}, disk.Errorf(disk.Unsupported, decode.Place{File: target.Info().Path}, "it is no VMDK")
	}
	var steps []disk.Step
	for _, f := range target.Files() {
		s := of.Parts().SparseAt(decode.Place{File: f.Name})
		if s == nil || s.Grid == nil || s.Kind != vmdk.KindHosted {
			continue
		}
		list, err := mirror(ctx, s)
		if err != nil {
			return disk.Repair{}, err
		}
		steps = append(steps, list...)
		for _, r := range setClean(s, disk.Finding{}) {
			steps = append(steps, r.Apply)
		}
	}
	return disk.Repair{Title: "settle the tables", Apply: disk.Steps(steps...)}, nil
}

// mirror puts the entries of the first tables into the redundant ones, where they differ.
func mirror(ctx context.Context, s *reader.Sparse) (steps []disk.Step, err error) {
	if s.Grid.Copies < 2 {
		return nil, nil
	}
	err = s.Grid.EachTable(ctx, 0, func(t, first int64) error {
		second, ok, err := s.Grid.TableOf(1, t)
		if err != nil || !ok || first == second {
			return err
		}
		for i := range s.Grid.EntriesFrom(t) {
			a, err := s.Grid.EntryAt(first + i*s.Grid.Width)
			if err != nil {
				return err
			}
			b, err := s.Grid.EntryAt(second + i*s.Grid.Width)
			if err != nil {
				return err
			}
			if a != b {
				steps = append(steps, putEntry(s, second+i*s.Grid.Width, a))
			}
		}
		return nil
	})
	return steps, err
}
