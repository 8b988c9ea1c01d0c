package vmdk_test

import (
	"testing"

	"platter/engine/disk"
)

// TestStrayEntries zeroes an entry of a table, not of the directory, in the formats of ESX:
// nothing but the table says which sector such a grain is of, so that the disk reads as if
// it were not stored, and check warns of data that nothing leads to.
func TestStrayEntries(t *testing.T) {
	for name, damage := range map[string]func() (string, []byte){
		"redo log": func() (string, []byte) {
			f := cowd(small(sector))
			f.u32(f.gts[0], 0)
			return "cowd", f.b
		},
		"seSparse": func() (string, []byte) {
			f := seSparse(small(4096))
			f.u64(f.gts[0], 0)
			return "se", f.b
		},
	} {
		t.Run(name, func(t *testing.T) {
			kind, b := damage()
			files := map[string][]byte{"d-x.vmdk": b, "d.vmdk": kinds()[kind].files["d.vmdk"]}
			img := openMem(t, files, "d.vmdk")
			warned := false
			for f, err := range img.Check(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				warned = warned || f.Severity >= disk.SeverityWarning
				t.Log(f.Code, f.Severity, f.Text)
			}
			if !warned {
				t.Error("check says nothing of the grain that is lost")
			}
		})
	}
}
