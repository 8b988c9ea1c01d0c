package keymap

import "strings"

// Markdown is the table of all keys as the README shows it: a heading and a
// table for each context.
func Markdown() string {
	var b strings.Builder
	for i, ctx := range contexts() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("**" + ctx.Title() + "**\n\n| Keys | Action |\n|---|---|\n")
		for _, row := range table {
			if row.Context == ctx {
				b.WriteString("| " + markdownKeys(row.Keys) + " | " + escapePipes(row.Help) + " |\n")
			}
		}
	}
	return b.String()
}

// contexts are those that have keys, in the order in which people meet them.
func contexts() []Context {
	return []Context{Everywhere, Start, Overview, Bytes, Structure, Hex, Map, Log, Findings, Sectors, Partitions, Chain, Readers, Compare, Repairs, Edit, Paste, Field, Staging, Dialog, Help, Prompt, Find, Results, Menu}
}

func markdownKeys(keys []string) string {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = "`" + escapePipes(k) + "`"
	}
	return strings.Join(quoted, " ")
}

func escapePipes(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
