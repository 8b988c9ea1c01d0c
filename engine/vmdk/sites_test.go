package vmdk_test

import (
	"testing"

	"platter/engine/enginetest"
)

// TestExplained holds that what a rule says is true of all that is found under its code.
func TestExplained(t *testing.T) { enginetest.Explained(t) }
