package events

// ClientCreated makes an API client: a principal that is no person, and acts
// under its own id.
type ClientCreated struct {
	Name    Sealed      `json:"name,omitempty" doc:"What it is called, sealed under its own key."`
	Subject PrincipalID `json:"subject" doc:"The client."`
}

// ClientDeleted ends an API client. Its keys and roles end in the same commit.
type ClientDeleted struct {
	Subject PrincipalID `json:"subject" doc:"The client."`
}

// ManagerAssigned says who somebody's manager is.
type ManagerAssigned struct {
	Manager PrincipalID `json:"manager" doc:"The manager."`
	Subject PrincipalID `json:"subject" doc:"Who is managed."`
}

// ManagerRemoved says that somebody has no manager any more.
type ManagerRemoved struct {
	Cause   Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Manager PrincipalID `json:"manager" doc:"Who was the manager."`
	Subject PrincipalID `json:"subject" doc:"Who was managed."`
}

// Concern implements [Event].
func (e ClientCreated) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e ClientDeleted) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e ManagerAssigned) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Manager)}
}

// Concern implements [Event].
func (e ManagerRemoved) Concern() Concern {
	return Concern{Subject: e.Subject, Cause: e.Cause, Item: string(e.Manager)}
}
