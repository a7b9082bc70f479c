package events

// FactRecorded puts on record what somebody did elsewhere, by a permission held
// here.
type FactRecorded struct {
	Fact     FactID  `json:"fact" doc:"The fact, among those of the scope's kind."`
	Quantity uint64  `json:"quantity,omitempty" doc:"How many, where that matters."`
	Scope    ScopeID `json:"scope" doc:"Where it happened."`
}

// Concern implements [Event].
func (e FactRecorded) Concern() Concern { return Concern{Scope: e.Scope, Item: string(e.Fact)} }
