package writer

import (
	"bytes"
	"context"
	"errors"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// newlines are the bytes that a transfer as text would change.
const newlines = "\n \r\n"

// repairNewlines rewrites the four bytes, or makes a file what it was before a transfer
// in text mode put a CR before each LF (H4).
func repairNewlines(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	if s.InText() {
		return one("take the CR out before each LF, in the whole file", "", disk.Step(func(ctx context.Context, fs store.FS) error { return takeReturns(ctx, s, fs) }))
	}
	return one("rewrite the newline bytes", "if a transfer in text mode changed them, it changed the data too",
		changeHeaders(s, func(h decode.Record[vmdk.Header]) { copy(h.Bytes()[vmdk.HeaderSingleEndLine.Offset():], newlines) }))
}

// takeReturns writes the file without the CR before each LF.
func takeReturns(ctx context.Context, s *reader.Sparse, fs store.FS) error {
	b, err := s.Head(0, s.Size)
	if err == nil && int64(len(b)) < s.Size {
		err = s.Impossible(int64(len(b)), 0, "the file ends before byte 0x%x, where it ended when it was opened", s.Size)
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return disk.Steps(disk.Put(s.Name, 0, b), disk.Resize(s.Name, int64(len(b))))(ctx, fs)
}
