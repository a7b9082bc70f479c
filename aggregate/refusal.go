package aggregate

import (
	"fmt"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// Code says what kind of refusal it is.
type Code string

// The codes of refusals.
const (
	// CodeInvalid: a value is not well formed.
	CodeInvalid Code = "invalid"
	// CodeUnknown: what the command names is not there.
	CodeUnknown Code = "unknown"
	// CodeExists: what the command would make is there already.
	CodeExists Code = "exists"
	// CodeNotPermitted: the actor lacks the authority.
	CodeNotPermitted Code = "not_permitted"
	// CodeBreakGlass: the operator must give a reason to act inside an
	// organization.
	CodeBreakGlass Code = "reason_required"
	// CodeTooFew: a role would be left with fewer active holders than its
	// lower bound.
	CodeTooFew Code = "too_few_holders"
	// CodeTooMany: a role would have more holders than its upper bound.
	CodeTooMany Code = "too_many_holders"
	// CodeFull: there are as many of something as there can be.
	CodeFull Code = "too_many"
	// CodeNotMember: the role or act needs a running membership.
	CodeNotMember Code = "not_a_member"
	// CodeDefaultRole: the role comes with membership and ends with it.
	CodeDefaultRole Code = "default_role"
	// CodeStructure: the scope cannot stand there.
	CodeStructure Code = "structure"
	// CodeTimeOrder: imported history must be in order of time.
	CodeTimeOrder Code = "time_order"
	// CodeTooLarge: the commit is larger than the ledger takes.
	CodeTooLarge Code = "commit_too_large"
	// CodeUnfounded: a cause is claimed that the commit does not contain.
	CodeUnfounded Code = "unfounded_cause"
	// CodeTransferred: the role passes by transfer alone.
	CodeTransferred Code = "transferred_only"
	// CodeFeatureOff: the feature that it waits for is off.
	CodeFeatureOff Code = "feature_off"
	// CodeLapses: the designation needs what is not there.
	CodeLapses Code = "designation_unmet"
	// CodeStillHolding: somebody still has a membership or a role.
	CodeStillHolding Code = "still_holding"
	// CodeOnHold: a legal hold forbids it.
	CodeOnHold Code = "legal_hold"
	// CodeAnonymized: the person is anonymized, or about to be.
	CodeAnonymized Code = "anonymized"
	// CodeArchived: the scope is in the archive.
	CodeArchived Code = "archived"
	// CodeUnfit: the role model does not go with what the organization holds.
	CodeUnfit Code = "model_unfit"
	// CodeHistory: a commit does not follow on the history before it.
	CodeHistory Code = "history"
)

// Refusal says why a command was not done, in a sentence that a person can act
// on. Persons appear as ids; those who may see names put them in.
type Refusal struct {
	Code    Code
	Message string
	// Help is the command that would help, or empty.
	Help string
	// Rule is the number of the rule that refuses, or empty.
	Rule string
	// Field is where in the command the trouble is, or empty.
	Field string
	// Role and Scope are the role's model id and the scope concerned.
	Role  string
	Scope events.ScopeID
	// Subject is the person concerned, or empty.
	Subject events.PrincipalID
	// Contact are those to ask where a permission is missing (F04);
	// ContactNames what they are called, where names have been put in.
	Contact      []events.PrincipalID
	ContactNames []string
	// Event is the index of the event that was judged, -1 for the whole commit.
	Event int

	// Nobody says that nobody of the actor's kind could ever do it under the role
	// model.
	Nobody bool
}

// Refusals are all that speaks against a command, most telling first. As an
// error it reads like the first one.
type Refusals []Refusal

func (r Refusals) Error() string {
	if len(r) == 0 {
		return "refused"
	}
	text := r[0].Message
	if r[0].Rule != "" {
		text += " (" + r[0].Rule + ")"
	}
	if more := len(r) - 1; more > 0 {
		text += fmt.Sprintf(" [and %d more]", more)
	}
	return text
}

// Is matches another list whose first refusal has the same code, so that
// errors.Is(err, Refusals{{Code: CodeTooFew}}) holds.
func (r Refusals) Is(target error) bool {
	other, same := target.(Refusals)
	return same && len(r) > 0 && len(other) > 0 && r[0].Code == other[0].Code
}

// unknown refuses what is not there.
func unknown(what, name, help string) Refusal {
	return Refusal{Code: CodeUnknown, Message: fmt.Sprintf("There is no %s %.80s.", what, name), Help: help, Event: -1}
}

// short is a name as refusals repeat it: as given, if that can be read.
func short[ID ~string](id ID) string { return fmt.Sprintf("%.80s", string(id)) }

// roleOn writes "admin on organization:acme".
func roleOn(role *rolemodel.Role, scope events.ScopeID) string {
	return role.Name + " on " + string(scope)
}

// anyOf writes alternatives: "a", "a or b", "a, b or c".
func anyOf(options []string) string {
	switch n := len(options); n {
	case 0:
		return "none"
	case 1:
		return options[0]
	default:
		return strings.Join(options[:n-1], ", ") + " or " + options[n-1]
	}
}
