package writer

import (
	"errors"

	"platter/decode/vmdk"
	"platter/engine/store"
)

// grainRun gathers what is written to grains that lie one after the other in the file, so
// that it goes there at once: a long write fills many.
type grainRun struct {
	*grains
	p     []byte // a part of what is written
	at    int64  // where it goes, in bytes of the file
	first int64  // the grain that it begins in
	fresh bool   // the grains are new and whole, and no entry names them yet
}

// add takes bytes that follow those so far in memory, and go to a place in the file.
func (r *grainRun) add(p []byte, grain, at int64, fresh bool) error {
	if n := len(r.p); n > 0 && r.fresh == fresh && r.at+int64(n) == at {
		r.p = r.p[:n+len(p)]
		return nil
	}
	err := r.done()
	r.p, r.first, r.at, r.fresh = p, grain, at, fresh
	return err
}

// done writes what is gathered. The room of new grains is given up again if that fails, as
// on a full disk.
func (r *grainRun) done() error {
	p, grain, reason := r.p, r.x.Grain, why("data of grain %d", r.first)
	if r.p = nil; len(p) == 0 {
		return nil
	}
	if r.fresh {
		reason = why("grain %d, as a whole", r.first)
		if n := int64(len(p)) / grain; n > 1 {
			reason += why(", and %d after it", n-1)
		}
	}
	_, err := store.WriteFor(r.file, p, r.at, reason)
	for i := int64(0); r.fresh && i < int64(len(p))/grain; i++ {
		at := r.at + i*grain
		if err == nil {
			err = r.point(r.first+i, uint32(at/vmdk.SectorSize), why("place of grain %d", r.first+i))
		}
		if err != nil {
			r.room.Release(at, grain)
			continue
		}
		r.stored++
	}
	return err
}

// writeGrain writes sectors of a grain, with those that the run has. One that is not stored
// yet is written as a whole, with what it read as so far.
func (s *grains) writeGrain(run *grainRun, p []byte, grain, off int64) (err error) {
	e, err := s.load(grain)
	if err != nil {
		return err
	}
	if e > zeroGrain {
		return run.add(p, grain, s.dataAt(e, off), false)
	}
	if int64(len(p)) < s.x.Grain {
		if p, err = s.around(p, grain, off, e); err == nil {
			err = run.done()
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, run.done()) }()
	}
	at, err := s.allocate()
	if err != nil {
		return err
	}
	return run.add(p, grain, at, true)
}

// around is a whole grain that is not stored, with some sectors written.
func (s *grains) around(p []byte, grain, off int64, e uint32) ([]byte, error) {
	whole := make([]byte, s.x.Grain)
	start := s.x.Start + grain*s.x.Grain
	if e == absent {
		if err := s.below.Read(whole[:min(s.x.Grain, s.x.Start+s.x.Length-start)], start); err != nil {
			return nil, err
		}
	}
	copy(whole[off-start:], p)
	return whole, nil
}
