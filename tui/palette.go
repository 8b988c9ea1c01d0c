package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views/widget/menu"
)

// openPalette lists every command of the screen, those that would do something
// first.
func (m *model) openPalette() tea.Cmd {
	type command struct {
		menu.Item
		action keymap.Action
	}
	var list []command
	for _, b := range keymap.Bindings(m.view().Context()) {
		if b.Action == keymap.Palette || m.needsImage(b.Action) {
			continue
		}
		key := strings.Join(b.Keys[:min(1, len(b.Keys))], "")
		list = append(list, command{menu.Item{Name: string(b.Action), Help: b.Help, Key: key, Why: m.disabled(b.Action)}, b.Action})
	}
	slices.SortStableFunc(list, func(a, b command) int { return min(len(a.Why), 1) - min(len(b.Why), 1) })
	var items []menu.Item
	for _, c := range list {
		items = append(items, c.Item)
	}
	m.cover(&choice{Menu: menu.New("Commands: "+m.view().Context().Title(), items), choose: func(i int) tea.Cmd { return m.do(list[i].action) }})
	return nil
}
