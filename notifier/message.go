package notifier

import (
	"fmt"
	"time"

	"tenure/events"
	"tenure/ledger"
)

// message is what is written to the stream about a notice. Which fields it has
// depends on what it says.
type message struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt,omitempty"`
	// Class is the server's enhanced status code, for instance "5.1.1".
	Class     string    `json:"class,omitempty"`
	Code      int       `json:"code,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	Next      time.Time `json:"next,omitempty"`
	Notice    *Notice   `json:"notice,omitempty"`
	Op        op        `json:"op"`
	// Revision is the one up to which commits have been looked at.
	Revision events.Revision `json:"revision,omitempty"`
	Why      Why             `json:"why,omitempty"`
}

// op is what a message says.
type op string

const (
	opNotice  op = "notice" // there it is
	opSent    op = "sent"
	opFailed  op = "failed" // it is tried again
	opParked  op = "parked"
	opDropped op = "dropped"
	opRetry   op = "retry" // a parked one is tried again
	opMark    op = "mark"  // of the whole ledger: commits have been looked at
)

// markID is the subject of the marks, of no organization.
const markID = "mark"

// Why is the code of why a notice failed, was parked or was dropped.
type Why string

// The codes.
const (
	// WhyRefused: the server refused the mail, for now or for good.
	WhyRefused Why = "refused"
	// WhyGivenUp: the server refused the mail for days.
	WhyGivenUp Why = "given_up"
	// WhyBroken: the connection broke at this very mail, again and again.
	WhyBroken Why = "broken"
	// WhyUnopened: a name could not be opened.
	WhyUnopened Why = "unopened"
	// WhyUnwritten: no mail could be made of it.
	WhyUnwritten Why = "unwritten"
	// WhyAnonymized: the recipient is anonymized, or is about to be.
	WhyAnonymized Why = "anonymized"
	// WhyNoAddress: the recipient has no address, for now.
	WhyNoAddress Why = "no_address"
	// WhyBadAddress: what stands as the recipient's address is none.
	WhyBadAddress Why = "bad_address"
	// WhyForeignAddress: the address has other letters than ASCII, and the mail
	// server takes none such.
	WhyForeignAddress Why = "foreign_address"
	// WhyOver: what it is about is over, for instance an invitation that expired.
	WhyOver Why = "over"
)

// encode makes the message one of the stream, expected after the given sequence.
func (m message) encode(org events.OrgID, id string, after uint64) (ledger.NoticeMessage, error) {
	m.At = events.Time(m.At)
	data, err := events.Marshal(m)
	if err != nil {
		return ledger.NoticeMessage{}, fmt.Errorf("write a message about notice %s: %w", id, err)
	}
	return ledger.NoticeMessage{Org: org, ID: id, Sequence: after, Data: data}, nil
}

// decode reads what encode wrote, of any origin, and nothing else.
func decode(stored ledger.NoticeMessage) (message, error) {
	var m message
	if err := events.Unmarshal(stored.Data, &m); err != nil {
		return m, fmt.Errorf("message %d about notices: %w", stored.Sequence, err)
	}
	refuse := func(format string, args ...any) (message, error) {
		return m, fmt.Errorf("message %d about notices: %s", stored.Sequence, fmt.Sprintf(format, args...))
	}
	switch m.Op {
	case opMark:
		if stored.Org != "" || stored.ID != markID {
			return refuse("a mark stands under %q of %q", stored.ID, stored.Org)
		}
	case opNotice:
		if m.Notice == nil || m.Notice.ID != stored.ID || m.Notice.Org != stored.Org || stored.Org == "" {
			return refuse("it does not hold the notice %s of %q", stored.ID, stored.Org)
		}
	case opSent, opFailed, opParked, opDropped, opRetry:
		if stored.Org == "" {
			return refuse("it is of no organization")
		}
	default:
		return refuse("this program does not know what %.40q means", m.Op)
	}
	return m, nil
}
