package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// RouteRequest says which invitations are rerouted to a scope.
type RouteRequest struct {
	Scope   string   `json:"scope" doc:"KIND:HANDLE of a scope with members."`
	Domains []string `json:"domains,omitempty" doc:"All the domains of addresses, for instance example.org; absent for none any more. They are public, and must not name a person."`
}

// RouteAddresses says which invitations are rerouted to a scope: those to addresses
// of these domains. Who has the permission there may then answer them as well
// (M05).
func (s *Service) RouteAddresses(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RouteRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "addresses.route", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		command := aggregate.RouteAddresses{Scope: scope}
		for _, domain := range request.Domains {
			command.Domains = append(command.Domains, asDomain(domain))
		}
		return command, err
	}})
}

// RouteView is a scope to which invitations are rerouted.
type RouteView struct {
	Scope     events.ScopeID  `json:"scope" doc:"The scope."`
	Title     string          `json:"title,omitempty" doc:"Its title."`
	Domains   []string        `json:"domains" doc:"The domains of the addresses, in order."`
	Since     time.Time       `json:"since" doc:"When that was said last."`
	Revision  events.Revision `json:"revision" doc:"The commit that did so."`
	ChangedBy string          `json:"changed_by" doc:"Who did that (X03)."`
}

// Routes lists the scopes to which invitations are rerouted, parents before
// children, to those who may answer them there, or say which.
func (s *Service) Routes(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]RouteView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	now := s.stateOf(org).At(s.clock())
	list := []RouteView{}
	place := map[events.ScopeID]int{}
	everywhere := now.MayAct(caller.Principal, rolemodel.AddressesRoute, now.Root)
	allowed := seen.directory || everywhere
	for _, scope := range seen.state.Scopes() {
		may := caller.Operator() || everywhere || slices.ContainsFunc([]rolemodel.Act{rolemodel.InvitationAnswer, rolemodel.AddressesRoute}, func(act rolemodel.Act) bool {
			return now.MayAct(caller.Principal, act, scope.ID)
		})
		allowed = allowed || may
		if may && len(scope.Domains) > 0 {
			place[scope.ID] = len(list)
			list = append(list, RouteView{Scope: scope.ID, Title: seen.title(scope.ID), Domains: scope.Domains})
		}
	}
	if !allowed {
		return nil, seen.named(mayRead(&now, caller, rolemodel.DirectoryRead))
	}
	if len(list) == 0 {
		return list, nil
	}
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		for _, r := range t.Records() {
			if r.Revision > seen.state.Revision {
				break
			}
			for _, event := range r.Events {
				e, routes := event.(events.AddressesRouted)
				if i, listed := place[e.Scope]; routes && listed {
					list[i].Since, list[i].Revision, list[i].ChangedBy = r.Effective(), r.Revision, seen.login(r.Actor)
				}
			}
		}
		return nil
	})
	return list, err
}

// domainOf is the domain of an address, as it is rerouted by; empty for none.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	return asDomain(address[at:])
}

// asDomain writes a domain as the ledger has it: in lower case and in ASCII,
// without an @ before it or a dot behind. What is none stays what it is.
func asDomain(text string) string {
	text = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "@"), "."))
	if ascii, err := idna.Lookup.ToASCII(text); err == nil {
		return ascii
	}
	return text
}
