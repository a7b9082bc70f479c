package aggregate

import "tenure/events"

// AssignManager says who somebody's manager is, instead of whoever was before.
type AssignManager struct {
	Subject events.PrincipalID
	Manager events.PrincipalID
}

// RemoveManager says that somebody has no manager any more.
type RemoveManager struct{ Subject events.PrincipalID }

// Name implements [Command].
func (AssignManager) Name() string { return "manager.assign" }

// Name implements [Command].
func (RemoveManager) Name() string { return "manager.remove" }

func (c AssignManager) propose(d *draft) {
	person, known := d.person(c.Subject)
	if _, exists := d.person(c.Manager); known && exists {
		if person.manager() == c.Manager {
			d.already(events.ManagerAssigned{Subject: c.Subject, Manager: c.Manager})
		}
		d.assign(c.Subject, c.Manager)
	}
}

// assign makes somebody the manager of a person, who has another one or none.
func (d *draft) assign(subject, manager events.PrincipalID) {
	if person, known := d.state.Person(subject); known && person.manager() != manager {
		d.emit(events.ManagerAssigned{Subject: subject, Manager: manager})
	}
}

func (c RemoveManager) propose(d *draft) {
	switch person, known := d.person(c.Subject); {
	case known && person.manager() == "":
		d.already(events.ManagerRemoved{Subject: c.Subject})
	case known:
		d.emit(events.ManagerRemoved{Subject: c.Subject, Manager: person.manager()})
	}
}

// manager is empty for whoever has none.
func (p *Person) manager() events.PrincipalID {
	if p.Chart == nil {
		return ""
	}
	return p.Chart.Manager
}

// admissibleManager judges who is whose manager: both are members of the
// organization, active or not, and nobody stands above themselves.
func admissibleManager(s State, person *Person, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.ManagerAssigned:
		manager, known := s.Person(e.Manager)
		if !known {
			refused := unknown("person", string(e.Manager), "tenure person list --org "+string(s.Org))
			refused.Field = "manager"
			return &refused
		}
		refuse := func(code Code, message string) *Refusal {
			return &Refusal{Code: code, Field: "manager", Scope: s.Root, Subject: manager.ID, Message: message}
		}
		switch {
		case manager.ID.Builtin() || manager.Client:
			return refuse(CodeInvalid, string(manager.ID)+" is no person, and managers are people.")
		case manager.ID == person.ID:
			return refuse(CodeInvalid, "Nobody is their own manager.")
		case person.manager() == manager.ID:
			return refuse(CodeExists, string(manager.ID)+" is the manager of "+string(person.ID)+" already.")
		}
		for _, p := range []*Person{person, manager} {
			if !p.member(s.Root) {
				refused := refuse(CodeNotMember, "Managers and those they manage are members of "+string(s.Root)+", and "+string(p.ID)+" is none.")
				refused.Subject, refused.Help = p.ID, "tenure member start "+string(p.ID)+" --org "+string(s.Org)
				return refused
			}
		}
		if s.manages(person, manager) {
			return refuse(CodeStructure, string(person.ID)+" stands above "+string(manager.ID)+", so "+string(manager.ID)+" cannot be the manager of "+string(person.ID)+".")
		}
	case events.ManagerRemoved:
		if e.Manager == "" || person.manager() != e.Manager {
			return &Refusal{Code: CodeUnknown, Subject: person.ID, Message: string(e.Manager) + " is not the manager of " + string(person.ID) + "."}
		}
	}
	return nil
}

// manages says whether a person is a manager of another one, or of their
// manager, and so on.
func (s State) manages(person, other *Person) bool {
	for id := other.manager(); id != ""; {
		if id == person.ID {
			return true
		}
		above, known := s.Person(id)
		if !known {
			break
		}
		id = above.manager()
	}
	return false
}
