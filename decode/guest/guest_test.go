package guest_test

import (
	"testing"

	"platter/decode/decodetest"
	"platter/decode/guest"
)

func TestTables(t *testing.T) { decodetest.Tables(t, guest.Layouts()) }
