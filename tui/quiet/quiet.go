// Package quiet keeps the terminal from being asked questions while the
// program starts. bubbletea asks for the background colour in an init
// function, and waits five seconds where nothing answers: a program that only
// prints `info` into a slow terminal would hang, and write escape codes.
//
// Go initialises a package as soon as all its imports are, in the order of
// import paths. This one imports only os, so it comes before bubbletea, which
// needs much more (runtime/debug among it, whose path sorts after ours and
// which needs os itself). Its init hides the terminal's type; [Restore] brings
// it back before anything is drawn.
//
// Import it from package main. It must never import anything but os.
package quiet

import "os"

var term, had = os.LookupEnv("TERM")

func init() {
	if had {
		os.Setenv("TERM", "dumb")
	}
}

// Restore sets TERM to what it was when the program started.
func Restore() {
	if had {
		os.Setenv("TERM", term)
	}
}
