package disk

// The settings that have a common name in all formats that have them.
const (
	SettingID       = "id"         // of the disk
	SettingCID      = "cid"        // content ID of a VMDK
	SettingAdapter  = "adapter"    // the controller that a VMDK is for
	SettingGeometry = "geometry"   // cylinders, heads, sectors
	SettingHardware = "hw-version" // of the virtual hardware, in a VMDK
	SettingCreator  = "creator"    // the program that made the image
	SettingComment  = "comment"    // a text in a VMDK
	SettingParentID = "parent-id"  // the identity that the parent must have
)

// SettingNames lists them.
func SettingNames() []string {
	return []string{SettingID, SettingCID, SettingAdapter, SettingGeometry, SettingHardware, SettingCreator, SettingComment, SettingParentID}
}

// Fresh is the value of an identity that asks for a new one.
const Fresh = "new"

// Setting is what a value of one of the common names means in an image.
type Setting struct {
	Values []SettingValue // fields that are set, or what Change sets
	Change Step           // nil: the values are those of fields in the tree
}

// SettingValue is a field, or an entry of a descriptor, and its value.
type SettingValue struct {
	Path string // in the tree, or the key
	Old  string // empty: not known, or none
	New  string
}

// Setter finds out what a value of a common name means in an image. A name that the
// format does not have is [ErrUnsupported], a wrong value [ErrWrongOption].
type Setter func(img Image, name, value string) (Setting, error)
