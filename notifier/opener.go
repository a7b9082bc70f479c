package notifier

import (
	"context"
	"errors"

	"tenure/aggregate"
	"tenure/events"
)

// ErrOver is returned by an [Opener] when what a notice is about is over, for
// instance an invitation that was answered: it must not be sent any more.
var ErrOver = errors.New("it is over")

// Opener opens what notices name by id. It is asked at the moment of sending
// only, and what it gives is kept no longer than the sending takes. An error
// other than [ErrOver] makes the mailer try the notice again later, and is logged:
// it must hold nothing personal.
type Opener interface {
	// State is the organization as it is now.
	State(ctx context.Context, org events.OrgID) (*aggregate.State, error)
	// Title is a scope's title, empty if it has none or none that can be opened.
	// The root scope's is the organization's.
	Title(ctx context.Context, org events.OrgID, scope events.ScopeID) (string, error)
	// RoleTitle is the title of a role that the organization has defined itself,
	// empty if there is none such, or none that can be opened.
	RoleTitle(ctx context.Context, org events.OrgID, kind, name string) (string, error)
	// Person is what a mail needs of a person.
	Person(ctx context.Context, org events.OrgID, person events.PrincipalID) (Person, error)
	// Token is what the one invited accepts or declines with: that of an
	// invitation sent, or sent again, by the given event of a revision. It
	// returns [ErrOver] if the invitation was answered or withdrawn, or sent
	// again since, with another token.
	Token(ctx context.Context, org events.OrgID, revision events.Revision, event int) (string, error)
}

// Person is somebody to write to or of.
type Person struct {
	// Name is the one to show; empty if none is known.
	Name string
	// Address is for mail, without a name; empty if none is known.
	Address string
	// Gone says that the person is anonymized, or that it has begun.
	Gone bool
}
