package views

import (
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// Queue keeps messages to the program in the order in which views sent them.
// Commands run side by side, so that of two keys in a row the second one's
// message may come first: what stages, reverts or undoes must not. A nil Queue
// sends without order.
type Queue struct {
	mu   sync.Mutex
	list []tea.Msg
}

// Queued says that there is something in the queue.
type Queued struct{}

// Send is a command that tells the program to look into the queue. The message
// stands in it at once.
func (q *Queue) Send(msg tea.Msg) tea.Cmd {
	if q == nil {
		return Send(msg)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, msg)
	return Send(Queued{})
}

// Take empties the queue.
func (q *Queue) Take() []tea.Msg {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}
