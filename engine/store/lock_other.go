//go:build !linux && !windows && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package store

import "os"

func lockFile(*os.File) error { return errNoLocks }

func heldForWriting(*os.File) error { return nil }
