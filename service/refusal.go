package service

import (
	"errors"
	"fmt"
	"slices"

	"tenure/aggregate"
	"tenure/events"
)

// ErrHalted is returned when the projections met a commit that they cannot
// fold. They never go on past it, so nothing is answered and nothing decided
// until that is mended and the service opened again.
var ErrHalted = errors.New("the projections halted")

// Codes of refusals that do not come from a decision.
const (
	// CodeUnauthenticated: the key is missing, unknown or revoked.
	CodeUnauthenticated aggregate.Code = "unauthenticated"
	// CodePrecondition: the organization has moved on from the revision that
	// the request expects.
	CodePrecondition aggregate.Code = "precondition_failed"
	// CodeKeyReused: the idempotency key came with another request before.
	CodeKeyReused aggregate.Code = "idempotency_key_reused"
	// CodeBusy: others kept changing the organization meanwhile.
	CodeBusy aggregate.Code = "busy"
	// CodeNotYet: the revision asked for has not been reached in time.
	CodeNotYet aggregate.Code = "not_yet"
)

// refuse makes a single refusal.
func refuse(code aggregate.Code, field, format string, args ...any) aggregate.Refusals {
	return aggregate.Refusals{{Code: code, Field: field, Message: fmt.Sprintf(format, args...), Event: -1}}
}

// refuseUnknown refuses what is not there. It reads the same for what the
// caller may not know of.
func refuseUnknown(field, what, name, help string) aggregate.Refusals {
	return aggregate.Refusals{{
		Code: aggregate.CodeUnknown, Field: field, Help: help, Event: -1,
		Message: fmt.Sprintf("There is no %s %.80s.", what, name),
	}}
}

// refusalsAt takes the refusals from an error and says where in the request
// they belong. Any other error is told as well: nothing is lost.
func refusalsAt(field string, err error) aggregate.Refusals {
	if err == nil {
		return nil
	}
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return refuse(aggregate.CodeInvalid, field, "%v.", err)
	}
	refusals = slices.Clone(refusals)
	for i := range refusals {
		refusals[i].Field = field
	}
	return refusals
}

// refuseOrganization refuses an organization that does not exist. To strangers
// one that does looks the same.
func refuseOrganization(caller Caller, org events.OrgID) error {
	help := ""
	if caller.Operator() {
		help = "tenure found " + string(org) + " --model MODEL --owner LOGIN"
	}
	return refuseUnknown("org", "organization", string(org), help)
}
