package keymap

// The actions of the screens that show how an image came to be what it is:
// its log, and the layers of its chain.
const (
	Screen4    Action = "screen-4"
	Screen7    Action = "screen-7"
	Screen8    Action = "screen-8"
	Screen9    Action = "screen-9"
	LogBytes   Action = "log-bytes"
	ReplayStep Action = "replay-step"
	ReplayAll  Action = "replay-all"
	Verify     Action = "verify"
	Parent     Action = "choose-parent"

	VerifyLinks Action = "verify-links"
)

// The actions of the findings.
const (
	Profile    Action = "profile"
	Reviewed   Action = "reviewed"
	CheckAgain Action = "check-again"
	HideSeen   Action = "hide-reviewed"
)

// The actions of the screen that shows the disk as other programs see it.
const (
	ReaderHashes Action = "reader-hashes"
	CompareAgain Action = "compare-readers"
	NextReader   Action = "next-reader"
)
