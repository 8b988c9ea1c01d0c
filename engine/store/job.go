package store

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Job is what has to be known to continue a merge after a cut: the file beside the merged
// image. The image's content is never in it. Paths are the system's in memory, and those
// from the image's folder with slashes in the file.
type Job struct {
	Into, Above string   // the layer that is written, and the one over it
	Now, Next   string   // the mark of Into before, and from then on; empty: the format has none
	Layers      []string // those that are merged, the image first
	Files       []string // and all their files
	Children    []string // images that are to be based on Into then
	Merged      bool     // all but the removal of files is done
}

// JobDone is the line that is added when all but the removal of files is done.
const JobDone = "merged\n"

const (
	jobHead = "platter merge job 1"
	jobEnd  = "end"
	maxJob  = 1 << 20 // bytes
)

// ErrTornJob: a job was not written to its end; nothing else had been done then.
var ErrTornJob = errors.New("the job is incomplete")

// ErrForeignJob: what has the name of a job is none.
var ErrForeignJob = errors.New("this is not the job of a merge")

// JobName is the name of the file that a work of many commits keeps beside an image until
// it is done.
func JobName(image string) string { return image + ".platter-job" }

// HasJob tells whether such a work on an image is interrupted, or under way.
func HasJob(o Opener, image string) bool {
	info, err := o.Stat(JobName(image))
	return err == nil && info.Regular
}

// Under is a job whose paths start from a folder, as they are stored: the whole may be moved
// before the merge goes on.
func (j Job) Under(dir string) Job {
	return j.each(func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, filepath.FromSlash(p))
	})
}

// From is a job with paths that start from a folder, as far as they can.
func (j Job) From(dir string) Job {
	return j.each(func(p string) string {
		if rel, err := filepath.Rel(dir, p); err == nil {
			return filepath.ToSlash(rel)
		}
		return p
	})
}

func (j Job) each(path func(string) string) Job {
	j.Into, j.Above = path(j.Into), path(j.Above)
	for _, list := range []*[]string{&j.Layers, &j.Files, &j.Children} {
		*list = slices.Clone(*list)
		for i, p := range *list {
			(*list)[i] = path(p)
		}
	}
	return j
}

// Text is the job as it is stored.
func (j Job) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, jobHead)
	line := func(key string, values ...string) {
		for _, v := range values {
			fmt.Fprintf(&b, "%s %s\n", key, strconv.Quote(v))
		}
	}
	line("into", j.Into)
	line("above", j.Above)
	line("now", j.Now)
	line("next", j.Next)
	line("layer", j.Layers...)
	line("file", j.Files...)
	line("child", j.Children...)
	fmt.Fprintln(&b, jobEnd)
	return b.String()
}

// ReadJob reads what an interrupted merge of an image has left; fs.ErrNotExist without one.
func ReadJob(in Opener, image string) (Job, error) {
	f, err := in.Open(JobName(image))
	if err != nil {
		return Job{}, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return Job{}, err
	}
	if size > maxJob {
		return Job{}, ErrForeignJob
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return Job{}, err
	}
	return parseJob(string(b))
}

func parseJob(text string) (j Job, err error) {
	head, rest, whole := strings.Cut(text, "\n"+jobEnd+"\n")
	if !whole || strings.Contains(head, "\x00") {
		if whole || strings.HasPrefix(jobHead, strings.TrimRight(head[:min(len(head), len(jobHead))], "\x00")) {
			return Job{}, ErrTornJob
		}
		return Job{}, ErrForeignJob
	}
	for n, line := range strings.Split(head, "\n") {
		key, quoted, _ := strings.Cut(line, " ")
		if n == 0 && line == jobHead {
			continue
		}
		if err := j.take(key, quoted); n == 0 || err != nil {
			return Job{}, ErrForeignJob
		}
	}
	j.Merged = strings.Contains(rest, JobDone)
	if j.Into == "" || j.Above == "" || len(j.Layers) == 0 {
		return Job{}, ErrForeignJob
	}
	return j, nil
}

// take reads a line.
func (j *Job) take(key, quoted string) error {
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return err
	}
	switch key {
	case "into":
		j.Into = value
	case "above":
		j.Above = value
	case "now":
		j.Now = value
	case "next":
		j.Next = value
	case "layer":
		j.Layers = append(j.Layers, value)
	case "file":
		j.Files = append(j.Files, value)
	case "child":
		j.Children = append(j.Children, value)
	default:
		return strconv.ErrSyntax
	}
	return nil
}
