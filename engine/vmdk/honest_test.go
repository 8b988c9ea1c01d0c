package vmdk_test

import (
	"testing"

	"platter/decode"
	"platter/engine/enginetest"
	"platter/engine/vmdk/writer"
)

// TestHonestAboutGaps plants a byte into each kind of unused room, at many
// distances: nothing that is said about it is false.
func TestHonestAboutGaps(t *testing.T) {
	type room struct {
		b     []byte
		at, n int64
	}
	sparse := func() *built { return hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains()) }
	tail := func(b []byte, n int64) room { return room{append(b, make([]byte, n)...), int64(len(b)), n} }
	for name, r := range map[string]room{
		"at the end":      tail(sparse().b, 9<<20),
		"of a redo log":   tail(cowd(small(sector)).b, 9<<20),
		"of a seSparse":   tail(seSparse(small(4096)).b, 9<<20),
		"behind a stream": tail(stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains()).b, 9<<20),
		"no whole sector": tail(sparse().b, 300),
		"behind a text":   tail([]byte(text("custom", `RW 10240 ZERO`)), 60<<10),
		"a grain": func() room {
			f := sparse()
			at := f.grain[3]
			f.entry(3, 0)
			clear(f.b[at:][:grainBytes])
			return room{f.b, at, grainBytes}
		}(),
		"of a descriptor":  {sparse().b, 15 * sector, 5 * sector},
		"in the directory": {sparse().b, 21*sector + 100, 300},
	} {
		t.Run(name, func(t *testing.T) {
			folder := folder(map[string][]byte{"d.vmdk": r.b})
			file, err := folder.OpenWrite("d.vmdk")
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range enginetest.Distances(r.n) {
				file.WriteAt([]byte{7}, r.at+at)
				img := openSource(t, enginetest.Dense(memory(t, folder)))
				enginetest.Honest(t, folder, img, writer.Repairs, decode.Place{File: "d.vmdk", Offset: r.at + at, Length: 1})
				file.WriteAt([]byte{0}, r.at+at)
			}
		})
	}
}
