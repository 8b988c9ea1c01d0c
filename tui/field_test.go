package tui_test

import "testing"

// TestTabGoesThroughTheFields holds that tab stages what is valid and goes on,
// with what is typed meanwhile, and that a value that does not fit stays.
func TestTabGoesThroughTheFields(t *testing.T) {
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", ":", "footer.features", "enter", "e").expect("EDIT field  footer.features").keys("tab").expect("EDIT field  footer.file_format_version").not("staged")
		b.keys("ctrl+u", "0x20000", "tab").expect("* 2 staged", "EDIT field  footer.data_offset").keys("shift+tab").expect("footer.file_format_version", "was  0x00020000")
		b.keys("ctrl+u", "nonsense", "tab").expect("EDIT field  footer.file_format_version", "! ").keys("esc").expect("* 2 staged").not("EDIT field")
		b.keys("s").expect("footer.checksum").keys("esc", "u").keys("u").not("staged")
		b.keys("e", "ctrl+u", "7", "tab", "ctrl+u", "0x600", "enter").expect("* 3 staged").not("EDIT field")
		b.keys("s").expect("footer.file_format_version", "footer.data_offset", "footer.checksum").keys("esc")
		b.keys(":", "footer.checksum", "enter").expect("0xffffeda5") // made to fit twice
	}
}

// TestTabInOneBurst holds that keys which arrive in one read with tab reach the
// field that they are meant for, before it was read.
func TestTabInOneBurst(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", ":", "footer.features", "enter", "e", "ctrl+u")
	_, first := b.m.Update(special["tab"])
	_, second := b.m.Update(special["ctrl+u"])
	_, third := b.m.Update(key("9"))
	b.run(first)
	b.run(second)
	b.run(third)
	b.expect("EDIT field")
}

func TestMarksIncludeStagedBytes(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x100", "enter", "e", "7f", "esc", ":", "0x130", "enter", "m", ":", "0", "enter")
	b.keys(".").expect("sample.vhd 0x55").keys(".").expect("sample.vhd 0x100").keys(".").expect("no further mark").keys(",").expect("sample.vhd 0x55")
	b.keys("u", ":", "0x54", "enter", ".", ".").not("sample.vhd 0x100")
	b.keys("6", ":", "0x1b8", "enter", "e", "01", "esc", ":", "0x200", "enter", "e", "02", "esc", ":", "0", "enter")
	b.keys(".").expect("0x1b8").keys(".").expect("LBA 1").keys(".").expect("no further mark").keys(",").expect("0x1b8")
}
