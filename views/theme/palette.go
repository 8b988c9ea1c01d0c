package theme

import "maps"

type palette map[Style]look

// The 16 named colours, one more than their number; bright ones add 8.
const (
	black = iota + 1
	red
	green
	yellow
	blue
	magenta
	cyan
	white
	bright = 8
)

// tone makes a look of a foreground in both depths.
func tone(fg uint16, fg16 uint8, attr uint8) look {
	return look{attr: attr, fg: fg + 1, fg16: fg16}
}

// on adds a background.
func (l look) on(bg uint16, bg16 uint8) look {
	l.bg, l.bg16 = bg+1, bg16
	return l
}

// without says which attributes stand in where there is no colour.
func (l look) without(attr uint8) look {
	l.bare, l.plainAll = attr, true
	return l
}

// shape is what all themes share: how each style looks by attributes alone.
func shape() palette {
	return palette{
		Plain: {}, Dim: {attr: dim}, Strong: {attr: bold},
		Title: {attr: bold}, Badge: {attr: bold}, Tab: {}, TabActive: {attr: bold | reverse},
		Status: {}, Hint: {}, HintKey: {attr: bold},
		Frame: {attr: dim}, FrameFocus: {attr: bold}, FrameTitle: {attr: bold},
		Label: {}, Value: {}, Link: {attr: underline},
		Good: {}, Note: {}, Warn: {attr: bold}, Error: {attr: bold},
		Selected: {attr: reverse}, Offset: {attr: dim}, OffsetSector: {},
		Message: {attr: bold}, Failure: {attr: bold | reverse}, Mark: {attr: bold},
		ByteZero: {attr: dim}, ByteText: {attr: bold},
		fieldZero: {attr: underline}, fieldFF: {attr: underline}, fieldText: {attr: underline},
		fieldSpace: {attr: underline}, fieldControl: {attr: underline}, fieldHigh: {attr: underline},
		Cursor: {attr: bold | reverse}, CursorIdle: {attr: bold | underline | reverse}, ByteMissing: {attr: dim},
		ByteStaged: {attr: bold | underline}, ByteSelected: {attr: reverse}, ByteHit: {attr: underline | reverse},
		StateFull: {attr: bold}, StateNone: {attr: dim}, StateUnmapped: {attr: underline}, StateMissing: {attr: bold | reverse},
	}
}

// palettes are the themes. Blue to orange carries what matters: red against
// green never does.
func palettes() map[string]palette {
	return map[string]palette{
		"dark":          dark(),
		"light":         light(),
		"mono":          shape(),
		"high-contrast": contrast(),
		"deuteranopia":  deuteranopia(),
		"tritanopia":    tritanopia(),
	}
}

func dark() palette {
	p := shape()
	maps.Copy(p, palette{
		Dim: tone(245, bright+black, 0).without(dim), Title: tone(81, bright+cyan, bold), Badge: tone(150, bright+green, bold),
		Tab: tone(250, 0, 0), TabActive: tone(16, black, bold).on(81, bright+cyan).without(bold | reverse),
		Status: tone(250, 0, 0), Hint: tone(247, 0, 0), HintKey: tone(81, bright+cyan, bold),
		Frame: tone(240, bright+black, 0).without(dim), FrameFocus: tone(81, bright+cyan, bold), FrameTitle: tone(153, bright+blue, bold),
		Label: tone(110, cyan, 0), Value: tone(253, 0, 0), Link: tone(80, bright+cyan, underline),
		Good: tone(115, green, 0), Note: tone(153, bright+blue, 0), Warn: tone(214, bright+yellow, bold), Error: tone(209, bright+red, bold),
		Selected: tone(255, bright+white, bold).on(24, blue).without(reverse),
		Offset:   tone(243, bright+black, 0).without(dim), OffsetSector: tone(252, 0, 0),
		Message: tone(222, bright+yellow, 0).without(bold), Failure: tone(231, bright+white, bold).on(124, red).without(bold | reverse),
		Mark: tone(222, bright+yellow, bold),
	})
	maps.Copy(p, bytesDark())
	maps.Copy(p, statesDark())
	return p
}

func bytesDark() palette {
	return palette{
		ByteZero: tone(242, bright+black, 0).without(dim), ByteFF: tone(175, magenta, 0).without(0),
		ByteText: tone(74, cyan, 0).without(bold), ByteSpace: tone(68, blue, 0).without(0),
		ByteControl: tone(178, yellow, 0).without(0), ByteHigh: tone(252, 0, 0),
		fieldZero:    tone(252, bright+white, 0).on(60, blue).without(underline),
		fieldFF:      tone(225, bright+white, 0).on(60, blue).without(underline),
		fieldText:    tone(159, bright+cyan, bold).on(60, blue).without(underline),
		fieldSpace:   tone(189, bright+white, 0).on(60, blue).without(underline),
		fieldControl: tone(222, bright+yellow, 0).on(60, blue).without(underline),
		fieldHigh:    tone(231, bright+white, 0).on(60, blue).without(underline),
		Cursor:       tone(16, black, bold).on(214, bright+yellow).without(bold | reverse),
		CursorIdle:   tone(222, bright+yellow, bold|underline).on(60, blue).without(bold | underline | reverse),
		ByteStaged:   tone(214, bright+yellow, bold|underline), ByteSelected: tone(16, black, 0).on(153, bright+cyan).without(reverse),
		ByteHit: tone(16, black, bold).on(220, yellow).without(underline | reverse),
	}
}

func statesDark() palette {
	return palette{
		StateFull: tone(74, bright+blue, bold), StatePartial: tone(117, cyan, 0), StateNone: tone(242, bright+black, 0).without(dim),
		StateParent: tone(175, magenta, 0), StateZero: tone(79, green, 0), StateUnmapped: tone(178, yellow, underline),
		StateMissing: tone(209, bright+red, bold|reverse),
	}
}

func light() palette {
	p := shape()
	maps.Copy(p, palette{
		Dim: tone(242, bright+black, 0).without(dim), Title: tone(25, blue, bold), Badge: tone(22, green, bold),
		Tab: tone(238, 0, 0), TabActive: tone(231, bright+white, bold).on(25, blue).without(bold | reverse),
		Status: tone(238, 0, 0), Hint: tone(240, 0, 0), HintKey: tone(25, blue, bold),
		Frame: tone(244, bright+black, 0).without(dim), FrameFocus: tone(25, blue, bold), FrameTitle: tone(24, blue, bold),
		Label: tone(24, blue, 0), Value: tone(235, 0, 0), Link: tone(25, blue, underline),
		Good: tone(22, green, 0), Note: tone(25, blue, 0), Warn: tone(94, yellow, bold), Error: tone(124, red, bold),
		Selected: tone(16, black, bold).on(153, bright+cyan).without(reverse),
		Offset:   tone(243, bright+black, 0).without(dim), OffsetSector: tone(235, 0, 0),
		Message: tone(94, magenta, 0).without(bold), Failure: tone(231, bright+white, bold).on(124, red).without(bold | reverse),
		Mark:     tone(94, magenta, bold),
		ByteZero: tone(245, bright+black, 0).without(dim), ByteFF: tone(90, magenta, 0).without(0),
		ByteText: tone(24, blue, 0).without(bold), ByteSpace: tone(30, cyan, 0).without(0),
		ByteControl: tone(94, yellow, 0).without(0), ByteHigh: tone(235, 0, 0),
		fieldZero:    tone(238, black, 0).on(189, bright+cyan).without(underline),
		fieldFF:      tone(90, magenta, 0).on(189, bright+cyan).without(underline),
		fieldText:    tone(18, blue, bold).on(189, bright+cyan).without(underline),
		fieldSpace:   tone(24, blue, 0).on(189, bright+cyan).without(underline),
		fieldControl: tone(94, black, 0).on(189, bright+cyan).without(underline),
		fieldHigh:    tone(16, black, 0).on(189, bright+cyan).without(underline),
		Cursor:       tone(231, bright+white, bold).on(94, red).without(bold | reverse),
		CursorIdle:   tone(130, red, bold|underline).on(189, bright+cyan).without(bold | underline | reverse),
		ByteStaged:   tone(94, red, bold|underline), ByteSelected: tone(231, bright+white, 0).on(24, blue).without(reverse),
		ByteHit:   tone(16, black, bold).on(220, yellow).without(underline | reverse),
		StateFull: tone(25, blue, bold), StatePartial: tone(31, cyan, 0), StateNone: tone(245, bright+black, 0).without(dim),
		StateParent: tone(90, magenta, 0), StateZero: tone(22, green, 0), StateUnmapped: tone(94, yellow, underline),
		StateMissing: tone(124, red, bold|reverse),
	})
	return p
}

// contrast uses the strongest tones only, and attributes besides.
func contrast() palette {
	p := dark()
	maps.Copy(p, palette{
		Dim: tone(252, white, 0), Tab: tone(231, bright+white, 0), Status: tone(231, bright+white, 0), Hint: tone(231, bright+white, 0),
		Frame: tone(252, white, 0), FrameFocus: tone(226, bright+yellow, bold), FrameTitle: tone(231, bright+white, bold),
		Label: tone(231, bright+white, 0), Value: tone(231, bright+white, bold), Offset: tone(252, white, 0), OffsetSector: tone(231, bright+white, bold),
		Selected: tone(16, black, bold).on(226, bright+yellow).without(reverse),
		ByteZero: tone(250, white, 0).without(dim), ByteHigh: tone(231, bright+white, bold), ByteText: tone(123, bright+cyan, bold),
		Cursor: tone(16, black, bold).on(231, bright+white).without(bold | reverse), StateNone: tone(250, white, 0).without(dim),
	})
	return p
}

// deuteranopia keeps to blue, orange and grey: what differs in red and green
// only looks alike to many.
func deuteranopia() palette {
	p := dark()
	maps.Copy(p, palette{
		Badge: tone(153, bright+blue, bold), Good: tone(117, bright+cyan, 0), Note: tone(153, bright+blue, 0),
		Warn: tone(222, bright+yellow, bold), Error: tone(208, bright+yellow, bold|underline),
		ByteFF: tone(189, bright+white, 0).without(0), StateZero: tone(153, bright+blue, 0),
		StateParent: tone(189, bright+white, 0), StateMissing: tone(208, bright+yellow, bold|reverse),
	})
	return p
}

// tritanopia keeps to red, cyan and grey: blue and yellow are what it loses.
func tritanopia() palette {
	p := dark()
	maps.Copy(p, palette{
		Warn: tone(217, bright+red, bold), Error: tone(203, bright+red, bold|underline), Mark: tone(217, bright+red, bold),
		Message: tone(217, bright+red, 0).without(bold), ByteControl: tone(217, red, 0).without(0),
		ByteSpace: tone(37, cyan, 0).without(0), StateUnmapped: tone(217, red, underline), StateMissing: tone(203, bright+red, bold|reverse),
		Cursor: tone(16, black, bold).on(210, bright+red).without(bold | reverse),
	})
	return p
}
