package keymap

// The actions that find, fetch and keep things.
const (
	Palette       Action = "commands"
	Search        Action = "search"
	NextHit       Action = "next-hit"
	PrevHit       Action = "previous-hit"
	HitList       Action = "hits"
	SearchThis    Action = "search-this"
	Copy          Action = "copy"
	CopyAs        Action = "copy-as"
	CopyAll       Action = "copy-all"
	HashThis      Action = "hash"
	SaveBytes     Action = "save-bytes"
	SaveEntry     Action = "save-entry"
	SaveReport    Action = "save-report"
	ShowTrail     Action = "trail"
	Referrers     Action = "referrers"
	CompareCopies Action = "compare-copies"

	CompareImage Action = "compare-image"
	Bookmark     Action = "bookmark"
	Bookmarks    Action = "bookmarks"
	Note         Action = "note"
	Remove       Action = "remove"
	Earlier      Action = "move-up"
	Later        Action = "move-down"
	AsHex        Action = "as-hex"
	AsText       Action = "as-text"
	AsUTF16      Action = "as-utf-16"
	AsRegexp     Action = "as-regexp"
	FoldCase     Action = "fold-case"
	Within       Action = "within-selection"
	Backwards    Action = "backwards"
)

// groupFind is a heading of the help overlay.
const groupFind = "Find and keep"
