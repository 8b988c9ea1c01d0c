package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/locate"
)

// Set makes a change of giving a field of the image's structures another value, by its path
// in the tree ("header 2.SequenceNumber") or by one of the common names ([disk.SettingNames]).
// Checksums over it follow, and a second copy that has the same bytes; with wrong they stay
// as they are. It returns what was set, and what is to be known of it.
func (s *Session) Set(ctx context.Context, name, value string, wrong bool) (set []disk.SettingValue, warnings []string, err error) {
	if !slices.Contains(disk.SettingNames(), name) {
		return s.setAll([]disk.SettingValue{{Path: name, New: value}}, wrong)
	}
	img, err := s.Image()
	if err != nil {
		return nil, nil, err
	}
	meant, err := engine.Setting(img, name, value)
	if err != nil {
		return nil, nil, err
	}
	if meant.Change == nil {
		return s.setAll(meant.Values, wrong)
	}
	for _, v := range meant.Values {
		if v.Old != v.New {
			title := fmt.Sprintf("set %s to %s", name, decode.Printable(value))
			return meant.Values, nil, s.Repair(ctx, title, disk.Repair{Title: title, Apply: meant.Change})
		}
	}
	return meant.Values, nil, nil
}

func (s *Session) setAll(list []disk.SettingValue, wrong bool) (set []disk.SettingValue, warnings []string, err error) {
	for _, v := range list {
		done, warning, err := s.setField(v.Path, v.New, wrong)
		if err != nil {
			return set, warnings, err
		}
		if set = append(set, done); warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return set, warnings, nil
}

// mostTyped is the longest field of plain bytes that is set by a text.
const mostTyped = 64

// setField sets one field by its path in the tree.
func (s *Session) setField(path, value string, wrong bool) (set disk.SettingValue, warning string, err error) {
	img, err := s.Image()
	if err != nil {
		return set, "", err
	}
	trail, err := locate.Field(img, path)
	if err != nil {
		return set, "", err
	}
	n := trail[len(trail)-1]
	f, err := fileOf(img, n.Place.File)
	if err != nil {
		return set, "", err
	}
	recs, _ := disk.Records(trail)
	for i := range recs {
		if err := recs[i].Read(f); err != nil {
			return set, "", err
		}
	}
	if err := settable(n, recs[0]); err != nil {
		return set, "", fmt.Errorf("%s: %w", decode.InQuotes(path), err)
	}
	b, err := n.Field.Parse(recs[0].Data, value)
	if err != nil {
		return set, "", err
	}
	edits := []disk.Edit{{File: n.Place.File, Offset: recs[0].Place.Offset + int64(n.Field.Offset()), Data: b}}
	set = disk.SettingValue{Path: path, Old: n.Field.Value(recs[0].Data), New: n.Field.Value(recs[0].Patched(edits))}
	if set.Old == set.New {
		return set, "", nil
	}
	if !wrong {
		if !n.Field.IsSum() {
			edits = append(edits, disk.Seals(recs, edits[0])...)
		}
		more, told, err := secondCopy(f, trail, edits)
		if err != nil {
			return set, "", err
		}
		edits, warning = append(edits, more...), told
	}
	return set, warning, s.Stage(fmt.Sprintf("%s: %s -> %s", path, set.Old, set.New), edits...)
}

// settable says why a field can't be given another value by a text.
func settable(n decode.Node, own disk.Record) error {
	switch {
	case n.Field.Kind() == decode.KindArray:
		return errors.New("it is a table: name a field of one of its rows")
	case len(own.Data) < n.Field.Offset()+n.Field.Size():
		return errors.New("the field is cut off by the end of the file")
	case n.Field.Kind() == decode.KindBytes && n.Field.Size() > mostTyped:
		return fmt.Errorf("it has %d bytes, too many for a text: platter write --file writes them", n.Field.Size())
	}
	return nil
}

// secondCopy are the edits by which the second copy of a structure stays the same as the
// first. One that has other bytes stays as it is.
func secondCopy(f disk.File, trail []decode.Node, edits []disk.Edit) (more []disk.Edit, warning string, err error) {
	for _, n := range slices.Backward(trail) {
		if n.Field != nil || n.SecondCopy == nil || n.Place.Length == 0 {
			continue
		}
		shift := n.SecondCopy.Offset - n.Place.Offset
		one, two := make([]byte, n.Place.Length), make([]byte, n.Place.Length)
		for at, b := range map[int64][]byte{n.Place.Offset: one, n.SecondCopy.Offset: two} {
			if _, err := f.Data.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
				return nil, "", err
			}
		}
		if !bytes.Equal(one, two) {
			return nil, fmt.Sprintf("the second copy of %s, at 0x%x, has other bytes and stays as it is", decode.Printable(n.Name), n.SecondCopy.Offset), nil
		}
		for _, e := range edits {
			if n.Place.Holds(e.File, e.Offset) {
				more = append(more, disk.Edit{File: n.SecondCopy.File, Offset: e.Offset + shift, Data: e.Data})
			}
		}
		return more, "", nil
	}
	return nil, "", nil
}
