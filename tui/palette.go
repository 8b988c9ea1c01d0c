package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views/menu"
)

// openPalette lists every command that has a key here.
func (m *model) openPalette() tea.Cmd {
	var items []menu.Item
	var actions []keymap.Action
	for _, b := range keymap.Bindings(m.view().Context()) {
		if b.Action == keymap.Palette || m.image == nil && onlyImages(b.Action) {
			continue
		}
		items = append(items, menu.Item{Name: string(b.Action), Help: b.Help, Key: b.Keys[0], Why: m.disabled(b.Action)})
		actions = append(actions, b.Action)
	}
	m.cover(&choice{menu.New("Commands: "+m.view().Context().Title(), items), func(i int) tea.Cmd { return m.do(actions[i]) }})
	return nil
}
