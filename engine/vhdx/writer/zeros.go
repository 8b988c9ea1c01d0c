package writer

import (
	"fmt"

	"platter/decode/vhdx"
	"platter/engine/layer"
	"platter/engine/store"
)

// zeroPiece is how many zeros are written at once, in bytes.
const zeroPiece = vhdx.MiB

// zeros writes zeros to a range of the file.
func zeros(f store.File, off, n int64, why string) error {
	b := make([]byte, min(n, zeroPiece))
	return layer.Pieces(off, n, zeroPiece, func(at, n int64) error {
		_, err := store.WriteFor(f, b[:n], at, why)
		return err
	})
}

// why words the reason for a write.
func why(format string, number int64) string { return fmt.Sprintf(format, number) }
