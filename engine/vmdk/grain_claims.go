package vmdk

import "platter/engine/disk"

// grainRun puts grains that lie one after the other in the file at once: a table mostly names
// them so.
type grainRun struct {
	put         putter
	name        string
	off, length int64
}

func (j *grainRun) add(off, length int64) bool {
	if j.length > 0 && j.off+j.length == off {
		j.length += length
		return true
	}
	more := j.done()
	j.off, j.length = off, length
	return more
}

// done puts what is held.
func (j *grainRun) done() bool {
	length := j.length
	j.length = 0
	return length == 0 || j.put(j.off, length, disk.KindPayload, j.name)
}
