package disk

import (
	"context"

	"platter/decode"
)

// Foreign is an ability of images that show their disk as another program sees it, not as
// the format says. Nothing can be changed through them.
type Foreign interface {
	// Through is the name of the program's reader.
	Through() string

	// Unlike lists the bytes of n from off on that the program sees otherwise than the
	// format says, ascending, also those that only one of both can read. What is looked at
	// is bounded: end is how far that came.
	Unlike(ctx context.Context, off, n int64) (list []decode.Place, end int64, err error)
}
