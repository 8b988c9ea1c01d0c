package tui

import (
	"slices"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/chain"
	"platter/views/findings"
	"platter/views/logview"
	"platter/views/overview"
	"platter/views/readers"
	"platter/views/sectors"
	"platter/views/structure"
)

// screen is a screen of an opened image. A new one is added here and in
// keymap, and nowhere else.
type screen struct {
	action keymap.Action // goes to the screen
	make   func(views.Env) views.View
	lacks  func(disk.Image) string // why an image has no such screen; empty: it has; nil: all have
}

var screens = []screen{
	{keymap.Screen1, func(e views.Env) views.View { return overview.New(e) }, nil},
	{keymap.Screen2, func(e views.Env) views.View { return structure.New(e) }, nil},
	{keymap.Screen3, func(e views.Env) views.View { return blockmap.New(e) }, nil},
	{keymap.Screen4, func(e views.Env) views.View { return logview.New(e) }, logview.Lacks},
	{keymap.Screen5, func(e views.Env) views.View { return findings.New(e) }, nil},
	{keymap.Screen6, func(e views.Env) views.View { return sectors.New(e) }, nil},
	{keymap.Screen7, func(e views.Env) views.View { return chain.New(e) }, chain.Lacks},
}

// eyesScreen is the screen of other readers of an image, which opens it once more.
func eyesScreen(look readers.Look) screen {
	return screen{keymap.Screen8, func(e views.Env) views.View { return readers.New(e, look) }, readers.Lacks}
}

// offered lists the screens that an image has, more of them after the usual ones.
func offered(img disk.Image, more ...screen) []screen {
	var list []screen
	for _, s := range append(slices.Clone(screens), more...) {
		if s.lacks == nil || s.lacks(img) == "" {
			list = append(list, s)
		}
	}
	return list
}

// lacking says why the image has no screen that an action goes to, or why bytes
// can't be changed in what shows of it; empty for other actions.
func (m *model) lacking(a keymap.Action) string {
	if a == keymap.Screen9 && m.image != nil && m.screenOf(keymap.Screen9) < 0 {
		return "there is no second image to compare with: = on the overview opens one"
	}
	switch a {
	case keymap.EditBytes, keymap.EditField, keymap.FillBytes, keymap.PasteBytes, keymap.RevertBytes:
		if m.replay.whole != nil {
			return m.edits.locked()
		}
	}
	if a == keymap.Screen8 && m.image != nil && m.screenOf(a) < 0 {
		if m.cfg.Eyes == nil {
			return "this program was built without other readers"
		}
		return readers.Lacks(m.image)
	}
	for _, s := range screens {
		if s.action == a && s.lacks != nil && m.image != nil && m.screenOf(a) < 0 {
			return s.lacks(m.image)
		}
	}
	return ""
}

// bytesScreen is the screen that shows places in files.
const bytesScreen keymap.Action = keymap.Screen2

// diskScreen is the screen that shows places on the virtual disk.
const diskScreen = keymap.Screen6

// screenOf is the index of the screen that an action goes to; -1 for none.
func (m *model) screenOf(a keymap.Action) int {
	return slices.IndexFunc(m.screens, func(s screen) bool { return s.action == a })
}

// present shows a view on the screen of an action, a new one if need be.
func (m *model) present(a keymap.Action, v views.View) {
	i := m.screenOf(a)
	if i < 0 {
		i = len(m.views)
		m.screens, m.views = append(m.screens, screen{action: a}), append(m.views, nil)
	}
	m.views[i] = v
	m.resize()
	m.history.jump(m.here())
	m.active = i
}
