package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"platter/decode"
	"platter/decode/reference"
	"platter/views/report"
)

func docVerb(a *app) *cobra.Command {
	format := ""
	var names []string
	for _, f := range reference.Formats() {
		names = append(names, f.Name)
	}
	cmd := &cobra.Command{
		Use: "doc [NAME]", Short: "What a word, a structure or a field of the formats means", GroupID: "help",
		Long: "Explains a word of the formats, a structure, a field or a setting: platter doc BAT, platter doc \"vhdx header\", platter doc SequenceNumber.\n" +
			"Where nothing has the name, near names are listed (exit code 1). Without a name all words and structures are listed. --format prints\n" +
			"all tables of a format as Markdown: a reference that is made from what the program reads and writes by.",
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "" {
				if len(args) > 0 {
					return usage("doc: either a name or --format")
				}
				for _, f := range reference.Formats() {
					if f.Name == strings.ToLower(format) {
						return report.Reference(a.out, f, a.form())
					}
				}
				return usage("--format %s: expected one of %s", format, strings.Join(names, ", "))
			}
			if len(args) == 0 {
				return report.DocNames(a.out, a.form())
			}
			return a.doc(strings.Join(args, " "))
		},
	}
	cmd.Flags().VarP(&textFlag{&format, "FORMAT"}, "format", "f", "print all tables of a format: "+strings.Join(names, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&a.json, "json", false, "print a JSON document ("+report.Schema("doc")+")")
	return cmd
}

// doc explains a name, or lists near ones.
func (a *app) doc(term string) error {
	found, near := reference.Find(term)
	if len(found) > 0 {
		return report.Doc(a.out, found, a.form())
	}
	if len(near) == 0 {
		return fmt.Errorf("nothing is called %s; platter doc lists all names", decode.Quote(term))
	}
	titles := make([]string, len(near))
	for i, e := range near {
		titles[i] = e.Title()
	}
	return fmt.Errorf("nothing is called %s; near it: %s", decode.Quote(term), strings.Join(titles, "; "))
}
