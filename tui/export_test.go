package tui

import "context"

// Program is what stories drive: by messages in, and by frames out.
type Program = model

// New is the program as Run shows it.
func New(ctx context.Context, cfg Config) *Program { return newModel(ctx, cfg) }

// Close ends the program as Run does, KeepRest as it does without a question.
func (m *model) Close()          { m.close() }
func (m *model) KeepRest() error { return m.edits.keepRest() }

// Unclick forgets the last click: however fast a story goes, the next one makes
// no double click of it.
func (m *model) Unclick() { m.clicked = click{} }

// Filter is what Run drops, and Throttled the program as it runs it.
var (
	Filter    = filter
	Throttled = newThrottle
)
