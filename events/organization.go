package events

// OrganizationFounded opens an organization's history.
type OrganizationFounded struct {
	Scope ScopeID `json:"scope" doc:"The root scope, KIND:HANDLE."`
	Title Sealed  `json:"title,omitempty" doc:"The organization's title, sealed under the root scope's key."`
}

// ModelAdopted puts a role model in force: at the founding, or in the place of
// another one. It carries the model's own bytes, so that any later reader can
// decide again.
type ModelAdopted struct {
	Digest []byte   `json:"digest" doc:"SHA-256 of source."`
	Model  string   `json:"model" doc:"The model's id, for instance github."`
	Roles  []string `json:"roles,omitempty" doc:"Roles that were held under the model before and do not stay as they are: OLD=NEW, with the ids of both models, or OLD=none; in order."`
	Source []byte   `json:"source" doc:"The canonical bytes of the role model."`
}

// Concern implements [Event].
func (e OrganizationFounded) Concern() Concern { return Concern{Scope: e.Scope} }

// Concern implements [Event].
func (e ModelAdopted) Concern() Concern { return Concern{} }
