package engine_test

import (
	"testing"

	"platter/engine"
)

// TestCodesAreOwn: what the engine finds about files has a code of its own each.
func TestCodesAreOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range []string{
		engine.CodeAmbiguous, engine.CodeInterrupted, engine.CodeLeftover, engine.CodeRunning, engine.CodeForeign, engine.CodePiece,
		engine.CodeOutside, engine.CodeReplaced, engine.CodeBase, engine.CodeMerging, engine.CodeTraced, engine.CodeOver, engine.CodeSevered,
	} {
		if seen[code] {
			t.Errorf("%s stands for two findings", code)
		}
		seen[code] = true
	}
}
