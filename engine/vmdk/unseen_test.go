package vmdk_test

import (
	"context"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vmdk"
	"platter/engine/vmdk/writer"
)

// TestNothingUnseen changes bytes all over images of the kinds that are not made here, or are
// made otherwise by others: see [enginetest.Known.Unseen].
func TestNothingUnseen(t *testing.T) {
	for name, k := range kinds() {
		if name == "flat" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enginetest.Known{
				Name: name, Files: folder(k.files), Image: "d.vmdk", Disk: k.want, Repairs: writer.Repairs,
				Opaque: []string{"journal", "journal header", "free bitmap", "back map"},
				Open: func(ctx context.Context, o store.Opener, _ string) (disk.Image, error) {
					return vmdk.Open(ctx, enginetest.Dense(memory(t, o.(*store.Mem))))
				},
			}.Unseen(t, enginetest.Scale(17, 1))
		})
	}
}
