package aggregate

import (
	"tenure/events"
	"tenure/rolemodel"
)

// Found opens an organization under a role model. The owner becomes a member
// and holds the model's highest role.
type Found struct {
	Model *rolemodel.Model
	// Title is sealed under the root scope's key, or empty.
	Title events.Sealed
	// Owner is registered with it; nil where the import that founds brings its
	// own people.
	Owner *RegisterPerson
	// Edition is the one in force from the beginning; empty for the model's first.
	Edition events.EditionID
}

// Name implements [Command].
func (Found) Name() string { return "organization.found" }

func (Found) founds() {}

func (c Found) propose(d *draft) {
	if d.state.Founded() {
		d.refuse(Refusal{
			Code: CodeExists, Field: "org", Event: -1,
			Message: "An organization " + string(d.commit.Org) + " exists already; a handle is given once.",
		})
		return
	}
	if c.Model == nil {
		d.refuse(unknown("role model", "to found "+string(d.commit.Org)+" with", "tenure models list"))
		return
	}
	digest := c.Model.Digest()
	root := events.Scope(c.Model.Root, string(d.commit.Org))
	d.emit(events.OrganizationFounded{Scope: root, Title: c.Title})
	d.emit(events.ModelAdopted{Model: c.Model.ID, Source: c.Model.Canonical(), Digest: digest[:]})
	if c.Edition != "" {
		d.setEdition(c.Edition)
	}
	if c.Owner == nil || len(d.refusals) > 0 {
		return
	}
	c.Owner.propose(d)
	if kind, _ := c.Model.Kind(c.Model.Root); kind.Membership {
		d.emit(events.MembershipStarted{Subject: c.Owner.Subject, Scope: root})
	}
	d.grant(c.Owner.Subject, c.Model.Highest, root, "")
}
