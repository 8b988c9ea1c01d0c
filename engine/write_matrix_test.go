package engine_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

const (
	allPrograms = enginetest.QEMU | enginetest.QEMUWrites | enginetest.SevenZip | enginetest.Libyal
	no7Zip      = allPrograms &^ enginetest.SevenZip
)

// matrixKind is a kind of image that the matrix holds, and who knows it.
type matrixKind struct {
	name      string
	format    string
	base, top map[string]string // top: of a child
	block     int64
	fill      byte // of the parent
	known     enginetest.Witness
	_         string // why the others are no witnesses
}

// matrixKinds are all kinds that can be written anywhere. Streams have states of their own:
// see TestMatrixStreams.
func matrixKinds() []matrixKind {
	return []matrixKind{
		{"vhd fixed", "vhd", values("type", "fixed"), nil, 2 << 20, 0, allPrograms, ""},
		{"vhd dynamic", "vhd", values(), nil, 2 << 20, 0, allPrograms, ""},
		{"vhd differencing", "vhd", values(), values(), 2 << 20, 0x6B, enginetest.SevenZip, "QEMU takes a child for an image that stands alone, libvhdi does not mask the bits of its bitmap (vhd.md 17)"},
		{"vhdx fixed", "vhdx", values("type", "fixed", "block-size", "1M"), nil, 1 << 20, 0, allPrograms, ""},
		{"vhdx dynamic", "vhdx", values("block-size", "1M"), nil, 1 << 20, 0, allPrograms, ""},
		{"vhdx dynamic, blocks of 2 MiB, log of 2 MiB", "vhdx", values("block-size", "2M", "log-size", "2M"), nil, 2 << 20, 0, allPrograms, ""},
		{"vhdx dynamic, 4096", "vhdx", values("block-size", "1M", "sector", "4096"), nil, 1 << 20, 0, enginetest.SevenZip, "QEMU knows no sectors of 4096 bytes, nor does libvhdi"},
		{"vhdx differencing", "vhdx", values("block-size", "1M"), values("block-size", "1M"), 1 << 20, 0x6B, enginetest.SevenZip, "QEMU refuses children, libvhdi reads them wrongly (vhdx.md 18)"},
		{"vmdk monolithicSparse", "vmdk", values("type", "monolithicSparse"), nil, 64 << 10, 0, allPrograms, ""},
		{"vmdk monolithicSparse with zero grains", "vmdk", values("zeroed-grains", "yes"), nil, 64 << 10, 0, allPrograms &^ enginetest.SevenZip, "7-Zip takes entry 1 for a grain"},
		{"vmdk monolithicFlat", "vmdk", values("type", "monolithicFlat"), nil, 64 << 10, 0, no7Zip, "7-Zip opens no descriptors of flat extents"},
		{"vmdk twoGbMaxExtentSparse", "vmdk", values("type", "twoGbMaxExtentSparse", "split", "4M"), nil, 64 << 10, 0, allPrograms, ""},
		{"vmdk twoGbMaxExtentFlat", "vmdk", values("type", "twoGbMaxExtentFlat", "split", "4M"), nil, 64 << 10, 0, no7Zip, "7-Zip opens no descriptors of flat extents"},
		{"vmdk vmfs flat", "vmdk", values("type", "vmfs"), nil, 64 << 10, 0, no7Zip, "7-Zip opens no descriptors of flat extents"},
		{"vmdk delta", "vmdk", values("type", "monolithicSparse"), values(), 64 << 10, 0x6B, no7Zip, "7-Zip reads no parents of a VMDK"},
		{"vmdk delta of many files", "vmdk", values("type", "twoGbMaxExtentSparse", "split", "4M"), values("type", "twoGbMaxExtentSparse", "split", "6M"), 64 << 10, 0x6B, no7Zip, "7-Zip reads no parents of a VMDK"},
		{"vmdk redo log (COWD)", "vmdk", values("type", "vmfs"), values(), 64 << 10, 0x6B, enginetest.QEMU | enginetest.Libyal, "QEMU writes over the header of a redo log (V1 of the peers' bugs), 7-Zip does not know it"},
	}
}

// TestMatrix makes an image of every kind, writes at random, zeros, the last sector, opens it
// again and writes, and lets QEMU write: in each state everybody who is right about
// the kind reads the same disk.
func TestMatrix(t *testing.T) {
	for _, tool := range []string{"qemu-img", "qemu-io", "7z", "vhdiinfo", "vmdkinfo"} {
		enginetest.Tool(t, tool)
	}
	for _, k := range matrixKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			name := "base." + k.format
			if k.top != nil {
				name = "child." + k.format
			}
			size := int64(11 << 20)
			if strings.Contains(k.name, "COWD") {
				size = 2 << 20 // QEMU reads it sector by sector
			}
			enginetest.Matrix(t, enginetest.Foreign{
				Name: name, Format: qemuFormats[k.format], Size: size, Block: k.block, Fill: k.fill, Witnesses: k.known,
				Make:  func(t testing.TB, path string) { k.make(t, path, size) },
				Write: writeIn(disk.WriteOptions{Ahead: 1 << 20, Renew: true}), Read: readIn,
			})
		})
	}
}

// make makes the image, and the parent that it may need beside it.
func (k matrixKind) make(t testing.TB, path string, size int64) {
	t.Helper()
	base := filepath.Join(filepath.Dir(path), "base."+k.format)
	if _, err := engine.Create(t.Context(), base, engine.CreateOptions{Values: with(k.base, "size", fmt.Sprint(size))}); err != nil {
		t.Fatal(err)
	}
	if k.top == nil {
		return
	}
	onHost(t, base, disk.WriteOptions{}, func(w disk.Writer) error {
		_, err := w.WriteAt(bytes.Repeat([]byte{k.fill}, int(size)), 0)
		return err
	})
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: k.top, Parent: base}); err != nil {
		t.Fatal(err)
	}
}
