package writer

import "fmt"

// why words the reason for a write.
func why(format string, number int64) string { return fmt.Sprintf(format, number) }
