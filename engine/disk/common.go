package disk

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"platter/decode"
)

// The names of the options that several formats have.
const (
	OptionProfile     = "profile"
	OptionType        = "type"
	OptionSector      = "sector"
	OptionRound       = "round"
	OptionSize        = "size"
	OptionBlockSize   = "block-size"
	OptionGeometry    = "geometry"
	OptionPreallocate = "preallocate"
	OptionID          = "id"
	OptionTime        = "time"
	OptionSeed        = "seed"
)

// The values of the option preallocate.
const (
	PreallocateOff     = "off"
	PreallocateReserve = "reserve"
	PreallocateFull    = "full"
)

// ProfileOption chooses for whom the image shall be fit. The other options'
// defaults depend on it, and the finished image is checked with the same
// profile.
func ProfileOption() Option {
	return Option{
		Name: OptionProfile, Hint: "NAME", Kind: Word, Words: Profiles(),
		Doc:     "be fit for a program or service: its defaults, and at the end its check",
		Default: Constant(ProfileStrict),
	}
}

// TypeOption chooses the kind of image, by the words that Info.Type has.
func TypeOption(def func(Spec) string, check func(Spec, string) error, words ...string) Option {
	return Option{Name: OptionType, Hint: "TYPE", Kind: Word, Words: words, AnyCase: true, Doc: "kind of image", Default: def, Check: check}
}

// RoundOption is what the size is rounded up to; the smallest is the unit that
// the format demands.
func RoundOption(unit func(Spec) int64) Option {
	return Option{
		Name: OptionRound, Hint: "SIZE", Kind: Bytes, Doc: "round the disk's size up to a multiple of SIZE",
		Min: 512, Multiple: 512,
		Default: func(s Spec) string {
			if s.Text(OptionProfile) == ProfileAzure {
				return strconv.Itoa(1 << 20)
			}
			return strconv.FormatInt(unit(s), 10)
		},
	}
}

// SizeOption is the size of the virtual disk; limit tells the largest and what
// sets it.
func SizeOption(limit func(Spec) (most int64, whose string)) Option {
	return Option{
		Name: OptionSize, Hint: "SIZE", Kind: Bytes, Doc: "size of the virtual disk",
		Default: func(s Spec) string {
			if s.Parent == nil {
				return ""
			}
			return strconv.FormatInt(s.Parent.Image.Info().VirtualSize, 10)
		},
		Settle: roundSize,
		Check: func(s Spec, value string) error {
			n, _ := strconv.ParseUint(value, 10, 64)
			most, whose := limit(s)
			switch {
			case value == "":
				return Wrong(OptionSize, "how large shall the disk be? Only a child takes its size from elsewhere")
			case n == 0:
				return Wrong(OptionSize, "a disk of 0 bytes is none")
			case n > uint64(most):
				return Errorf(Limit, decode.Place{}, "%s is too large: %s holds at most %s", decode.ShortSize(n), whose, decode.ShortSize(uint64(most)))
			case s.Parent != nil && n < uint64(s.Parent.Image.Info().VirtualSize):
				return Wrong(OptionSize, "%s is less than the parent's %s", decode.ShortSize(n), decode.ShortSize(uint64(s.Parent.Image.Info().VirtualSize)))
			}
			return nil
		},
	}
}

func roundSize(s Spec, value string) string {
	n, _ := strconv.ParseUint(value, 10, 64)
	unit := uint64(s.Bytes(OptionRound))
	if unit == 0 || n > math.MaxUint64-unit {
		return value
	}
	return strconv.FormatUint((n+unit-1)/unit*unit, 10)
}

// PreallocateOption chooses how the room of an image that is as large as its
// disk is provided; useless tells why other kinds have none.
func PreallocateOption(useless func(Spec) string) Option {
	return Option{
		Name: OptionPreallocate, Hint: "HOW", Kind: Word, Words: []string{PreallocateOff, PreallocateReserve, PreallocateFull},
		Doc:     "room for the data of a fixed or flat disk: a hole in the file, reserved, or written with zeros",
		Default: Constant(PreallocateOff), Useless: useless,
	}
}

// IdentityOptions are those of the identities and dates of an image.
func IdentityOptions() []Option {
	return []Option{
		{Name: OptionSeed, Hint: "TEXT", Kind: Text, Doc: "derive all identities from TEXT, so that two runs make the same bytes"},
		{Name: OptionID, Hint: "UUID", Kind: Text, Doc: "identity of the disk", Default: Constant("random"), Check: goodID},
		{Name: OptionTime, Hint: "TIME", Kind: Text, Doc: "date of creation, such as 2026-01-31T12:00:00Z; with --seed 2000-01-01T00:00:00Z unless given", Default: defaultTime, Check: goodTime},
	}
}

func goodID(_ Spec, value string) error {
	if _, err := uuid.Parse(value); err != nil && value != "random" {
		return Wrong(OptionID, "%q: expected a UUID or random", value)
	}
	return nil
}

// defaultTime is now, unless two runs shall make the same bytes.
func defaultTime(s Spec) string {
	if s.Text(OptionSeed) != "" {
		return "2000-01-01T00:00:00Z"
	}
	return "now"
}

func goodTime(s Spec, value string) error {
	if _, err := parseTime(value); err != nil {
		return Wrong(OptionTime, "%q: expected a time such as 2026-01-31T12:00:00Z, seconds since 1970 such as @1767225600, or now", value)
	}
	return nil
}

func parseTime(value string) (time.Time, error) {
	if value == "now" || value == "" {
		return time.Now(), nil
	}
	if seconds, ok := strings.CutPrefix(value, "@"); ok {
		n, err := strconv.ParseInt(seconds, 10, 64)
		return time.Unix(n, 0), err
	}
	return time.Parse(time.RFC3339, value)
}

// Time is the date that the image is given.
func (s Spec) Time() time.Time {
	t, _ := parseTime(s.Text(OptionTime)) // Resolve has read it already
	return t
}

// ID is the identity of the disk.
func (s Spec) ID() uuid.UUID {
	if id, err := uuid.Parse(s.Text(OptionID)); err == nil {
		return id
	}
	return s.Fresh("id")
}

// Fresh is a new identity: random, or with a seed the one of that purpose.
func (s Spec) Fresh(purpose string) uuid.UUID {
	seed := s.Text(OptionSeed)
	if seed == "" {
		return uuid.New()
	}
	sum := sha256.Sum256([]byte(seed + "\x00" + purpose))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0F|0x40, id[8]&0x3F|0x80 // version 4, as random ones have
	return id
}

// SectorSizes are the logical and the physical sector size in bytes that the
// option sector names: "512" or "512/4096". Without a second one def is used.
func (s Spec) SectorSizes(def int64) (logical, physical int64) {
	first, second, both := strings.Cut(s.Text(OptionSector), "/")
	logical, _ = strconv.ParseInt(first, 10, 64)
	if physical, _ = strconv.ParseInt(second, 10, 64); !both {
		physical = max(logical, def)
	}
	return logical, physical
}

// SectorOption chooses the sector sizes.
func SectorOption(def func(Spec) string, check func(Spec, string) error) Option {
	return Option{Name: OptionSector, Hint: "L[/P]", Kind: Text, Doc: "logical and physical sector size", Default: def, Check: func(s Spec, value string) error {
		first, second, both := strings.Cut(value, "/")
		good := func(n string) bool { return n == "512" || n == "4096" }
		if value != "" && (!good(first) || both && !good(second)) {
			return Wrong(OptionSector, "%q: expected 512 or 4096, or two of them as in 512/4096", value)
		}
		return check(s, value)
	}}
}

// Geometry are cylinders, heads and sectors of a track.
type Geometry struct{ Cylinders, Heads, Sectors int64 }

// GeometryOption chooses the geometry that the image names; check knows the
// format's bounds.
func GeometryOption(check func(Spec, Geometry) error) Option {
	return Option{
		Name: OptionGeometry, Hint: "C/H/S", Kind: Text, Default: Constant("auto"),
		Doc: "geometry that the image names: auto, max (65535/16/255), or C/H/S; it never changes the disk's size",
		Check: func(s Spec, value string) error {
			if g, ok := (Spec{Values: map[string]string{OptionGeometry: value}}).Geometry(); ok {
				return check(s, g)
			}
			if value != "auto" {
				return Wrong(OptionGeometry, "%q: expected auto, max, or three numbers such as 1024/16/63", value)
			}
			return nil
		},
	}
}

// Geometry is the geometry that was asked for; false if the format's rule
// shall find one.
func (s Spec) Geometry() (Geometry, bool) {
	value := s.Text(OptionGeometry)
	if value == "max" {
		value = "65535/16/255"
	}
	var g Geometry
	n, err := fmt.Sscanf(value, "%d/%d/%d", &g.Cylinders, &g.Heads, &g.Sectors)
	return g, n == 3 && err == nil && fmt.Sprintf("%d/%d/%d", g.Cylinders, g.Heads, g.Sectors) == value
}

// Constant is the default of an option that depends on nothing.
func Constant(value string) func(Spec) string { return func(Spec) string { return value } }
