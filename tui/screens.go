package tui

import (
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/findings"
	"platter/views/overview"
	"platter/views/sectors"
	"platter/views/structure"
)

// screen is a screen of an opened image. A new one is added here and in
// keymap, and nowhere else.
type screen struct {
	action keymap.Action // goes to the screen
	make   func(views.Env) views.View
}

var screens = []screen{
	{keymap.Screen1, func(e views.Env) views.View { return overview.New(e) }},
	{keymap.Screen2, func(e views.Env) views.View { return structure.New(e) }},
	{keymap.Screen3, func(e views.Env) views.View { return blockmap.New(e) }},
	{keymap.Screen5, func(e views.Env) views.View { return findings.New(e) }},
	{keymap.Screen6, func(e views.Env) views.View { return sectors.New(e) }},
}

// bytesScreen is the screen that shows places in files.
const bytesScreen keymap.Action = keymap.Screen2

// diskScreen is the screen that shows places on the virtual disk.
const diskScreen = keymap.Screen6
