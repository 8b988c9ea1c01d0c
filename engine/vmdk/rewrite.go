package vmdk

import (
	"bytes"
	"context"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// Text is a descriptor with the changes that repairs may make of it.
type Text struct {
	*vmdk.Descriptor
	image *Image
}

func (m *Image) writing() Text { return Text{m.text, m} }

// Place is where the text lies.
func (t Text) Place() decode.Place { return t.image.textPlace() }

// room is how long the text may become without changing the length of the
// file: a NUL follows it inside an extent.
func (t Text) room() int64 {
	if !t.image.separate {
		return t.image.textAt.Length - 1
	}
	return t.image.textAt.Length
}

// Fits reports whether the text has room for splices. Inside an extent it may
// grow into the room that is reserved for it; a file of its own gets another
// length.
func (t Text) Fits(parts ...vmdk.Splice) bool {
	n := t.Grown(parts...)
	return len(parts) > 0 && (t.image.separate || n <= t.room()) && n <= vmdk.MaxDescriptor
}

// Rewrite writes the descriptor with parts of it changed, which do not
// overlap. It fails where the text has no room, or where what follows it would
// become part of it.
func (t Text) Rewrite(parts ...vmdk.Splice) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		old, err := t.image.main.head(t.image.textAt.Offset, int64(t.Size))
		if err != nil {
			return err
		}
		if len(old) < t.Size {
			return t.image.main.impossible(t.image.textAt.Offset, int64(t.Size), "the descriptor has changed while it was looked at")
		}
		if !t.Fits(parts...) {
			return t.image.main.impossible(t.image.textAt.Offset, t.image.textAt.Length, "the new text does not fit into the room of the descriptor")
		}
		out, ok := vmdk.Splices(old, parts)
		if !ok {
			return t.image.main.impossible(t.image.textAt.Offset, int64(len(old)), "two changes of the text meet: settle the other findings about it first")
		}
		if t.fillsFile() {
			return disk.Steps(disk.Resize(t.image.main.Name, int64(len(out))), disk.Put(t.image.main.Name, t.image.textAt.Offset, out))(ctx, to)
		}
		rest, err := t.remains(int64(len(out) - len(old)))
		if err != nil {
			return err
		}
		return disk.Put(t.image.main.Name, t.image.textAt.Offset, append(out, make([]byte, rest)...))(ctx, to)
	}
}

// remains is how many bytes have to become zeros after a text that grows by some
// bytes: those that it no longer takes, or those of an older text after one that
// grows over the NUL at its end, which would be read as part of it. More than
// QEMU leaves is for the user to look at first.
func (t Text) remains(grow int64) (int64, error) {
	at := t.image.textAt.Offset + int64(t.Size)
	after := t.image.textAt.Length - int64(t.Size)
	if grow <= 0 || t.fillsFile() {
		return max(-grow, 0), nil
	}
	b, err := t.image.main.head(at, min(after, grow+1+leftover))
	if err != nil {
		return 0, err
	}
	if len(bytes.Trim(b[:min(grow+1, int64(len(b)))], "\x00")) == 0 {
		return 0, nil
	}
	n := int64(len(bytes.TrimRight(b, "\x00")))
	if n > leftover {
		return 0, t.image.main.impossible(at, after, "what lies past the end of the text would become part of it, or be lost: settle D8 first")
	}
	return max(0, n-grow), nil
}

// fillsFile reports whether the text is all that its file holds, or more than
// is read of it.
func (t Text) fillsFile() bool {
	return t.image.separate && (int64(t.Size) == t.image.textAt.Length || t.Size == vmdk.MaxDescriptor)
}

// Room is how long the text becomes with splices, and how long it may be, in bytes.
func (t Text) Room(parts ...vmdk.Splice) (need, have int64) {
	if t.image.separate {
		return t.Grown(parts...), vmdk.MaxDescriptor
	}
	return t.Grown(parts...), min(t.room(), vmdk.MaxDescriptor)
}
