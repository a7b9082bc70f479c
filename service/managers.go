package service

import (
	"context"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// ManagerRequest says who somebody's manager is.
type ManagerRequest struct {
	Person  string `json:"person" doc:"Who is managed: login, address or id."`
	Manager string `json:"manager,omitempty" doc:"The manager: login, address or id; absent to remove the one there is."`
}

// AssignManager says who somebody's manager is, instead of whoever was before.
func (s *Service) AssignManager(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ManagerRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "manager.assign", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		if request.Manager == "" {
			return nil, refuse(aggregate.CodeInvalid, "manager", "Say who the manager is.")
		}
		manager, err := p.find("manager", request.Manager)
		return aggregate.AssignManager{Subject: subject, Manager: manager}, err
	}})
}

// RemoveManager says that somebody has no manager any more.
func (s *Service) RemoveManager(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ManagerRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "manager.remove", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		return aggregate.RemoveManager{Subject: subject}, err
	}})
}

// ChartNode is a person in the organization chart, above those whose manager the
// person is.
type ChartNode struct {
	ID       events.PrincipalID `json:"id" doc:"The person's id."`
	Login    string             `json:"login" doc:"Login, else address, else id."`
	Name     string             `json:"name,omitempty" doc:"Full name."`
	JobTitle string             `json:"job_title,omitempty" doc:"Job title."`
	State    string             `json:"state" enum:"member,suspended,known" doc:"Membership of the organization: member, suspended, or known only."`
	Reports  []ChartNode        `json:"reports,omitempty" doc:"Those whose manager the person is, by login."`
}

// Chart shows who is whose manager, from the top, or from one person downwards.
// Who has no manager and is none is not in it. Those who may not read the
// directory see themselves, and those whom they may assign managers to.
func (s *Service) Chart(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) ([]ChartNode, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	c := charting{view: seen, shown: map[events.PrincipalID]bool{}}
	now := s.stateOf(org).At(s.clock())
	for _, person := range seen.state.Persons() {
		if seen.directory || person.ID == caller.Principal || now.MayActUpon(caller.Principal, rolemodel.ManagerAssign, person.ID) {
			c.shown[person.ID] = true
		}
	}
	seen.others = c.shown
	if name != "" {
		id, known := s.findPerson(seen.state, name)
		person, is := seen.state.Person(id)
		if !known || !is || !c.shown[id] {
			return nil, refusePerson(org, "person", name)
		}
		return []ChartNode{c.node(person)}, nil
	}
	list := []ChartNode{}
	for _, person := range seen.state.Persons() {
		if top := person.Chart != nil && !c.shown[person.Chart.Manager]; top && c.shown[person.ID] {
			list = append(list, c.node(person))
		}
	}
	sortBy(list, func(n ChartNode) string { return n.Login })
	return list, nil
}

// charting draws the chart as far as the caller may see it.
type charting struct {
	*view
	shown map[events.PrincipalID]bool
}

func (c *charting) node(person *aggregate.Person) ChartNode {
	open := func(field vault.Field, sealed aggregate.Sealed) string {
		return c.service.open(c.state.Org, string(person.ID), field, sealed)
	}
	node := ChartNode{
		ID: person.ID, Login: c.login(person.ID), State: "known",
		Name: open(vault.FieldName, person.Details.Name), JobTitle: open(vault.FieldJobTitle, person.Details.JobTitle),
	}
	if m, running := person.Membership(c.state.Root); running && m.Active {
		node.State = "member"
	} else if running {
		node.State = "suspended"
	}
	if person.Chart == nil {
		return node
	}
	for _, id := range person.Chart.Reports {
		if report, _ := c.state.Person(id); c.shown[id] {
			node.Reports = append(node.Reports, c.node(report))
		}
	}
	sortBy(node.Reports, func(n ChartNode) string { return n.Login })
	return node
}
