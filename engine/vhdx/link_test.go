package vhdx_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestLink(t *testing.T) {
	of := func(list ...*fixture) disk.Image {
		return open(t, enginetest.Memory(t, chainFiles(list), chainName(0), formats))
	}
	list := chain(t, 2)
	enginetest.Links(t, "DataWriteGuid", of(list...), of(list[0], chain(t, 3)[2]), of(list[0]), of(list[1]))
}
