package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// invitePrefix begins every token of an invitation; the organization and the
// invitation follow, and then the secret.
const invitePrefix = "invite_"

// invitationLasts is how long an invitation can be accepted, unless it says
// otherwise.
const invitationLasts = "P14D"

// token makes the token of an invitation, sealed for the message that carries
// it, and hashed.
func (p *plan) token(id events.InvitationID, subject events.PrincipalID) (token string, sealed events.Sealed, hash []byte, err error) {
	var secret [32]byte
	rand.Read(secret[:])
	token = invitePrefix + string(p.org) + "." + string(id) + "." + base64.RawURLEncoding.EncodeToString(secret[:])
	sum := sha256.Sum256([]byte(token))
	if !p.stage.Has(string(subject)) {
		// Nothing was prepared, since the decision refuses it.
		return token, events.Sealed{0}, sum[:], nil
	}
	sealed, err = p.seal(string(subject), vault.FieldToken, token)
	return token, sealed, sum[:], err
}

// TokenParts takes the token of an invitation apart: which organization's it is,
// and which. Whether it is good, [Service.Authenticate] says.
func TokenParts(token string) (events.OrgID, events.InvitationID, bool) {
	rest, is := strings.CutPrefix(token, invitePrefix)
	parts := strings.Split(rest, ".")
	if !is || len(parts) != 3 {
		return "", "", false
	}
	org, id := events.OrgID(parts[0]), events.InvitationID(parts[1])
	if org.Validate() != nil || id.Validate() != nil {
		return "", "", false
	}
	return org, id, true
}

// invited finds whom the token of an open invitation speaks for.
func (s *Service) invited(token string) (Caller, bool) {
	org, id, is := TokenParts(token)
	if !is {
		return Caller{}, false
	}
	state, known := s.permissions.State(org)
	if !known {
		return Caller{}, false
	}
	person, invitation, open := state.Invitation(id)
	hash := sha256.Sum256([]byte(token))
	if !open || subtle.ConstantTimeCompare(hash[:], invitation.TokenHash) != 1 {
		return Caller{}, false
	}
	return Caller{Principal: person.ID, Org: state.Org, Invitation: invitation.ID}, true
}

// InvitationRequest asks somebody to become a member.
type InvitationRequest struct {
	Person string `json:"person,omitempty" doc:"Login, address or id of somebody who is known; else give the details."`
	PersonDetails
	Scope      string              `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	Role       events.RoleID       `json:"role,omitempty" doc:"A role that comes with the membership; needed where the scope has no members of its own."`
	MemberKind events.MemberKindID `json:"member_kind,omitempty" doc:"The kind of member to become, where the role model has several; the usual one if absent."`
	Expires    string              `json:"expires,omitempty" doc:"When it can no longer be accepted: a date, an RFC 3339 time, or P14D from now, which is meant if absent."`
}

// InvitationReceipt is a receipt with the invitation.
type InvitationReceipt struct {
	Receipt
	ID     events.InvitationID `json:"id,omitempty" doc:"The invitation's id."`
	Person events.PrincipalID  `json:"person,omitempty" doc:"Who is invited."`
	Token  string              `json:"token,omitempty" doc:"What the invited person answers with. It is in the message to them; the operator alone, who issues keys as well, is shown it here, once."`
}

// with completes the receipt. The token is for the person invited; only the
// operator, who issues keys as well, is shown it.
func (r InvitationReceipt) with(receipt Receipt, caller Caller, token string) InvitationReceipt {
	r.Receipt = receipt
	if receipt.first() && caller.Operator() {
		r.Token = token
	}
	return r
}

// Invite asks somebody to become a member of a scope. Who is not known yet is
// made known. Where addresses like the person's are rerouted to a scope, it can be
// answered there as well.
func (s *Service) Invite(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request InvitationRequest) (InvitationReceipt, error) {
	var sent InvitationReceipt
	var token string
	prepare := func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		command := aggregate.SendInvitation{Invitation: events.InvitationID(s.newID()), Scope: scope, Role: nameOn(request.Role, scope), Kind: request.MemberKind}
		address := request.Email
		if request.Person != "" {
			if command.Subject, err = p.person(request.Person); err != nil {
				return nil, err
			}
			if person, known := p.state.Person(command.Subject); known { // else the decision refuses it
				address = s.open(org, string(person.ID), vault.FieldEmail, person.Details.Email)
			}
		} else {
			if request.Email == "" {
				return nil, refuse(aggregate.CodeInvalid, "email", "An invitation needs an address to go to.")
			}
			person, err := p.register(request.PersonDetails, scope)
			if err != nil {
				return nil, p.inviteKnown(err, request.PersonDetails, scope)
			}
			command.Register, command.Subject = &person, person.Subject
			p.about = person.Subject
		}
		if route, is := p.state.Route(domainOf(address)); is {
			role, _ := p.state.Role(scope.Kind(), string(request.Role))
			if p.state.Reroutes(route, aggregate.Invitation{Scope: scope, Role: role, MemberKind: request.MemberKind}) {
				command.Route = route
			}
		}
		if token, command.Token, command.TokenHash, err = p.token(command.Invitation, command.Subject); err != nil {
			return nil, err
		}
		command.Expires, err = s.timeToCome("expires", firstOf(request.Expires, invitationLasts), "")
		return command, err
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "invitation.send", request: request, prepare: prepare,
		outcome: noting(func(e events.InvitationSent) { sent.ID, sent.Person = e.Invitation, e.Subject }),
	})
	if err != nil {
		return InvitationReceipt{}, err
	}
	return sent.with(receipt, caller, token), nil
}

// inviteKnown says in the refusal of somebody new who is known already how to
// invite whom is known.
func (p *plan) inviteKnown(err error, details PersonDetails, scope events.ScopeID) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) || refusals[0].Code != aggregate.CodeExists {
		return err
	}
	name := details.Email
	if refusals[0].Field == "login" {
		name = details.Login
	}
	on := ""
	if scope != p.state.Root {
		on = " --on " + string(scope)
	}
	refusals[0].Help = fmt.Sprintf("tenure invitations send %.80s%s --org %s", name, on, p.org)
	return refusals
}

// ItemRequest names something by its id.
type ItemRequest struct {
	ID string `json:"id" doc:"The id."`
}

// ResendInvitation sends an invitation again: with another token, for another
// two weeks.
func (s *Service) ResendInvitation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (InvitationReceipt, error) {
	var sent InvitationReceipt
	var token string
	prepare := func(p *plan) (aggregate.Command, error) {
		id := events.InvitationID(request.ID)
		command := aggregate.ResendInvitation{Invitation: id}
		person, _, open := p.state.Invitation(id)
		if !open {
			return command, nil // which the decision refuses
		}
		p.about = person.ID
		var err error
		if token, command.Token, command.TokenHash, err = p.token(id, person.ID); err != nil {
			return nil, err
		}
		command.Expires, err = s.timeToCome("expires", invitationLasts, "")
		return command, err
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "invitation.resend", request: request, prepare: prepare,
		outcome: noting(func(e events.InvitationResent) { sent.ID, sent.Person = e.Invitation, e.Subject }),
	})
	if err != nil {
		return InvitationReceipt{}, err
	}
	return sent.with(receipt, caller, token), nil
}

// WithdrawInvitation takes an invitation back.
func (s *Service) WithdrawInvitation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "invitation.withdraw", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		id := events.InvitationID(request.ID)
		p.aboutInvited(id)
		return aggregate.WithdrawInvitation{Invitation: id}, nil
	}})
}

// aboutInvited says that the command is about whom an open invitation is for.
func (p *plan) aboutInvited(id events.InvitationID) {
	if person, _, open := p.state.Invitation(id); open {
		p.about = person.ID
	}
}

// AcceptInvitation makes the invited person a member, and gives them a key if
// they never had one. The caller is whom the token speaks for, the person with a
// key of their own, or somebody to whom the invitation is rerouted: then it comes
// with no key.
func (s *Service) AcceptInvitation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (KeyReceipt, error) {
	var issued KeyReceipt
	var key, unkeyed string
	prepare := func(p *plan) (aggregate.Command, error) {
		command := aggregate.AcceptInvitation{Invitation: events.InvitationID(request.ID)}
		p.aboutInvited(command.Invitation)
		if caller.Invitation == "" {
			return command, nil
		}
		if caller.Invitation != command.Invitation {
			return nil, refuseInvited()
		}
		var hash [sha256.Size]byte
		key, hash = newKey()
		command.Key = &aggregate.IssueCredential{
			Subject: caller.Principal, Credential: events.CredentialID(s.newID()), Hash: hash[:], Prefix: key[:visiblePrefix],
		}
		return command, nil
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "invitation.accept", request: request, answers: true, prepare: prepare,
		outcome: noting(func(e events.CredentialIssued) { issued.ID, issued.Prefix = e.Credential, e.Prefix }),
		effect:  func(_ *view, _, after *aggregate.State) { unkeyed = s.unkeyed(caller, after) },
	})
	if err != nil {
		return KeyReceipt{}, err
	}
	if unkeyed != "" {
		receipt.Remarks = append(receipt.Remarks, unkeyed)
	}
	issued.Receipt = receipt
	if receipt.first() && issued.ID != "" {
		issued.Key, issued.Person = key, s.login(s.stateOf(org), caller.Principal)
	}
	return issued, nil
}

// DeclineInvitation says that the invited person does not want to, or shall not.
func (s *Service) DeclineInvitation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "invitation.decline", request: request, answers: true, prepare: func(p *plan) (aggregate.Command, error) {
		p.aboutInvited(events.InvitationID(request.ID))
		if caller.Invitation != "" && string(caller.Invitation) != request.ID {
			return nil, refuseInvited()
		}
		return aggregate.DeclineInvitation{Invitation: events.InvitationID(request.ID)}, nil
	}})
}

// InvitationView is an invitation that is not answered yet.
type InvitationView struct {
	ID       events.InvitationID `json:"id" doc:"The invitation's id."`
	Person   events.PrincipalID  `json:"person" doc:"Who is invited."`
	Login    string              `json:"login" doc:"The same as a login, else address, else id."`
	Scope    events.ScopeID      `json:"scope" doc:"The scope."`
	Role     string              `json:"role,omitempty" doc:"The role that comes with the membership."`
	Kind     string              `json:"member_kind,omitempty" doc:"The kind of member to become, where the role model has several."`
	Route    events.ScopeID      `json:"route,omitempty" doc:"The scope where it can be answered, too, because of the person's address."`
	Since    time.Time           `json:"since" doc:"When it was sent last."`
	Expires  time.Time           `json:"expires" doc:"When it can no longer be accepted."`
	Revision events.Revision     `json:"revision" doc:"The commit that sent it."`
	By       string              `json:"by" doc:"Who sent it."`
	Blocked  string              `json:"blocked,omitempty" doc:"Why it cannot be accepted as things are, in a sentence; absent where it can."`
}

// Invitations lists those that are not answered yet, by login, to those who may
// send or withdraw them, or answer them.
func (s *Service) Invitations(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]InvitationView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	now := s.stateOf(org).At(s.clock())
	list := []InvitationView{}
	for _, person := range seen.state.Persons() {
		if person.Matters == nil {
			continue
		}
		for _, i := range person.Matters.Invitations {
			if !caller.Operator() && !now.MayAnswer(caller.Principal, i.ID) && !now.MayInvite(caller.Principal, person.ID, i) {
				continue
			}
			view := InvitationView{
				ID: i.ID, Person: person.ID, Login: s.login(seen.state, person.ID), Scope: i.Scope, Route: i.Route, Since: i.Sent.At, Expires: i.Expires,
				Revision: i.Sent.Revision, By: s.login(seen.state, i.Sent.Actor), Kind: seen.state.KindOffered(i),
			}
			if i.Role != nil {
				view.Role = i.Role.Name
			}
			seen.others[person.ID] = true
			if err := seen.named(seen.state.Acceptable(i.ID, s.judgedAt(reading, seen.state))); err != nil {
				view.Blocked = err.Error()
			}
			list = append(list, view)
		}
	}
	if err := mayRead(&now, caller, rolemodel.DirectoryRead); err != nil && len(list) == 0 && !now.Answers(caller.Principal) {
		return nil, seen.named(err)
	}
	sortBy(list, func(i InvitationView) string { return i.Login })
	return list, nil
}
