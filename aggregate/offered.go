package aggregate

import (
	"time"

	"tenure/events"
)

// Acceptable refuses as accepting an open invitation is refused to whom it is for,
// as things are at the time: because who sent it may not do so any more, or because
// what it offers cannot be given. It is nil where it would be accepted, and where
// there is no such invitation.
func (s State) Acceptable(id events.InvitationID, at time.Time) error {
	invitee, _, open := s.Invitation(id)
	if !open {
		return nil
	}
	_, err := Decide(s, Request{Org: s.Org, ID: events.CommitID(id), Actor: invitee.ID, At: at}, AcceptInvitation{Invitation: id})
	return err
}
