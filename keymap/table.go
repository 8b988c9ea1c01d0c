package keymap

// The actions, by what they do. Their names are stable: configuration files
// and `platter keys --json` use them.
const (
	ShowHelp    Action = "help"
	OpenImage   Action = "open-image"
	Unaccounted Action = "unaccounted"
	ShowSteps   Action = "steps"
	Changes     Action = "changes"
	Elsewhere   Action = "write-elsewhere"
	TakeBack    Action = "take-back"
	SetAside    Action = "set-aside"
	CreateImage Action = "create-image"
	MakeImage   Action = "make-image"
	ClearField  Action = "clear-field"
	GoTo        Action = "go-to"
	NextPane    Action = "next-pane"
	PrevPane    Action = "previous-pane"
	Screen1     Action = "screen-1"
	Screen2     Action = "screen-2"
	Screen3     Action = "screen-3"
	Screen5     Action = "screen-5"
	Screen6     Action = "screen-6"
	Back        Action = "back"
	Forward     Action = "forward"
	Escape      Action = "escape"
	Quit        Action = "quit"
	Interrupt   Action = "interrupt"
	Suspend     Action = "suspend"
	Redraw      Action = "redraw"
	Open        Action = "open"
	Up          Action = "up"
	Down        Action = "down"
	Left        Action = "left"
	Right       Action = "right"
	First       Action = "first"
	Last        Action = "last"
	PageUp      Action = "page-up"
	PageDown    Action = "page-down"
	HalfUp      Action = "half-page-up"
	HalfDown    Action = "half-page-down"
	RowStart    Action = "row-start"
	RowEnd      Action = "row-end"
	Follow      Action = "follow"
	SecondCopy  Action = "second-copy"
	ExplainPane Action = "explain"
	LookUp      Action = "look-up"
	Zoom        Action = "zoom"
	OffsetBase  Action = "offset-base"
	NextFile    Action = "next-file"
	PrevFile    Action = "previous-file"
	Endian      Action = "byte-order"
	FoldZeros   Action = "fold-zeros"
	FoldAll     Action = "fold-all"
	UnfoldAll   Action = "unfold-all"
	NextSibling Action = "next-sibling"
	PrevSibling Action = "previous-sibling"
	NextField   Action = "next-field"
	PrevField   Action = "previous-field"
	NextStruct  Action = "next-structure"
	PrevStruct  Action = "previous-structure"
	NextSector  Action = "next-sector"
	PrevSector  Action = "previous-sector"
	FewerBytes  Action = "fewer-bytes"
	MoreBytes   Action = "more-bytes"
	TextColumn  Action = "text-column"
	ZoomIn      Action = "zoom-in"
	ZoomOut     Action = "zoom-out"
	Overlay     Action = "overlay"
	TableEntry  Action = "table-entry"
	NextMark    Action = "next-mark"
	PrevMark    Action = "previous-mark"
	LeapLeft    Action = "leap-left"
	LeapRight   Action = "leap-right"
	LeapUp      Action = "leap-up"
	LeapDown    Action = "leap-down"
	Reload      Action = "reload"
	Accept      Action = "accept"
	Cancel      Action = "cancel"
	Older       Action = "older"
	Newer       Action = "newer"
	Complete    Action = "complete"
	Severity    Action = "severity"
	Fix         Action = "fix"
	NextRun     Action = "next-run"
	PrevRun     Action = "previous-run"
	OtherSpace  Action = "address-space"
	Select      Action = "select"
	ExtendUp    Action = "extend-up"
	ExtendDown  Action = "extend-down"
	ExtendLeft  Action = "extend-left"
	ExtendRight Action = "extend-right"
	GrowSelect  Action = "grow-selection"
	EditBytes   Action = "edit-bytes"
	FillBytes   Action = "fill"
	RevertBytes Action = "revert"
	OtherColumn Action = "other-column"
	StepBack    Action = "step-back"
	Undo        Action = "undo"
	Redo        Action = "redo"
	Lessons     Action = "lessons"
	LessonNext  Action = "lesson-next"
	LessonBack  Action = "lesson-back"
	LessonHint  Action = "lesson-hint"
	LessonReply Action = "lesson-answer"
	LessonClose Action = "lesson-close"
)

// Screens lists the actions that go to a screen, in the order of the tabs.
func Screens() []Action {
	return []Action{Screen1, Screen2, Screen3, Screen4, Screen5, Screen6, Screen7, Screen9}
}

// The headings of the help overlay.
const (
	groupMove    = "Move"
	groupJump    = "Jump"
	groupView    = "View"
	groupEdit    = "Edit"
	groupLesson  = "Lesson"
	groupProgram = "Program"
)

// table is every key of the program. The order within a context is the order
// of the hint line and of the help overlay.
var table = []Binding{
	{Context: Structure, Action: Open, Keys: []string{"enter"}, Label: "open", Help: "Open or close the row, or follow it if it is a pointer", Group: groupMove},
	{Context: Structure, Action: Right, Keys: []string{"l", "right"}, hint: "h/l", Label: "fold", Help: "Open the row, or go to its first child", Group: groupMove},
	{Context: Structure, Action: Left, Keys: []string{"h", "left"}, Help: "Close the row, or go to its parent", Group: groupMove},
	{Context: Structure, Action: NextSibling, Keys: []string{"w"}, Help: "Next row on the same level", Group: groupMove},
	{Context: Structure, Action: PrevSibling, Keys: []string{"b"}, Help: "Previous row on the same level", Group: groupMove},
	{Context: Structure, Action: EditField, Keys: []string{"e", "i", "insert"}, Label: "edit", Help: "Change the field's value, and the record's checksum with it; nothing is written before the review", Group: groupEdit},
	{Context: Structure, Action: RevertBytes, Keys: []string{"D"}, Help: "Revert the field or structure under the cursor to what is on disk", Group: groupEdit},
	{Context: Structure, Action: FoldAll, Keys: []string{"H"}, Help: "Close all rows", Group: groupView},
	{Context: Structure, Action: UnfoldAll, Keys: []string{"L"}, Help: "Open all short rows below this one", Group: groupView},

	{Context: Hex, Action: Open, Keys: []string{"enter"}, Help: "Follow the pointer under the cursor", Group: groupJump},
	{Context: Hex, Action: Right, Keys: []string{"l", "right"}, Help: "Next byte", Group: groupMove},
	{Context: Hex, Action: Left, Keys: []string{"h", "left"}, Help: "Previous byte", Group: groupMove},
	{Context: Hex, Action: RowStart, Keys: []string{"0", "^", "home"}, Help: "Start of the row", Group: groupMove},
	{Context: Hex, Action: RowEnd, Keys: []string{"$", "end"}, Help: "End of the row", Group: groupMove},
	{Context: Hex, Action: NextField, Keys: []string{"w"}, hint: "w/b", Label: "field", Help: "Next field, or on 4 bytes where there is none", Group: groupMove},
	{Context: Hex, Action: PrevField, Keys: []string{"b"}, Help: "Previous field, or back 4 bytes where there is none", Group: groupMove},
	{Context: Hex, Action: NextStruct, Keys: []string{"}", "ctrl+down"}, hint: "{/}", Label: "structure", Help: "Next structure", Group: groupMove},
	{Context: Hex, Action: PrevStruct, Keys: []string{"{", "ctrl+up"}, Help: "Start of this structure, then the previous one", Group: groupMove},
	{Context: Hex, Action: NextSector, Keys: []string{")", "ctrl+right"}, Help: "Next sector of 512 bytes", Group: groupMove},
	{Context: Hex, Action: PrevSector, Keys: []string{"(", "ctrl+left"}, Help: "Start of this sector, then the previous one", Group: groupMove},
	{Context: Hex, Action: Select, Keys: []string{"v"}, Help: "Start or stop selecting bytes", Group: groupMove},
	{Context: Hex, Action: ExtendRight, Keys: []string{"shift+right"}, Help: "Extend the selection to the next byte", Group: groupMove},
	{Context: Hex, Action: ExtendLeft, Keys: []string{"shift+left"}, Help: "Extend the selection to the previous byte", Group: groupMove},
	{Context: Hex, Action: ExtendDown, Keys: []string{"shift+down"}, Help: "Extend the selection by a row", Group: groupMove},
	{Context: Hex, Action: ExtendUp, Keys: []string{"shift+up"}, Help: "Shrink the selection by a row", Group: groupMove},
	{Context: Hex, Action: EditBytes, Keys: []string{"e", "i", "insert"}, Label: "edit", Help: "Overwrite bytes with hexadecimal digits or text; nothing is written before the review", Group: groupEdit},
	{Context: Hex, Action: FillBytes, Keys: []string{"F"}, Help: "Fill the selection or the field with the byte you type next", Group: groupEdit},
	{Context: Hex, Action: PasteBytes, Keys: []string{"p"}, Help: "Overwrite from the cursor on with hexadecimal bytes, or with text in quotes", Group: groupEdit},
	{Context: Hex, Action: RevertBytes, Keys: []string{"D"}, Help: "Revert the selection, or the byte under the cursor, to what is on disk", Group: groupEdit},
	{Context: Hex, Action: FoldZeros, Keys: []string{"o"}, Label: "zeros", Help: "Fold or show rows that hold only zeros", Group: groupView},
	{Context: Hex, Action: TextColumn, Keys: []string{"a"}, Label: "text", Help: "Text column: ASCII, CP437, CP1252, UTF-16LE, UTF-8, off", Group: groupView},
	{Context: Hex, Action: MoreBytes, Keys: []string{"+"}, hint: "-/+", Label: "width", Help: "More bytes in a row", Group: groupView},
	{Context: Hex, Action: FewerBytes, Keys: []string{"-"}, Help: "Fewer bytes in a row", Group: groupView},

	{Context: Sectors, Action: Open, Keys: []string{"enter"}, Help: "Follow the pointer under the cursor", Group: groupJump},
	{Context: Sectors, Action: Right, Keys: []string{"l", "right"}, Help: "Next byte, skipping folded rows", Group: groupMove},
	{Context: Sectors, Action: Left, Keys: []string{"h", "left"}, Help: "Previous byte, skipping folded rows", Group: groupMove},
	{Context: Sectors, Action: RowStart, Keys: []string{"0", "^", "home"}, Help: "Start of the row", Group: groupMove},
	{Context: Sectors, Action: RowEnd, Keys: []string{"$", "end"}, Help: "End of the row", Group: groupMove},
	{Context: Sectors, Action: NextSector, Keys: []string{")", "ctrl+right"}, hint: "(/)", Label: "sector", Help: "Next sector", Group: groupMove},
	{Context: Sectors, Action: PrevSector, Keys: []string{"(", "ctrl+left"}, Help: "Start of this sector, then the previous one", Group: groupMove},
	{Context: Sectors, Action: NextRun, Keys: []string{"}", "ctrl+down"}, hint: "{/}", Label: "data", Help: "Start of the next stored data", Group: groupMove},
	{Context: Sectors, Action: PrevRun, Keys: []string{"{", "ctrl+up"}, Help: "Start of this stored data, then of the previous", Group: groupMove},
	{Context: Sectors, Action: NextField, Keys: []string{"w"}, Help: "Next field, or on 4 bytes where there is none", Group: groupMove},
	{Context: Sectors, Action: PrevField, Keys: []string{"b"}, Help: "Previous field, or back 4 bytes where there is none", Group: groupMove},
	{Context: Sectors, Action: Select, Keys: []string{"v"}, Help: "Start or stop selecting bytes", Group: groupMove},
	{Context: Sectors, Action: GrowSelect, Keys: []string{"V"}, Help: "Select more: the field, its structure, the sector, the block, the partition", Group: groupMove},
	{Context: Sectors, Action: ExtendRight, Keys: []string{"shift+right"}, Help: "Extend the selection to the next byte", Group: groupMove},
	{Context: Sectors, Action: ExtendLeft, Keys: []string{"shift+left"}, Help: "Extend the selection to the previous byte", Group: groupMove},
	{Context: Sectors, Action: ExtendDown, Keys: []string{"shift+down"}, Help: "Extend the selection by a row", Group: groupMove},
	{Context: Sectors, Action: ExtendUp, Keys: []string{"shift+up"}, Help: "Shrink the selection by a row", Group: groupMove},
	{Context: Sectors, Action: FoldZeros, Keys: []string{"o"}, Label: "zeros", Help: "Fold or show rows that hold only zeros", Group: groupView},
	{Context: Sectors, Action: TextColumn, Keys: []string{"a"}, Help: "Text column: ASCII, CP437, CP1252, UTF-16LE, UTF-8, off", Group: groupView},
	{Context: Sectors, Action: MoreBytes, Keys: []string{"+"}, Help: "More bytes in a row", Group: groupView},
	{Context: Sectors, Action: FewerBytes, Keys: []string{"-"}, Help: "Fewer bytes in a row", Group: groupView},

	{Context: Sectors, Action: NextReader, Keys: []string{"r"}, Label: "reader", Help: "See the disk as the next program does: qemu, hyper-v and so on, with the bytes marked that differ from what the format says; esc goes back", Group: groupView},

	{Context: Sectors, Action: EditBytes, Keys: []string{"e", "i", "insert"}, Label: "edit", Help: "Overwrite bytes with hexadecimal digits or text; nothing is written before the review", Group: groupEdit},
	{Context: Sectors, Action: FillBytes, Keys: []string{"F"}, Help: "Fill the selection with the byte you type next", Group: groupEdit},
	{Context: Sectors, Action: PasteBytes, Keys: []string{"p"}, Help: "Overwrite from the cursor on with hexadecimal bytes, or with text in quotes", Group: groupEdit},
	{Context: Sectors, Action: RevertBytes, Keys: []string{"D"}, Help: "Revert the selection, or the byte under the cursor, to what is on disk", Group: groupEdit},

	{Context: Partitions, Action: Open, Keys: []string{"enter"}, Label: "go there", Help: "Go to the first sector of the partition", Group: groupJump},

	{Context: Bytes, Action: Follow, Keys: []string{"f"}, Label: "follow", Help: "Follow the pointer to the structure that it names", Group: groupJump},
	{Context: Bytes, Action: SecondCopy, Keys: []string{"%"}, Label: "2nd copy", Help: "Go to the second copy of the same structure or field", Group: groupJump},
	{Context: Bytes, Action: OtherSpace, Keys: []string{"x"}, Label: "address", Help: "Show this byte in the next address space: virtual disk, partition, file", Group: groupJump},
	{Context: Bytes, Action: ShowTrail, Keys: []string{"X"}, Help: "All addresses of this byte, with the table entries that connect them", Group: groupJump},
	{Context: Bytes, Action: Referrers, Keys: []string{"&"}, Help: "List what points here: fields and table entries", Group: groupJump},
	{Context: Bytes, Action: CompareCopies, Keys: []string{"="}, Help: "Compare with the second copy, field by field and byte by byte; with another image where there is no copy, or from that list", Group: groupFind},
	{Context: Bytes, Action: Copy, Keys: []string{"y"}, Help: "Copy the selection, the field or the byte in hexadecimal", Group: groupFind},
	{Context: Bytes, Action: CopyAs, Keys: []string{"Y"}, Help: "Copy as hex, source code, base64, hexdump, GUID, JSON, Markdown, or as a command line", Group: groupFind},
	{Context: Bytes, Action: SearchThis, Keys: []string{"*"}, Help: "Search for the bytes of the selection or the field", Group: groupFind},
	{Context: Bytes, Action: SaveBytes, Keys: []string{"S"}, Help: "Save the selection, a structure, block, region or partition to a file", Group: groupFind},
	{Context: Bytes, Action: NextMark, Keys: []string{"."}, Help: "Next mark: a hit, a bookmark, a note, a finding, staged bytes", Group: groupFind},
	{Context: Bytes, Action: PrevMark, Keys: []string{","}, Help: "Previous mark", Group: groupFind},
	{Context: Bytes, Action: Hands, Keys: []string{"P"}, Help: "More ways to change bytes: a field's value, a number, date or GUID, paste a file or bytes of another image, a copy to another place, byte order, zero or trim a block", Group: groupEdit},
	{Context: Bytes, Action: FixSum, Keys: []string{"alt+c"}, Help: "Stage what belongs with the bytes here: the structure's checksum, or the one bit that a CRC tells of; the second copy of a partition table or boot sector", Group: groupEdit},
	{Context: Bytes, Action: Bookmark, Keys: []string{"m"}, Help: "Add or remove a bookmark here", Group: groupFind},
	{Context: Bytes, Action: Note, Keys: []string{";"}, Help: "Write a note about this place", Group: groupFind},
	{Context: Bytes, Action: ExplainPane, Keys: []string{"t"}, Label: "explain", Help: "Show or hide what the field means, its offset, and where it is defined", Group: groupView},
	{Context: Bytes, Action: LookUp, Keys: []string{"K"}, Help: "Look up the field or structure under the cursor: what it means, and what else has the name", Group: groupView},
	{Context: Bytes, Action: Zoom, Keys: []string{"z"}, Label: "zoom", Help: "Zoom this pane to the whole screen, or back", Group: groupView},
	{Context: Bytes, Action: Endian, Keys: []string{"E"}, Help: "Inspector: little-endian or big-endian", Group: groupView},
	{Context: Bytes, Action: OffsetBase, Keys: []string{"@"}, Help: "Offsets in hexadecimal, decimal, or sectors", Group: groupView},
	{Context: Bytes, Action: NextFile, Keys: []string{">"}, Help: "Hex pane: next file of the image", Group: groupView},
	{Context: Bytes, Action: PrevFile, Keys: []string{"<"}, Help: "Hex pane: previous file of the image", Group: groupView},

	{Context: Map, Action: Open, Keys: []string{"enter"}, Label: "bytes", Help: "Go to the bytes of the block under the cursor; in a cell of many, of the one that matters most", Group: groupJump},
	{Context: Map, Action: Follow, Keys: []string{"f"}, Label: "file", Help: "Go to the block's place in the file", Group: groupJump},
	{Context: Map, Action: TableEntry, Keys: []string{"b"}, Label: "entry", Help: "Go to the table entry that places this block", Group: groupJump},
	{Context: Map, Action: ZoomIn, Keys: []string{"+"}, hint: "+/-", Label: "zoom", Help: "Half as many blocks in a cell, down to single ones", Group: groupView},
	{Context: Map, Action: ZoomOut, Keys: []string{"-"}, Help: "Twice as many blocks in a cell, up to the whole disk", Group: groupView},
	{Context: Map, Action: NextMark, Keys: []string{"."}, hint: ",/.", Label: "change", Help: "Next cell of another kind: an anomaly, other states, other content", Group: groupMove},
	{Context: Map, Action: PrevMark, Keys: []string{","}, Help: "Previous cell of another kind", Group: groupMove},
	{Context: Map, Action: Overlay, Keys: []string{"a"}, Label: "overlay", Help: "Colour by allocation, order in the file, the layer of a chain that answers, sampled content (zeros, text, random), or where other programs see another disk", Group: groupView},
	{Context: Map, Action: SaveReport, Keys: []string{"S"}, Help: "Save the map of the whole disk to a file, as CSV, JSON or text", Group: groupFind},
	{Context: Map, Action: Right, Keys: []string{"l", "right"}, Help: "Next cell", Group: groupMove},
	{Context: Map, Action: Left, Keys: []string{"h", "left"}, Help: "Previous cell", Group: groupMove},
	{Context: Map, Action: LeapRight, Keys: []string{"L"}, Help: "8 cells to the right", Group: groupMove},
	{Context: Map, Action: LeapLeft, Keys: []string{"H"}, Help: "8 cells to the left", Group: groupMove},
	{Context: Map, Action: LeapDown, Keys: []string{"J"}, Help: "8 rows down", Group: groupMove},
	{Context: Map, Action: LeapUp, Keys: []string{"K"}, Help: "8 rows up", Group: groupMove},
	{Context: Map, Action: RowStart, Keys: []string{"0", "^", "home"}, Help: "Start of the row", Group: groupMove},
	{Context: Map, Action: RowEnd, Keys: []string{"$", "end"}, Help: "End of the row", Group: groupMove},

	{Context: Findings, Action: Open, Keys: []string{"enter"}, Label: "go to bytes", Help: "Go to the bytes that prove the finding; press again for the next ones", Group: groupJump},
	{Context: Findings, Action: Fix, Keys: []string{"f"}, Label: "repair", Help: "Choose a repair of the finding to stage", Group: groupEdit},
	{Context: Findings, Action: Profile, Keys: []string{"p"}, Label: "profile", Help: "Check whether the image is fit for a program or service too: Hyper-V, QEMU, VMware, VirtualBox, Azure, OVF, AWS, GCP, other readers", Group: groupView},
	{Context: Findings, Action: Reviewed, Keys: []string{"space"}, Label: "reviewed", Help: "Mark the finding as reviewed until the program ends", Group: groupView},
	{Context: Findings, Action: CheckAgain, Keys: []string{"!"}, Help: "Run the checks again", Group: groupProgram},
	{Context: Findings, Action: HideSeen, Keys: []string{"a"}, Help: "Hide the findings that are marked as reviewed, or show them again", Group: groupView},
	{Context: Findings, Action: SaveReport, Keys: []string{"S"}, Label: "save", Help: "Save the findings to a file, as text or JSON", Group: groupFind},
	{Context: Findings, Action: Severity, Keys: []string{"o"}, Label: "severity", Help: "Show all findings, warnings and errors, or errors only", Group: groupView},

	{Context: Repairs, Action: Accept, Keys: []string{"enter"}, Label: "stage", Help: "Stage this repair; nothing is written before you say so, and undo removes it", Group: groupEdit},
	{Context: Repairs, Action: Down, Keys: []string{"j", "down", "tab"}, hint: "j/k", Label: "choose", Help: "Next repair", Group: groupMove},
	{Context: Repairs, Action: Up, Keys: []string{"k", "up", "shift+tab"}, Help: "Previous repair", Group: groupMove},
	{Context: Repairs, Action: Cancel, Keys: []string{"esc", "f", "q", "ctrl+c"}, Label: "close", Help: "Stage nothing", Group: groupProgram},
	{Context: Repairs, Action: ShowHelp, Keys: []string{"?", "f1"}, Label: "help", Help: "All keys of this list", Group: groupProgram},

	{Context: Log, Action: Open, Keys: []string{"enter"}, Label: "open", Help: "Go from an entry to what it changes; from a change to the bytes that it changes", Group: groupJump},
	{Context: Log, Action: Follow, Keys: []string{"f"}, Label: "bytes", Help: "Go to the bytes of the entry, or to those that it changes", Group: groupJump},
	{Context: Log, Action: LogBytes, Keys: []string{"a"}, Label: "before/after", Help: "Show what differs, field by field, or all bytes before, or after", Group: groupView},
	{Context: Log, Action: ReplayStep, Keys: []string{"r"}, Label: "step", Help: "Replay one entry more, in memory: all screens show the image as it is then; after the last one as it is on disk", Group: groupView},
	{Context: Log, Action: ReplayAll, Keys: []string{"A"}, Label: "all or none", Help: "Show the image with the whole log replayed, or as it is on disk", Group: groupView},
	{Context: Log, Action: Verify, Keys: []string{"c"}, Label: "verify", Help: "Verify the entry: its checksum and sequence numbers, rule by rule", Group: groupView},
	{Context: Log, Action: SaveEntry, Keys: []string{"S"}, Label: "save", Help: "Save the bytes of the entry to a file", Group: groupFind},

	{Context: Chain, Action: Open, Keys: []string{"enter"}, Label: "open", Help: "Open the layer as an image of its own; on the strip, go to the bytes of the disk", Group: groupJump},
	{Context: Chain, Action: Parent, Keys: []string{"f"}, Label: "parent", Help: "Find or choose the parent of the image: files of its folder that could be it, or a path", Group: groupJump},
	{Context: Chain, Action: VerifyLinks, Keys: []string{"c"}, Label: "verify", Help: "Read all layers again and verify each link", Group: groupView},
	{Context: Chain, Action: Overlay, Keys: []string{"a"}, Label: "overlay", Help: "Strip: which layer answers, or what the layer under the cursor stores, also where a newer one hides it", Group: groupView},
	{Context: Chain, Action: SaveReport, Keys: []string{"S"}, Help: "Save a report of the chain to a file, as text or JSON", Group: groupFind},
	{Context: Chain, Action: Right, Keys: []string{"l", "right"}, Help: "Next cell of the strip", Group: groupMove},
	{Context: Chain, Action: Left, Keys: []string{"h", "left"}, Help: "Previous cell of the strip", Group: groupMove},

	{Context: Readers, Action: Open, Keys: []string{"enter"}, Label: "bytes", Help: "Go to the bytes of the range in Sectors", Group: groupJump},
	{Context: Readers, Action: Follow, Keys: []string{"f"}, Label: "cause", Help: "Go to the table entry, bit or header in Structure that the reader takes otherwise", Group: groupJump},
	{Context: Readers, Action: ExplainPane, Keys: []string{"t"}, Label: "explain", Help: "Explain the range, and what the reader does otherwise than the format says, with the source and how sure it is", Group: groupView},
	{Context: Readers, Action: ReaderHashes, Keys: []string{"c"}, Label: "hash", Help: "Hash the disk as each reader sees it", Group: groupView},
	{Context: Readers, Action: SaveReport, Keys: []string{"S"}, Help: "Save the readers and the ranges to a file, as text or JSON", Group: groupFind},
	{Context: Readers, Action: CompareAgain, Keys: []string{"r"}, Label: "again", Help: "Compare the readers again, on what is stored by now", Group: groupView},
	{Context: Readers, Action: Right, Keys: []string{"l", "right"}, hint: "h/l", Label: "reader", Help: "Next reader", Group: groupMove},
	{Context: Readers, Action: Left, Keys: []string{"h", "left"}, Help: "Previous reader", Group: groupMove},

	{Context: Compare, Action: Open, Keys: []string{"enter"}, Label: "sectors", Help: "Go to these bytes of the disk in Sectors", Group: groupJump},
	{Context: Compare, Action: NextMark, Keys: []string{"."}, hint: ",/.", Label: "difference", Help: "Next difference: in the list the next block, in the bytes the next run of bytes", Group: groupMove},
	{Context: Compare, Action: PrevMark, Keys: []string{","}, Help: "Previous difference", Group: groupMove},
	{Context: Compare, Action: CheckAgain, Keys: []string{"!"}, Label: "again", Help: "Compare again", Group: groupView},
	{Context: Compare, Action: CompareImage, Keys: []string{"="}, Label: "another", Help: "Compare with another image", Group: groupView},
	{Context: Compare, Action: Right, Keys: []string{"l", "right"}, Help: "Next byte", Group: groupMove},
	{Context: Compare, Action: Left, Keys: []string{"h", "left"}, Help: "Previous byte", Group: groupMove},

	{Context: Overview, Action: CompareImage, Keys: []string{"="}, Label: "compare", Help: "Compare the disk with another image's, block by block", Group: groupFind},
	{Context: Map, Action: CompareImage, Keys: []string{"="}, Help: "Compare the disk with another image's, block by block", Group: groupFind},

	{Context: Overview, Action: Open, Keys: []string{"enter", "f"}, Label: "go to bytes", Help: "Go to the bytes of what is selected", Group: groupJump},
	{Context: Overview, Action: SaveBytes, Keys: []string{"S"}, Help: "Save a partition, a file of the image, or the disk to a file", Group: groupFind},

	{Context: Start, Action: Open, Keys: []string{"enter", "l", "right"}, Label: "open", Help: "Open the image or the folder", Group: groupMove},
	{Context: Start, Action: Left, Keys: []string{"h", "left"}, Label: "parent folder", Help: "Go to the folder above", Group: groupMove},

	{Context: Everywhere, Action: GoTo, Keys: []string{"ctrl+g", ":"}, Label: "go to", Help: "Go to an address and see where it lies: 0x1f00, 8k, end-512, +0x200, lba 2048, block 9, part2+1M, header 2, hdr2.checksum", Group: groupJump},
	{Context: Everywhere, Action: Search, Keys: []string{"/"}, Label: "search", Help: "Search for text, bytes, or a regular expression, in the file or on the virtual disk", Group: groupFind},
	{Context: Everywhere, Action: NextHit, Keys: []string{"n"}, Help: "Next hit of the search", Group: groupFind},
	{Context: Everywhere, Action: PrevHit, Keys: []string{"N"}, Help: "Previous hit of the search", Group: groupFind},
	{Context: Everywhere, Action: HitList, Keys: []string{"ctrl+n"}, Help: "List what the search found", Group: groupFind},
	{Context: Everywhere, Action: HashThis, Keys: []string{"#"}, Help: "Hash the selection, the structure, a file or the disk", Group: groupFind},
	{Context: Everywhere, Action: Bookmarks, Keys: []string{"'"}, Help: "List bookmarks and notes", Group: groupFind},
	{Context: Everywhere, Action: Palette, Keys: []string{"ctrl+p"}, Label: "commands", Help: "All commands of this screen; type to find one", Group: groupProgram},
	{Context: Everywhere, Action: Back, Keys: []string{"[", "backspace", "ctrl+h", "alt+left"}, hint: "[/]", Label: "history", Help: "Back to where the last jump began", Group: groupJump},
	{Context: Everywhere, Action: Forward, Keys: []string{"]", "alt+right"}, Help: "Forward in the jump history", Group: groupJump},
	{Context: Everywhere, Action: Screen1, Keys: []string{"1"}, Help: "Overview", Group: groupJump},
	{Context: Everywhere, Action: Screen2, Keys: []string{"2"}, Help: "Structure", Group: groupJump},
	{Context: Everywhere, Action: Screen3, Keys: []string{"3"}, Help: "Map", Group: groupJump},
	{Context: Everywhere, Action: Screen4, Keys: []string{"4"}, Help: "Log", Group: groupJump},
	{Context: Everywhere, Action: Screen5, Keys: []string{"5"}, Help: "Findings", Group: groupJump},
	{Context: Everywhere, Action: Screen6, Keys: []string{"6"}, Help: "Sectors", Group: groupJump},
	{Context: Everywhere, Action: Screen7, Keys: []string{"7"}, Help: "Chain", Group: groupJump},
	{Context: Everywhere, Action: Screen8, Keys: []string{"8"}, Help: "Eyes: the disk as other programs see it", Group: groupJump},
	{Context: Everywhere, Action: Screen9, Keys: []string{"9"}, Help: "Compare with a second image", Group: groupJump},

	{Context: Everywhere, Action: Unaccounted, Keys: []string{"U"}, Help: "List the bytes of the file that no structure explains, with the first text in each range", Group: groupFind},

	{Context: Everywhere, Action: Down, Keys: []string{"j", "down"}, hint: "j/k", Label: "move", Help: "Down", Group: groupMove},
	{Context: Everywhere, Action: Up, Keys: []string{"k", "up"}, Help: "Up", Group: groupMove},
	{Context: Everywhere, Action: PageDown, Keys: []string{"pgdown", "ctrl+f"}, Help: "Page down", Group: groupMove},
	{Context: Everywhere, Action: PageUp, Keys: []string{"pgup", "ctrl+b"}, Help: "Page up", Group: groupMove},
	{Context: Everywhere, Action: HalfDown, Keys: []string{"ctrl+d"}, Help: "Half a page down", Group: groupMove},
	{Context: Everywhere, Action: HalfUp, Keys: []string{"ctrl+u"}, Help: "Half a page up", Group: groupMove},
	{Context: Everywhere, Action: First, Keys: []string{"g", "ctrl+home"}, Help: "First row", Group: groupMove},
	{Context: Everywhere, Action: Last, Keys: []string{"G", "ctrl+end"}, Help: "Last row", Group: groupMove},
	{Context: Everywhere, Action: NextPane, Keys: []string{"tab"}, Label: "pane", Help: "Next pane", Group: groupMove},
	{Context: Everywhere, Action: PrevPane, Keys: []string{"shift+tab"}, Help: "Previous pane", Group: groupMove},

	{Context: Everywhere, Action: Undo, Keys: []string{"u"}, Help: "Undo the last change", Group: groupEdit},
	{Context: Everywhere, Action: Redo, Keys: []string{"ctrl+r"}, Help: "Redo the change that was undone", Group: groupEdit},
	{Context: Everywhere, Action: Changes, Keys: []string{"alt+u"}, Help: "List all changes, those undone too, and go to the state after any of them", Group: groupEdit},
	{Context: Everywhere, Action: Renew, Keys: []string{"M"}, Help: "Stage a new content ID (DataWriteGuid in VHDX, CID in VMDK); edits in Sectors do so by themselves", Group: groupEdit},
	{Context: Everywhere, Action: Review, Keys: []string{"s", "ctrl+s"}, Label: "staged", Help: "Review the staged changes: look at them, drop some, write them to disk (commit)", Group: groupEdit},
	{Context: Everywhere, Action: ShowSteps, Keys: []string{"Z"}, Help: "List what each change does, step by step", Group: groupProgram},
	{Context: Everywhere, Action: Writing, Keys: []string{"W"}, Help: "Turn writing on or off; it is off at first", Group: groupEdit},

	{Context: Everywhere, Action: Lessons, Keys: []string{"f5", "alt+l"}, Help: "Choose a lesson: short steps on a sample, with tasks", Group: groupLesson},
	{Context: Everywhere, Action: LessonNext, Keys: []string{"f8", "alt+n"}, Help: "Next page or step of the lesson", Group: groupLesson},
	{Context: Everywhere, Action: LessonBack, Keys: []string{"f7", "alt+b"}, Help: "Back to the page or step before", Group: groupLesson},
	{Context: Everywhere, Action: LessonHint, Keys: []string{"f6", "alt+h"}, Help: "A hint for the task, then the next one", Group: groupLesson},
	{Context: Everywhere, Action: LessonReply, Keys: []string{"f9", "alt+a"}, Help: "Answer the question of the lesson", Group: groupLesson},
	{Context: Everywhere, Action: LessonClose, Keys: []string{"f10", "alt+e"}, Help: "End the lesson; where you stopped is kept", Group: groupLesson},

	{Context: Everywhere, Action: OpenImage, Keys: []string{"O"}, Help: "Open another image, or a sample, in place of this one", Group: groupProgram},
	{Context: Everywhere, Action: CreateImage, Keys: []string{"C"}, Help: "Make a new image: a form with the layout of the file to be, its first bytes, and the same command line", Group: groupProgram},
	{Context: Everywhere, Action: Reload, Keys: []string{"R"}, Help: "Close the image and open it again", Group: groupProgram},
	{Context: Everywhere, Action: Redraw, Keys: []string{"ctrl+l"}, Help: "Redraw the screen", Group: groupProgram},
	{Context: Everywhere, Action: Suspend, Keys: []string{"ctrl+z"}, Help: "Suspend (Unix)", Group: groupProgram},
	{Context: Everywhere, Action: Escape, Keys: []string{"esc"}, Help: "Stop a running job, then leave the zoom; never quits", Group: groupProgram},
	{Context: Everywhere, Action: Interrupt, Keys: []string{"ctrl+c"}, Help: "Stop a running job, else quit", Group: groupProgram},
	{Context: Everywhere, Action: ShowHelp, Keys: []string{"?", "f1"}, Label: "help", Help: "All keys of this screen, the words of the formats, and all their structures and fields; type to find one", Group: groupProgram},
	{Context: Everywhere, Action: Quit, Keys: []string{"q"}, Label: "quit", Help: "Quit", Group: groupProgram},

	{Context: Edit, Action: Cancel, Keys: []string{"esc", "insert", "ctrl+c"}, Label: "done", Help: "Leave edit mode; what you typed stays staged", Group: groupProgram},
	{Context: Edit, Action: OtherColumn, Keys: []string{"tab", "shift+tab"}, Label: "hex or text", Help: "Type digits in the hexadecimal column, or characters in the text", Group: groupEdit},
	{Context: Edit, Action: StepBack, Keys: []string{"backspace", "ctrl+h"}, Label: "back", Help: "Step back and revert that byte to what is on disk", Group: groupEdit},
	{Context: Edit, Action: RevertBytes, Keys: []string{"delete"}, Label: "revert", Help: "Revert the selection, or the byte under the cursor, to what is on disk", Group: groupEdit},
	{Context: Edit, Action: Undo, Keys: []string{"ctrl+u"}, Label: "undo", Help: "Undo the last change", Group: groupEdit},
	{Context: Edit, Action: Redo, Keys: []string{"ctrl+r"}, Label: "redo", Help: "Redo the change that was undone", Group: groupEdit},
	{Context: Edit, Action: Review, Keys: []string{"ctrl+s"}, Help: "Review the staged changes: look at them, drop some, write them to disk (commit)", Group: groupEdit},
	{Context: Edit, Action: FixSum, Keys: []string{"alt+c"}, Help: "Stage what belongs with the bytes: the structure's checksum, the second copy of a partition table or boot sector", Group: groupEdit},
	{Context: Edit, Action: Left, Keys: []string{"left"}, Help: "Previous byte", Group: groupMove},
	{Context: Edit, Action: Right, Keys: []string{"right"}, Help: "Next byte", Group: groupMove},
	{Context: Edit, Action: Up, Keys: []string{"up"}, Help: "Row above", Group: groupMove},
	{Context: Edit, Action: Down, Keys: []string{"down"}, Help: "Row below", Group: groupMove},
	{Context: Edit, Action: RowStart, Keys: []string{"home"}, Help: "Start of the row", Group: groupMove},
	{Context: Edit, Action: RowEnd, Keys: []string{"end"}, Help: "End of the row", Group: groupMove},
	{Context: Edit, Action: PageUp, Keys: []string{"pgup"}, Help: "Page up", Group: groupMove},
	{Context: Edit, Action: PageDown, Keys: []string{"pgdown"}, Help: "Page down", Group: groupMove},
	{Context: Edit, Action: GoTo, Keys: []string{"ctrl+g"}, Help: "Go to an address", Group: groupJump},
	{Context: Edit, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this mode", Group: groupProgram},

	{Context: Paste, Action: Accept, Keys: []string{"enter"}, Label: "overwrite", Help: "Overwrite from the cursor on with what the line holds: hexadecimal bytes, text in quotes, or base64:...; fill:de ad fills the selection with a pattern", Group: groupEdit},
	{Context: Paste, Action: Cancel, Keys: []string{"esc", "insert", "ctrl+c"}, Label: "cancel", Help: "Close the line and change nothing", Group: groupProgram},
	{Context: Paste, Action: StepBack, Keys: []string{"backspace", "ctrl+h"}, Help: "Delete the last character", Group: groupEdit},
	{Context: Paste, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this line", Group: groupProgram},

	{Context: Field, Action: Accept, Keys: []string{"enter"}, Label: "stage", Help: "Stage the new value", Group: groupEdit},
	{Context: Field, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "cancel", Help: "Leave the field as it was", Group: groupEdit},
	{Context: Field, Action: Up, Keys: []string{"up"}, hint: "up/down", Label: "step", Help: "Increase by one, or select the next named value", Group: groupEdit},
	{Context: Field, Action: Down, Keys: []string{"down"}, Help: "Decrease by one, or select the previous named value", Group: groupEdit},
	{Context: Field, Action: NextField, Keys: []string{"tab"}, Label: "next field", Help: "Stage the new value and go on to the structure's next field; a value that does not fit stays for you to correct", Group: groupEdit},
	{Context: Field, Action: PrevField, Keys: []string{"shift+tab"}, Help: "Stage the new value and go back to the previous field", Group: groupEdit},
	{Context: Field, Action: FixSum, Keys: []string{"alt+c"}, Label: "checksum", Help: "Update the record's checksum too, as a second change: on or off", Group: groupEdit},
	{Context: Field, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this line", Group: groupProgram},

	{Context: Dialog, Action: Accept, Keys: []string{"enter"}, Label: "press", Help: "Press the marked button; the first letter of a button presses it too", Group: groupProgram},
	{Context: Dialog, Action: Right, Keys: []string{"right", "tab", "down"}, hint: "left/right", Label: "choose", Help: "Next button", Group: groupProgram},
	{Context: Dialog, Action: Left, Keys: []string{"left", "shift+tab", "up"}, Help: "Previous button", Group: groupProgram},
	{Context: Dialog, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "cancel", Help: "Change nothing", Group: groupProgram},

	{Context: Staging, Action: Write, Keys: []string{"w"}, Label: "write", Help: "Write all staged changes to disk (commit), after a last question", Group: groupEdit, Danger: true},
	{Context: Staging, Action: Elsewhere, Keys: []string{"o"}, Label: "elsewhere", Help: "Write the changes to a patch, to a copy of the image, or to a new child, and leave the image as it is", Group: groupEdit},
	{Context: Staging, Action: TakeBack, Keys: []string{"v"}, Help: "Stage the opposite of the last write, if a record of it was kept, in a later session too", Group: groupEdit},
	{Context: Staging, Action: Open, Keys: []string{"enter", "f"}, Label: "go there", Help: "Go to the bytes", Group: groupJump},
	{Context: Staging, Action: Drop, Keys: []string{"D", "delete"}, Label: "drop", Help: "Drop this change; undo brings it back", Group: groupEdit},
	{Context: Staging, Action: Undo, Keys: []string{"u"}, Label: "undo", Help: "Undo the last change", Group: groupEdit},
	{Context: Staging, Action: Redo, Keys: []string{"ctrl+r"}, Help: "Redo the change that was undone", Group: groupEdit},
	{Context: Staging, Action: ShowSteps, Keys: []string{"Z"}, Label: "steps", Help: "List what each change does, step by step, field by field", Group: groupEdit},
	{Context: Staging, Action: Changes, Keys: []string{"H", "alt+u"}, Label: "history", Help: "List all changes, those undone too, and go to the state after any of them", Group: groupEdit},
	{Context: Staging, Action: SetAside, Keys: []string{"c"}, Help: "List the kept changes that no longer fit the file: look, stage, or throw away", Group: groupEdit},
	{Context: Staging, Action: Writing, Keys: []string{"W"}, Label: "writing", Help: "Turn writing on or off; it is off at first", Group: groupEdit},
	{Context: Staging, Action: Down, Keys: []string{"j", "down", "."}, Help: "Next row", Group: groupMove},
	{Context: Staging, Action: Up, Keys: []string{"k", "up", ","}, Help: "Previous row", Group: groupMove},
	{Context: Staging, Action: PageDown, Keys: []string{"pgdown", "ctrl+f", "ctrl+d"}, Help: "Page down", Group: groupMove},
	{Context: Staging, Action: PageUp, Keys: []string{"pgup", "ctrl+b", "ctrl+u"}, Help: "Page up", Group: groupMove},
	{Context: Staging, Action: First, Keys: []string{"g", "home", "ctrl+home"}, Help: "First row", Group: groupMove},
	{Context: Staging, Action: Last, Keys: []string{"G", "end", "ctrl+end"}, Help: "Last row", Group: groupMove},
	{Context: Staging, Action: ShowHelp, Keys: []string{"?", "f1"}, Label: "help", Help: "All keys of this list", Group: groupProgram},
	{Context: Staging, Action: Cancel, Keys: []string{"esc", "q", "s", "ctrl+s", "ctrl+c"}, Label: "back", Help: "Close the list; changes stay staged", Group: groupProgram},

	{Context: Create, Action: Accept, Keys: []string{"enter"}, Label: "next", Help: "Next line; in the last one, make the image", Group: groupProgram},
	{Context: Create, Action: MakeImage, Keys: []string{"ctrl+s"}, Label: "create", Help: "Make the image and open it; no file is replaced", Group: groupProgram},
	{Context: Create, Action: Down, Keys: []string{"down", "tab"}, hint: "up/down", Label: "line", Help: "Next line", Group: groupMove},
	{Context: Create, Action: Up, Keys: []string{"up", "shift+tab"}, Help: "Previous line", Group: groupMove},
	{Context: Create, Action: Right, Keys: []string{"right"}, hint: "left/right", Label: "choose", Help: "Next choice of the line (space too), or the next character of a text", Group: groupEdit},
	{Context: Create, Action: Left, Keys: []string{"left"}, Help: "Previous choice, or character", Group: groupEdit},
	{Context: Create, Action: ClearField, Keys: []string{"ctrl+u"}, Label: "default", Help: "Clear the line: what is empty has its default", Group: groupEdit},
	{Context: Create, Action: NextStruct, Keys: []string{"pgdown"}, hint: "pgup/pgdn", Label: "region", Help: "Show the first bytes of the next region of the file to be", Group: groupView},
	{Context: Create, Action: PrevStruct, Keys: []string{"pgup"}, Help: "Show those of the region before", Group: groupView},
	{Context: Create, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this form", Group: groupProgram},
	{Context: Create, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "cancel", Help: "Close the form and make nothing", Group: groupProgram},

	{Context: Help, Action: Cancel, Keys: []string{"esc", "f1", "ctrl+c", "enter"}, Label: "close", Help: "Close the help", Group: groupProgram},
	{Context: Help, Action: Down, Keys: []string{"down", "ctrl+n"}, hint: "up/down", Label: "scroll", Help: "Down", Group: groupMove},
	{Context: Help, Action: Up, Keys: []string{"up", "ctrl+p"}, Help: "Up", Group: groupMove},
	{Context: Help, Action: PageDown, Keys: []string{"pgdown"}, Help: "Page down", Group: groupMove},
	{Context: Help, Action: PageUp, Keys: []string{"pgup"}, Help: "Page up", Group: groupMove},

	{Context: Find, Action: Accept, Keys: []string{"enter"}, Label: "search", Help: "Search", Group: groupProgram},
	{Context: Find, Action: NextFile, Keys: []string{"tab"}, Label: "where", Help: "Search the virtual disk, or a file of the image", Group: groupFind},
	{Context: Find, Action: AsText, Keys: []string{"alt+t"}, Label: "text", Help: "Search for text, in every encoding at once", Group: groupFind},
	{Context: Find, Action: AsHex, Keys: []string{"alt+x"}, Label: "hex", Help: "Search for bytes in hex with wildcards: e8 ?? 4?", Group: groupFind},
	{Context: Find, Action: AsUTF16, Keys: []string{"alt+u"}, Label: "UTF-16", Help: "Search for text in UTF-16LE only", Group: groupFind},
	{Context: Find, Action: AsRegexp, Keys: []string{"alt+r"}, Label: "regexp", Help: "Search for a regular expression over bytes", Group: groupFind},
	{Context: Find, Action: FoldCase, Keys: []string{"alt+c"}, Label: "case", Help: "Letters match in either case, as they do for a text without capitals, or as typed", Group: groupFind},
	{Context: Find, Action: Within, Keys: []string{"alt+s"}, Label: "selection", Help: "Search in the selection only, or in everything", Group: groupFind},
	{Context: Find, Action: Backwards, Keys: []string{"alt+b"}, Label: "backwards", Help: "Search backwards from the cursor: the nearest hit before it comes first", Group: groupFind},
	{Context: Find, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "cancel", Help: "Leave the prompt", Group: groupProgram},
	{Context: Find, Action: Older, Keys: []string{"up"}, Help: "Older search", Group: groupProgram},
	{Context: Find, Action: Newer, Keys: []string{"down"}, Help: "Newer search", Group: groupProgram},
	{Context: Find, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this prompt", Group: groupProgram},

	{Context: Results, Action: Accept, Keys: []string{"enter"}, Label: "go there", Help: "Go to the row's place", Group: groupJump},
	{Context: Results, Action: Down, Keys: []string{"j", "down", ".", "n"}, hint: "j/k", Label: "move", Help: "Next row", Group: groupMove},
	{Context: Results, Action: Up, Keys: []string{"k", "up", ",", "N"}, Help: "Previous row", Group: groupMove},
	{Context: Results, Action: PageDown, Keys: []string{"pgdown", "ctrl+f", "ctrl+d"}, Help: "Page down", Group: groupMove},
	{Context: Results, Action: PageUp, Keys: []string{"pgup", "ctrl+b", "ctrl+u"}, Help: "Page up", Group: groupMove},
	{Context: Results, Action: First, Keys: []string{"g", "home", "ctrl+home"}, Help: "First row", Group: groupMove},
	{Context: Results, Action: Last, Keys: []string{"G", "end", "ctrl+end"}, Help: "Last row", Group: groupMove},
	{Context: Results, Action: Copy, Keys: []string{"y"}, Label: "copy", Help: "Copy the row", Group: groupFind},
	{Context: Results, Action: CopyAll, Keys: []string{"Y"}, Label: "copy all", Help: "Copy all rows", Group: groupFind},
	{Context: Results, Action: SaveBytes, Keys: []string{"S"}, Label: "save", Help: "In a list of ranges: save the bytes to a file", Group: groupFind},
	{Context: Results, Action: HashThis, Keys: []string{"#"}, Label: "hash", Help: "In a list of ranges: hash the bytes", Group: groupFind},
	{Context: Results, Action: CompareImage, Keys: []string{"="}, Label: "another image", Help: "In a comparison with the second copy: compare with another image", Group: groupFind},
	{Context: Results, Action: Remove, Keys: []string{"d", "delete"}, Label: "remove", Help: "Remove the bookmark or note", Group: groupFind},
	{Context: Results, Action: Earlier, Keys: []string{"K", "shift+up"}, Label: "earlier", Help: "In the history: move the change before the one over it, where it does not build on that", Group: groupEdit},
	{Context: Results, Action: Later, Keys: []string{"J", "shift+down"}, Help: "In the history: move the change after the one below it", Group: groupEdit},
	{Context: Results, Action: Cancel, Keys: []string{"esc", "q", "ctrl+c", "ctrl+n"}, Label: "close", Help: "Close the list; a search goes on", Group: groupProgram},

	{Context: Results, Action: ShowHelp, Keys: []string{"?", "f1"}, Label: "help", Help: "All keys of lists", Group: groupProgram},

	{Context: Menu, Action: ShowHelp, Keys: []string{"f1"}, Help: "All keys of menus", Group: groupProgram},
	{Context: Menu, Action: Accept, Keys: []string{"enter"}, Label: "choose", Help: "Choose the row", Group: groupProgram},
	{Context: Menu, Action: Down, Keys: []string{"down", "ctrl+n", "tab"}, hint: "up/down", Label: "move", Help: "Next row", Group: groupMove},
	{Context: Menu, Action: Up, Keys: []string{"up", "ctrl+p", "shift+tab"}, Help: "Previous row", Group: groupMove},
	{Context: Menu, Action: PageDown, Keys: []string{"pgdown"}, Help: "Page down", Group: groupMove},
	{Context: Menu, Action: PageUp, Keys: []string{"pgup"}, Help: "Page up", Group: groupMove},
	{Context: Menu, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "close", Help: "Close the menu", Group: groupProgram},

	{Context: Prompt, Action: Accept, Keys: []string{"enter"}, Label: "go", Help: "Accept what is typed", Group: groupProgram},
	{Context: Prompt, Action: Cancel, Keys: []string{"esc", "ctrl+c"}, Label: "cancel", Help: "Leave the prompt", Group: groupProgram},
	{Context: Prompt, Action: Older, Keys: []string{"up"}, Label: "history", Help: "Older entry", Group: groupProgram},
	{Context: Prompt, Action: Newer, Keys: []string{"down"}, Help: "Newer entry", Group: groupProgram},
	{Context: Prompt, Action: Complete, Keys: []string{"tab"}, Label: "complete", Help: "Complete the name", Group: groupProgram},
	{Context: Prompt, Action: ShowHelp, Keys: []string{"f1"}, Label: "help", Help: "All keys of this prompt", Group: groupProgram},
}
