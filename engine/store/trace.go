package store

import "os"

// tracer is an opener that knows whether reading leaves a trace.
type tracer interface {
	leavesTrace(name string) bool
}

// LeavesTrace reports whether reading a file may set its access time: the system keeps it
// for the file's owner only, or for nobody.
func LeavesTrace(o Opener, name string) bool {
	t, ok := o.(tracer)
	return ok && t.leavesTrace(name)
}

func (d *Folder) leavesTrace(name string) bool {
	f, err := d.open(name, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.(*hostFile).leavesTrace()
}

func (s *Snapshot) leavesTrace(name string) bool { return LeavesTrace(s.w.base, name) }
