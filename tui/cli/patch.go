package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

// patching are the flags of the verb patch.
type patching struct {
	against, child string
	files, dryRun  bool
	force, renew   bool
	any, revert    bool
	keepUndo       bool
}

func patchVerb(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "patch", Short: "Export, show, apply or take back changes as a text", GroupID: groupWrite,
		Long: "A patch is a text with the old and the new bytes of each change, of the disk or of the files of an image. It is applied all\n" +
			"or nothing, and only where all old bytes are there.",
		Args: func(cmd *cobra.Command, args []string) error {
			return usage("patch: expected export, show, apply or revert; see platter patch --help")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(patchExportVerb(a), patchShowVerb(a), a.patchApplyVerb("apply"), a.patchApplyVerb("revert"))
	return cmd
}

func patchExportVerb(a *app) *cobra.Command {
	var p patching
	cmd := &cobra.Command{
		Use: "export IMAGE --against OTHER", Short: "Print what makes IMAGE of OTHER", Args: exactly(1),
		Long: "Prints the patch that, applied to OTHER, makes its disk that of IMAGE; with --file its first file that of IMAGE.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.against == "" {
				return usage("patch export: --against is needed: the image to which the patch will be applied")
			}
			return a.patchExport(cmd.Context(), args[0], p)
		},
	}
	cmd.Flags().Var(&textFlag{&p.against, "OTHER"}, "against", "the image without the changes")
	cmd.Flags().BoolVar(&p.files, "file", false, "compare the first files of the containers, not the disks")
	return cmd
}

func (a *app) patchExport(ctx context.Context, path string, p patching) error {
	img, err := a.openSource(ctx, path)
	if err != nil {
		return err
	}
	defer img.Close()
	other, err := a.openSource(ctx, p.against)
	if err != nil {
		return err
	}
	defer other.Close()
	patch, err := edit.Difference(ctx, other, img, p.files)
	if err != nil {
		return err
	}
	if len(patch.Edits) == 0 {
		return fmt.Errorf("there is nothing to export: %s and %s are the same", path, p.against)
	}
	patch.Why = []string{"makes " + filepath.Base(path) + " of " + filepath.Base(p.against)}
	return edit.WritePatch(a.out, patch)
}

func readPatch(path string) (edit.Patch, error) {
	f, err := os.Open(path)
	if err != nil {
		return edit.Patch{}, err
	}
	defer f.Close()
	p, err := edit.ReadPatch(f)
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func patchShowVerb(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show PATCH [IMAGE]", Short: "Show the changes of a patch", Args: oneOr(2),
		Long: "Shows the changes of a patch; with an image also which structures they change, and whether they can be applied.",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := readPatch(args[0])
			if err != nil || len(args) == 1 {
				return errors.Join(err, a.showPatch(p, err))
			}
			img, err := a.open(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			defer img.Close()
			return a.showPatchOf(cmd.Context(), p, img)
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("patch")+")")
	return cmd
}

func (a *app) showPatch(p edit.Patch, err error) error {
	if err != nil {
		return nil
	}
	return report.Patch(a.out, patched(p), "for image: "+p.Image, a.form())
}

func (a *app) showPatchOf(ctx context.Context, p edit.Patch, img disk.Image) error {
	state, other, err := p.Against(img)
	if err != nil {
		return err
	}
	r := patched(p)
	r.State, r.Other = string(state), edits(other)
	if err := nameEdits(ctx, img, r.Edits); err != nil {
		return err
	}
	text := said(state, p, img)
	if state == edit.Differs {
		text = why(other, p, img)
	}
	return report.Patch(a.out, r, text, a.form())
}

// said is what a state means.
func said(state edit.PatchState, p edit.Patch, img disk.Image) string {
	switch state {
	case edit.Applied:
		return "already applied: all new bytes are there"
	case edit.Applicable:
		return "it can be applied: all old bytes are there"
	}
	return why(nil, p, img)
}

// why tells why a patch can't be applied.
func why(other []edit.PatchEdit, p edit.Patch, img disk.Image) string {
	if len(other) > 0 {
		return fmt.Sprintf("it can't be applied: other bytes are there, in %s", decode.Plural(len(other), "place", "places"))
	}
	return fmt.Sprintf("it can't be applied: it was made for the image %q, this is %q: its content was changed since, or it is another one (--any-image applies it all the same, since all old bytes are there)", p.Image, edit.IdentityOf(img))
}

func patched(p edit.Patch) report.Patched {
	return report.Patched{Image: p.Image, Edits: edits(p.Edits)}
}

func edits(list []edit.PatchEdit) (out []report.PatchedEdit) {
	for _, e := range list {
		plane := e.File
		if plane == "" {
			plane = "disk"
		}
		out = append(out, report.PatchedEdit{Plane: plane, Offset: e.Offset, Old: e.Old, New: e.New, Comment: e.Comment})
	}
	return out
}

// nameEdits finds the structures that changes of files lie in.
func nameEdits(ctx context.Context, img disk.Image, list []report.PatchedEdit) error {
	for r, err := range img.Regions(ctx) {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		for i := range list {
			if e := &list[i]; e.Name == "" && e.Plane == r.File && e.Offset >= r.Offset && e.Offset < r.Offset+r.Length {
				e.Name = r.Name
			}
		}
	}
	return nil
}

func (a *app) patchApplyVerb(name string) *cobra.Command {
	var p patching
	cmd := &cobra.Command{
		Use: name + " PATCH IMAGE", Short: "Apply a patch", Args: exactlyTwo,
		Long: "Applies a patch, all or nothing: through a journal, and only if all old bytes are there. If all new bytes are there already,\n" +
			"nothing is done. Anything else is refused, with the places that differ.",
		RunE: func(cmd *cobra.Command, args []string) error {
			patch, err := readPatch(args[0])
			if err != nil {
				return err
			}
			if p.revert = name == "revert"; p.revert {
				patch = patch.Reversed()
			}
			if p.any {
				patch.Image = "any"
			}
			return a.refuse("patch", args[1], a.applyPatch(cmd.Context(), patch, args[1], p), p.dryRun)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&p.dryRun, "dry-run", "n", false, "change nothing, tell what would be written where")
	f.BoolVar(&p.force, "force", false, "apply it although other images have this one as their parent")
	keepUndoFlag(cmd, &p.keepUndo)
	f.BoolVar(&p.renew, "renew", true, "give the disk a new content ID: DataWriteGuid or CID")
	if name == "revert" {
		cmd.Short = "Take back a patch"
		cmd.Long = "Takes back a patch that was applied: puts the old bytes where the new ones are, all or nothing. If all old bytes are there\n" +
			"already, nothing is done."
	} else {
		f.BoolVar(&p.any, "any-image", false, "apply it whatever the content ID of the image is, if all old bytes are there")
		f.Var(&textFlag{&p.child, "PATH"}, "child", "make a child of the image at PATH and apply the patch to it: the image stays as it is")
	}
	f.BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("patch")+")")
	return cmd
}

func (a *app) applyPatch(ctx context.Context, p edit.Patch, path string, how patching) (err error) {
	if how.child != "" {
		if path, err = a.childFor(ctx, p, path, how); err != nil {
			return err
		}
		p.Image = "any" // the child has a mark of its own
		defer func() {
			if err != nil {
				err = errors.Join(err, removed(path))
			}
		}()
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	img, err := s.Image()
	if err != nil {
		return err
	}
	state, other, err := p.Against(img)
	if err != nil {
		return err
	}
	r := patched(p)
	r.State, r.Other, r.DryRun = string(state), edits(other), how.dryRun
	switch state {
	case edit.Applied:
		return report.Patch(a.out, r, "already "+how.did()+": nothing was written", a.form())
	case edit.Differs:
		return a.otherBytes(r, why(other, p, img))
	}
	return a.commitPatch(ctx, s, p, how, r)
}

// otherBytes refuses a patch.
func (a *app) otherBytes(r report.Patched, said string) error {
	if a.json {
		r.Edits = nil
		return errors.Join(exit{ExitFailed, nil}, report.Patch(a.out, r, "", report.JSON))
	}
	r.Edits = nil
	if err := report.Patch(a.out, r, "", report.Text); err != nil {
		return err
	}
	return errors.New(said)
}

// commitPatch stages a patch and commits it.
func (a *app) commitPatch(ctx context.Context, s *edit.Session, p edit.Patch, how patching, r report.Patched) error {
	if err := s.Childless(ctx); err != nil && !how.force {
		return err
	}
	if err := s.Replayed(); err != nil && p.TouchesDisk() {
		return err
	}
	if err := s.Patch(ctx, p); err != nil {
		return err
	}
	if p.TouchesDisk() && how.renew {
		if _, err := s.Renew(ctx); err != nil {
			return err
		}
	}
	plan, err := planned(ctx, s)
	if err != nil {
		return err
	}
	if how.dryRun {
		r.Plan = plan
		return report.Patch(a.out, r, "it would be "+how.did()+"; nothing was written", a.form())
	}
	if _, err := s.Openable(); err != nil {
		return err
	}
	if err := commit(ctx, s, how.keepUndo); err != nil {
		return err
	}
	r.Done, r.State = true, string(edit.Applied)
	return report.Patch(a.out, r, how.did(), a.form())
}

// did is what has become of a patch.
func (p patching) did() string {
	if p.revert {
		return "taken back"
	}
	return "applied"
}

// childFor makes a child of an image for the changes of a patch.
func (a *app) childFor(ctx context.Context, p edit.Patch, path string, how patching) (string, error) {
	if how.dryRun {
		return path, usage("patch apply: --child makes an image; a dry run makes none")
	}
	for _, e := range p.Edits {
		if e.File != "" {
			return path, usage("patch apply: --child takes changes of the disk only; this patch changes bytes of the file %q", e.File)
		}
	}
	img, err := a.open(ctx, path)
	if err != nil {
		return path, err
	}
	state, _, err := p.Against(img)
	format := img.Info().Format
	if err := errors.Join(err, img.Close()); err != nil {
		return path, err
	}
	if state != edit.Applicable {
		return path, fmt.Errorf("the patch can't be applied to %s: it %s", path, map[edit.PatchState]string{edit.Applied: "is applied already", edit.Differs: "is for other bytes, or another image"}[state])
	}
	_, err = engine.Create(ctx, how.child, engine.CreateOptions{Format: format, Parent: path, Allow: a.opt.Allow})
	return how.child, err
}
