package aggregate

import "tenure/events"

// RegisterPerson makes a person known. All fields but the id arrive sealed.
type RegisterPerson struct {
	Subject                          events.PrincipalID
	Login, Email, FullName, JobTitle events.Sealed
}

// Name implements [Command].
func (RegisterPerson) Name() string { return "person.register" }

func (c RegisterPerson) propose(d *draft) {
	d.emit(events.PersonRegistered{
		Subject: c.Subject, Login: c.Login, Email: c.Email, Name: c.FullName, JobTitle: c.JobTitle,
	})
}

// UpdatePerson changes a person's details.
type UpdatePerson struct {
	Subject                          events.PrincipalID
	Login, Email, FullName, JobTitle events.Sealed
	// Cleared lists the fields to remove: login, email, name, job_title.
	Cleared []string
}

// Name implements [Command].
func (UpdatePerson) Name() string { return "person.update" }

func (c UpdatePerson) propose(d *draft) {
	if _, known := d.person(c.Subject); !known {
		return
	}
	if len(c.Login)+len(c.Email)+len(c.FullName)+len(c.JobTitle)+len(c.Cleared) == 0 {
		return
	}
	d.emit(events.PersonUpdated{
		Subject: c.Subject, Login: c.Login, Email: c.Email, Name: c.FullName, JobTitle: c.JobTitle, Cleared: c.Cleared,
	})
}
