package edit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// job is what has to be known to continue a merge after a cut. The image's content is
// never in it.
type job struct {
	into, above string   // paths of the layer that is written, and of the one over it
	now, next   string   // the target's mark before, and from then on; empty: the format has none
	layers      []string // paths of the layers that are merged, the image first
	files       []string // and of all their files
	children    []string // images that are to be based on the target then, by their paths
	merged      bool     // all but the removal of files is done
}

const (
	jobHead = "platter merge job 1"
	jobEnd  = "end"
	jobDone = "merged"
	maxJob  = 1 << 20 // bytes
)

// under is a job whose paths start from a folder, as they are stored: the whole may be moved
// before the merge goes on.
func (j job) under(dir string) job {
	return j.each(func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, filepath.FromSlash(p))
	})
}

// from is a job with paths that start from a folder, as far as they can.
func (j job) from(dir string) job {
	return j.each(func(p string) string {
		if rel, err := filepath.Rel(dir, p); err == nil {
			return filepath.ToSlash(rel)
		}
		return p
	})
}

func (j job) each(path func(string) string) job {
	j.into, j.above = path(j.into), path(j.above)
	for _, list := range []*[]string{&j.layers, &j.files, &j.children} {
		*list = slices.Clone(*list)
		for i, p := range *list {
			(*list)[i] = path(p)
		}
	}
	return j
}

// text is the job as it is stored.
func (j job) text() string {
	var b strings.Builder
	fmt.Fprintln(&b, jobHead)
	line := func(key string, values ...string) {
		for _, v := range values {
			fmt.Fprintf(&b, "%s %s\n", key, strconv.Quote(v))
		}
	}
	line("into", j.into)
	line("above", j.above)
	line("now", j.now)
	line("next", j.next)
	line("layer", j.layers...)
	line("file", j.files...)
	line("child", j.children...)
	fmt.Fprintln(&b, jobEnd)
	return b.String()
}

// errTornJob: a job was not written to its end; nothing else had been done then.
var errTornJob = errors.New("the job is incomplete")

// readJob reads what an interrupted merge of an image has left; fs.ErrNotExist without one.
func readJob(in store.Opener, image string) (job, error) {
	f, err := in.Open(store.JobName(image))
	if err != nil {
		return job{}, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return job{}, err
	}
	if size > maxJob {
		return job{}, foreignJob(image)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return job{}, err
	}
	return parseJob(image, string(b))
}

func foreignJob(image string) error {
	return disk.Errorf(disk.Damaged, decode.Place{File: store.JobName(image)}, "this is not the job of a merge: nothing of it is followed; remove it if it came with the image")
}

func parseJob(image, text string) (j job, err error) {
	head, rest, whole := strings.Cut(text, "\n"+jobEnd+"\n")
	if !whole || strings.Contains(head, "\x00") {
		if whole || strings.HasPrefix(jobHead, strings.TrimRight(head[:min(len(head), len(jobHead))], "\x00")) {
			return job{}, errTornJob
		}
		return job{}, foreignJob(image)
	}
	for n, line := range strings.Split(head, "\n") {
		key, quoted, _ := strings.Cut(line, " ")
		if n == 0 && line == jobHead {
			continue
		}
		if err := j.take(key, quoted); n == 0 || err != nil {
			return job{}, foreignJob(image)
		}
	}
	j.merged = strings.Contains(rest, jobDone)
	if j.into == "" || j.above == "" || len(j.layers) == 0 {
		return job{}, foreignJob(image)
	}
	return j, nil
}

// take reads a line.
func (j *job) take(key, quoted string) error {
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return err
	}
	switch key {
	case "into":
		j.into = value
	case "above":
		j.above = value
	case "now":
		j.now = value
	case "next":
		j.next = value
	case "layer":
		j.layers = append(j.layers, value)
	case "file":
		j.files = append(j.files, value)
	case "child":
		j.children = append(j.children, value)
	default:
		return strconv.ErrSyntax
	}
	return nil
}

// jobFile is a job that is being done, locked until it is closed.
type jobFile struct {
	store.File
	folder folder
	name   string
}

// begin lays the job beside an image, durable, or opens the one that lies there.
func (j job) begin(in folder, image, path string, resumed bool) (*jobFile, error) {
	name := store.JobName(image)
	if resumed {
		f, err := in.OpenWrite(name)
		if err != nil {
			return nil, err
		}
		return &jobFile{f, in, name}, nil
	}
	f, err := in.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return nil, &disk.Error{Kind: disk.ReadOnly, At: decode.Place{File: name}, What: "another merge of this image has begun meanwhile", Err: err}
	}
	if err != nil {
		return nil, err
	}
	_, err = f.WriteAt([]byte(j.from(filepath.Dir(path)).text()), 0)
	if err = errors.Join(err, f.Sync(), in.SyncDir()); err != nil {
		return nil, errors.Join(err, f.Close(), in.Remove(name))
	}
	return &jobFile{f, in, name}, nil
}

// done notes that all but the removal of files is done.
func (f *jobFile) done() error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(jobDone+"\n"), size); err != nil {
		return err
	}
	return f.Sync()
}

// drop removes the job.
func (f *jobFile) drop() error {
	return errors.Join(f.Close(), f.folder.Remove(f.name), f.folder.SyncDir())
}
