package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"platter/engine/disk"
	"platter/engine/edit"
	"platter/views/report"
)

func explainVerb(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain", Short: "What a write would do to the file, step by step", GroupID: "read",
		Long: "Shows what becomes of the file when a disk is written. Nothing is changed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("explain: say what: platter explain write IMAGE --offset N")
		},
	}
	cmd.AddCommand(explainWriteVerb(a))
	return cmd
}

func explainWriteVerb(a *app) *cobra.Command {
	var w writing
	opt := report.ExplainOptions{}
	cmd := &cobra.Command{
		Use: "write IMAGE --offset N", Short: "What platter write would do to the file, step by step", Args: exactly(1),
		Long: "Carries a write out on a copy in memory and lists each step in the order in which it reaches the disk: which structure and which\n" +
			"fields change, from what to what, and what the step is for; and where all before has to be durable before anything after it.\n" +
			"It is the order of the format's writer, as for writes that are too long for the journal. Nothing is changed. The built-in samples\n" +
			"can be explained too: platter explain write sample:vhdx --offset 0 --fill 41 --length 512",
		RunE: func(cmd *cobra.Command, args []string) error {
			w.dryRun = true
			if err := w.parse(cmd); err != nil {
				return err
			}
			return a.refuse("explain", args[0], a.explain(cmd.Context(), args[0], w, opt, cmd.InOrStdin()), true)
		},
	}
	w.what(cmd)
	cmd.Flags().BoolVar(&w.replay, "replay", false, "first replay a log that was not replayed (VHDX)")
	cmd.Flags().BoolVar(&opt.All, "all", false, "list all that a step changes, however much it is")
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("explain")+")")
	return cmd
}

func (a *app) explain(ctx context.Context, path string, w writing, opt report.ExplainOptions, in io.Reader) error {
	c, err := w.content(ctx, in)
	if err != nil {
		return err
	}
	if c.source != nil {
		defer c.source.Close()
	}
	s, err := edit.Open(ctx, path, a.opt)
	if err != nil {
		return err
	}
	defer s.Close()
	j := &writeJob{app: a, writing: w, content: c, session: s, path: path}
	if err := j.explainable(ctx); err != nil {
		return err
	}
	e, err := s.Explain(ctx, disk.WriteOptions{Renew: w.renew}, func(ctx context.Context, w disk.Writer) error {
		return j.bring(ctx, w, j.off, func(int64) {})
	})
	if err != nil {
		return err
	}
	defer e.Close()
	opt.Together = e.Together
	opt.Verb, opt.Start, opt.Length = j.words().would, j.off, j.n
	return report.Explain(a.out, e.Steps, e.Effects, opt, a.form())
}

// explainable makes sure that the write is possible.
func (j *writeJob) explainable(ctx context.Context) error {
	if j.more != nil {
		return tooMuch(j.path, "explain: more than %s are not explained")
	}
	if err := j.foreign(); err != nil {
		return err
	}
	if err := j.revealable(); err != nil {
		return err
	}
	if err := j.place(ctx); err != nil {
		return err
	}
	return j.replayed(ctx)
}
