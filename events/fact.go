package events

// FactRecorded puts on record what somebody did elsewhere, by a permission held
// here.
type FactRecorded struct {
	Fact     FactID  `json:"fact" doc:"The fact, among those of the scope's kind."`
	Quantity uint64  `json:"quantity,omitempty" doc:"How many, where that matters."`
	Scope    ScopeID `json:"scope" doc:"Where it happened."`
	// Subject is empty where it concerned nobody in particular.
	Subject PrincipalID `json:"subject,omitempty" doc:"Whom it concerned; absent for nobody in particular."`
}

// Concern implements [Event].
func (e FactRecorded) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Item: string(e.Fact)}
}
