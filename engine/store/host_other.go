//go:build !linux

package store

// noatime exists on Linux only.
const noatime = 0
