package notifier

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// Notice is one message to one person, because of one event. It holds ids and
// codes alone. The fields stand in the order of their written names, because the
// encoding demands sorted keys; one that is added must be left out when empty.
type Notice struct {
	// Actor did it, for OnBehalfOf if that is not empty.
	Actor events.PrincipalID `json:"actor"`
	// At is when the event took effect.
	At time.Time `json:"at"`
	// Cause is that of a loss which is told in place of what it follows from;
	// empty for all else.
	Cause   events.Cause    `json:"cause,omitempty"`
	Command string          `json:"command"`
	Commit  events.CommitID `json:"commit"`
	// Count says how often a reminder has fallen due.
	Count uint64 `json:"count,omitempty"`
	// Due is when a reminder fell due, or a time of retention ended.
	Due time.Time `json:"due,omitempty"`
	// Event is the place of the event in its commit, from 0; -1 for the commit as
	// a whole.
	Event int `json:"event"`
	// Former held the role before it was transferred.
	Former events.PrincipalID `json:"former,omitempty"`
	Ground Ground             `json:"ground"`
	// ID is 24 of a-z and 2-7.
	ID         string              `json:"id"`
	Invitation events.InvitationID `json:"invitation,omitempty"`
	Kind       rolemodel.Message   `json:"kind"`
	// Model is the id of the role model that was adopted.
	Model string `json:"model,omitempty"`
	// More is how many roles of the person concerned ended besides, by the cause.
	More       int                `json:"more,omitempty"`
	OnBehalfOf events.PrincipalID `json:"on_behalf_of,omitempty"`
	Org        events.OrgID       `json:"org"`
	// Parked is the notice that could not be delivered; nil for other kinds than
	// notice.parked. Revision, commit, actor and event are then that one's.
	Parked    *Parked            `json:"parked,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	Recipient events.PrincipalID `json:"recipient"`
	Reminder  events.ReminderID  `json:"reminder,omitempty"`
	Revision  events.Revision    `json:"revision"`
	Role      events.RoleID      `json:"role,omitempty"`
	Scope     events.ScopeID     `json:"scope,omitempty"`
	// Subject is the person concerned, empty if there is none.
	Subject events.PrincipalID `json:"subject,omitempty"`
	// Until is when a role ends, or an invitation can no longer be accepted.
	Until time.Time `json:"until,omitempty"`
}

// Ground is why a person gets a notice: as a side of the event, as one of an
// audience, or both.
type Ground struct {
	// Audience is the id of the audience, empty if it is not by one.
	Audience string `json:"audience,omitempty"`
	// Designation is its designation, KIND.NAME, if the one who is marked gets it
	// alone.
	Designation string `json:"designation,omitempty"`
	// Role is the role, KIND.NAME, by which the person is in the audience.
	Role string `json:"role,omitempty"`
	// Rule is the audience's numbered rule, if it has one.
	Rule string `json:"rule,omitempty"`
	Side Side   `json:"side,omitempty"`
	// Skipped are the audiences before it in line, the first one that for which
	// it was meant.
	Skipped []Skipped `json:"skipped,omitempty"`
}

// Side is a person's part in an event.
type Side string

// The sides. Whoever is neither is told as one of an audience.
const (
	// Concerned is the person whom the event is about.
	Concerned Side = "concerned"
	// FormerHolder is the person from whom a role was transferred.
	FormerHolder Side = "former"
)

// Skipped is an audience in which nobody was found.
type Skipped struct {
	Audience string `json:"audience"`
	Rule     string `json:"rule,omitempty"`
	Why      Skip   `json:"why"`
}

// Skip is why nobody was found in an audience.
type Skip string

// Why the next in line is told.
const (
	// Vacant: no active person holds any of its roles.
	Vacant Skip = "vacant"
	// HeldByConcerned: the person concerned alone holds them.
	HeldByConcerned Skip = "held_by_concerned"
)

// Parked is what a notice of the kind notice.parked tells of.
type Parked struct {
	// Code is what the server answered; 0 if it did not come to that.
	Code int               `json:"code"`
	ID   string            `json:"id"`
	Kind rolemodel.Message `json:"kind"`
	Why  Why               `json:"why"`
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// noticeID follows from what makes the notice the one that it is. 120 bits keep
// the Message-ID within one line of the header.
func noticeID(commit events.CommitID, event int, kind rolemodel.Message, to events.PrincipalID, more ...string) string {
	parts := append([]string{string(commit), strconv.Itoa(event), string(kind), string(to)}, more...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return idEncoding.EncodeToString(sum[:15])
}
