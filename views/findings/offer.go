package findings

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// about is a finding of an image.
type about struct {
	image disk.Image
	known
}

func (v *View) about(f disk.Finding) about { return about{v.image, known{f.Code, f.Text}} }

// offer is the repairs of the finding under the cursor.
type offer struct {
	by     disk.Repairer // nil: none are offered
	about  about         // that was asked for last
	here   bool          // the answer is there
	wanted bool          // the menu is to open with it
	list   []disk.Repair
	err    error
}

// answer is the answer to the question for the repairs of a finding.
type answer struct {
	about about
	list  []disk.Repair
	err   error
}

// ask asks for the repairs of the finding under the cursor, once.
func (v *View) ask() tea.Cmd {
	f, _ := v.current()
	of := v.about(f)
	if !f.Repairable || v.offer.by == nil || of == v.offer.about {
		return nil
	}
	by, wanted := v.offer.by, v.offer.wanted && of.known == v.offer.about.known
	v.offer = offer{by: by, about: of, wanted: wanted}
	return func() tea.Msg {
		list, err := by(context.Background(), of.image, f)
		return answer{of, list, err}
	}
}

// takeOffer takes an answer in, unless it comes too late.
func (v *View) takeOffer(msg answer) tea.Cmd {
	o := &v.offer
	if msg.about != o.about {
		return nil
	}
	f, _ := v.current()
	wanted := o.wanted && o.about == v.about(f)
	o.list, o.err, o.here, o.wanted, v.canvas.Dirty = msg.list, msg.err, true, false, true
	v.rewrap()
	if wanted {
		return v.showOffer()
	}
	return nil
}

// showOffer opens the menu.
func (v *View) showOffer() tea.Cmd {
	if v.offer.err != nil {
		return views.Send(views.Failed{Err: v.offer.err})
	}
	v.menu = menu{about: v.offer.about, repairs: v.offer.list}
	if v.menu.open() && v.menu.repairs[0].Even {
		v.menu.cursor = -1 // who looks has to choose
	}
	return nil
}

// offered are the repairs of a finding, as far as they are known.
func (v *View) offered(f disk.Finding) []disk.Repair {
	if v.offer.about != v.about(f) {
		return nil
	}
	return v.offer.list
}
