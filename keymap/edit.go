package keymap

// The actions that change bytes. Those of the mode in which bytes are
// overwritten stand with the others.
const (
	EditField  Action = "edit-field"
	PasteBytes Action = "paste"
	Hands      Action = "change-bytes"
	FixSum     Action = "fix-checksum"
	Review     Action = "review"
	Writing    Action = "writing"
	Renew      Action = "renew"
	Write      Action = "write"
	Drop       Action = "drop"
)
