package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/tui/cli"
)

// dryDocument is what a dry run and the run itself say in the same words.
type dryDocument struct {
	Start, Length int64
	Stored        int64 `json:"allocated_blocks"`
	Dropped       int64 `json:"dropped_blocks"`
	Renewed       bool
	Journaled     bool
	Files         []struct {
		Path          string
		Before, After int64
	}
}

type dryPlan struct {
	DryRun   bool `json:"dry_run"`
	Written  int64
	Warnings []struct{ Code string }
	Plan     []struct {
		File, What     string
		Offset, Length int64
	}
}

// long are images with blocks of their own, for writes that go straight to the file.
func long(t *testing.T) []string {
	t.Helper()
	list := []string{made(t, "a.vhd"), made(t, "a.vhdx", "--block-size", "1M"), made(t, "a.vmdk"), made(t, "s.vmdk", "--type", "twoGbMaxExtentSparse", "--split", "20M")}
	if enginetest.Full() {
		list = append(list, made(t, "f.vhd", "--type", "fixed"), made(t, "f.vhdx", "--type", "fixed"), made(t, "f.vmdk", "--type", "twoGbMaxExtentFlat", "--split", "20M"), made(t, "a.raw"), made(t, "z.vmdk", "--zeroed-grains"))
	}
	for _, path := range list[:3] {
		parent := made(t, "p"+filepath.Ext(path))
		done(t, "write", parent, "--offset", "1M", "--length", "30M", "--fill", "70", "-q")
		child := filepath.Join(filepath.Dir(parent), "child"+filepath.Ext(path))
		done(t, "create", child, "--parent", parent, "-q")
		list = append(list, child)
	}
	return list
}

// TestWriteDryRunLong holds the document of a dry run against that of the run, for what is
// too long for the journal; all that the run changes is in the plan.
func TestWriteDryRunLong(t *testing.T) {
	input := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(input, bytes.Repeat([]byte("0123456789abcde"), 21<<20/15), 0o600); err != nil {
		t.Fatal(err)
	}
	list := []string{"--offset 5000001 --from " + input, "--offset 3M --length 30000001 --zero", "--offset 20M --length 17M --fill a55a", "--offset 1M --length 60M --trim"}
	for i, path := range long(t) {
		here := []string{list[i%len(list)]}
		if enginetest.Full() {
			here = append(list, "--offset 1M --length 60M --zero")
		}
		if strings.HasPrefix(filepath.Base(path), "child") {
			here = append(here[:1:1], "--offset 0 --length 64M --trim --reveal --discard")
		}
		for _, args := range here {
			holdsDryRun(t, path, strings.Fields(args))
		}
	}
}

func holdsDryRun(t *testing.T, path string, args []string) {
	t.Helper()
	name := filepath.Base(path) + " " + strings.Join(args, " ")
	before := folderOf(t, path)
	args = append([]string{"write", path, "--json"}, args...)
	dry := done(t, append(args, "-n")...)
	if !reflect.DeepEqual(folderOf(t, path), before) {
		t.Fatalf("%s: a dry run has changed a file", name)
	}
	wet := done(t, args...)
	var said, is dryDocument
	var plan dryPlan
	for _, err := range []error{json.Unmarshal(dry, &said), json.Unmarshal(wet, &is), json.Unmarshal(dry, &plan)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !plan.DryRun || plan.Written != 0 || len(plan.Warnings) > 0 || plan.Plan == nil {
		t.Errorf("%s: %s", name, dry)
	}
	if said.Renewed && len(plan.Plan) == 0 || !said.Renewed && is.Renewed {
		t.Errorf("%s: the dry run says renewed %v, the run %v", name, said.Renewed, is.Renewed)
	}
	if said.Renewed = is.Renewed; !reflect.DeepEqual(said, is) {
		t.Errorf("%s:\nsaid %+v\nis   %+v", name, said, is)
	}
	planHolds(t, name, plan, before, folderOf(t, path))
}

// planHolds demands that whatever has changed is in the plan.
func planHolds(t *testing.T, name string, plan dryPlan, before, after map[string][]byte) {
	t.Helper()
	for file, b := range after {
		was := append(bytes.Clone(before[file]), make([]byte, max(len(b)-len(before[file]), 0))...)
		for _, p := range plan.Plan {
			if p.File == file && p.Offset < int64(len(b)) {
				copy(was[p.Offset:min(p.Offset+p.Length, int64(len(b)))], b[p.Offset:])
			}
		}
		for at := range b {
			if was[at] != b[at] {
				t.Errorf("%s: byte %d of %s has changed, which the plan does not say", name, at, file)
				break
			}
		}
	}
}

// folderOf is what the files beside an image hold.
func folderOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		all[e.Name()] = mustRead(t, filepath.Join(filepath.Dir(path), e.Name()))
	}
	return all
}

// TestWriteDryRunOfAGiant tells what becomes of a disk far larger than memory, and lists
// the first ranges of many.
func TestWriteDryRunOfAGiant(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.vhd")
	done(t, "create", path, "2040G", "-q")
	doc := document[dryDocument](t, "write", path, "--offset", "1G", "--length", "1G", "--fill", "01", "-n", "--force")
	if doc.Stored != 512 || doc.Length != 1<<30 || doc.Files[0].Path != "big.vhd" {
		t.Errorf("%+v", doc)
	}
	small := filepath.Join(t.TempDir(), "a.vhd")
	run(t, "create", small, "64M", "-q", "--block-size", "32K") // which warns of the size
	done(t, "write", small, "--offset", "0", "--length", "40M", "--fill", "01", "-q")
	code, out, _ := run(t, "write", small, "--offset", "0", "--length", "40M", "--fill", "02", "-n", "--json")
	var plan dryPlan
	if err := json.Unmarshal(out, &plan); err != nil || code != cli.ExitDone || len(plan.Plan) != 1000 || len(plan.Warnings) != 1 || plan.Warnings[0].Code != "plan" {
		t.Errorf("exit code %d, %d ranges, %v, %v", code, len(plan.Plan), plan.Warnings, err)
	}
}
