package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"platter/engine"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views/report"
	"platter/views/theme"
)

func infoVerb(a *app) *cobra.Command {
	cmd := a.verb("info IMAGE", "What the image is",
		"Prints what is known once the image is open: format, sizes, identity, creator, the guest's partitions, what deserves attention. No table is scanned.",
		a.info)
	a.asFlag(cmd)
	return cmd
}

func (a *app) info(ctx context.Context, img disk.Image) error {
	t, err := engine.Explorer{}.PartitionTable(ctx, img)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return report.Info(a.out, img, report.Guest{Table: t, Err: err}, a.form())
}

func partitionsVerb(a *app) *cobra.Command {
	return a.verb("partitions IMAGE", "The guest's partitions and file systems",
		"Prints the partition table of the virtual disk (MBR with logical partitions, GPT with its backup): where each partition lies, its type, the file\n"+
			"system that its first bytes tell, and what is wrong or left over, such as the superblock of a file system that the table was written over.",
		func(ctx context.Context, img disk.Image) error {
			t, err := engine.Explorer{}.PartitionTable(ctx, img)
			if err != nil {
				return err
			}
			return report.Partitions(a.out, t, a.form())
		})
}

func treeVerb(a *app) *cobra.Command {
	opt := report.TreeOptions{Group: report.DefaultGroup}
	all := false
	cmd := a.verb("tree IMAGE", "All structures with their fields",
		"Prints the image's structures with every field: where it lies, its value, and what is wrong with it.\n"+
			"Of long tables only the first entries are shown; --all shows every entry, even millions.",
		func(ctx context.Context, img disk.Image) error {
			if all {
				opt.Group = 0
			}
			return report.Tree(ctx, a.out, img, opt, a.form())
		})
	cmd.Flags().BoolVar(&all, "all", false, "show all entries of all tables")
	cmd.Flags().IntVar(&opt.Depth, "depth", 0, "go down only `N` levels")
	return cmd
}

func layoutVerb(a *app) *cobra.Command {
	unaccounted := false
	cmd := a.verb("layout IMAGE", "What each byte of the file is for",
		"Prints what each byte of each of the image's files is for, from the first byte to the last: headers, tables, blocks, slack, and what belongs to nothing.\n"+
			"With --unaccounted only what no structure explains: what nothing refers to, what follows the end, and padding and slack that hold something.\n"+
			"All of it is read, to say whether it is empty and which text comes first in it (JSON: "+report.Schema("unaccounted")+").",
		func(ctx context.Context, img disk.Image) error {
			if unaccounted {
				return report.Unaccounted(ctx, a.out, img, a.form())
			}
			return report.Layout(ctx, a.out, img, a.form())
		})
	cmd.Flags().BoolVar(&unaccounted, "unaccounted", false, "list only what no structure explains, and what it holds")
	return cmd
}

func mapVerb(a *app) *cobra.Command {
	asCSV := false
	cmd := a.verb("map IMAGE", "Where each byte of the disk is stored",
		"Prints for each range of the virtual disk whether and where it is stored.\n"+
			"States: data, zero, unallocated (never written), parent, unmapped (trimmed), missing (should be there but is not).",
		func(ctx context.Context, img disk.Image) error {
			if asCSV {
				return report.MapCSV(ctx, a.out, img)
			}
			return report.Map(ctx, a.out, img, a.form())
		})
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print comma-separated values")
	cmd.MarkFlagsMutuallyExclusive("csv", "json")
	a.tablesFlag(cmd)
	a.asFlag(cmd)
	return cmd
}

// keysHelp says how keys are changed.
func keysHelp() string {
	return "The keys of the screens as they are now, each with the name of its action.\n\n" + aboutConfig() + `
It can rebind actions and set what platter's flags set:

  theme  = "` + theme.Names()[0] + `"               # ` + strings.Join(theme.Names(), ", ") + `
  color  = "` + colorModes[0] + `"               # ` + strings.Join(colorModes, ", ") + `
  mouse  = true
  preset = "gui"                # ` + strings.Join(keymap.Presets(), ", ") + `

  [keys]
  search = ["/", "f3"]          # an action, in all screens that have it
  hex.next-field = "f4"         # in one of them

Binding a key removes it from its old action; you are warned unless the file also
rebinds that action.`
}

func keysVerb(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "The keys of the screens, and the names of their actions", Long: keysHelp(), GroupID: "help", Args: exactly(0),
		RunE: func(*cobra.Command, []string) error {
			_, warnings := configure(looks{})
			a.warn(warnings)
			return report.Keys(a.out, keymap.All(), configPath(), a.form())
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("keys")+")")
	return cmd
}
