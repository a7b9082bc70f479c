package api

import (
	"errors"
	"testing"

	"tenure/service"
)

// staffStory goes on with an organization of managers and API clients, in which
// people come and go in numbers.
func staffStory(t *testing.T, client func(key string) *Client, operator *Client, call func(string, error)) {
	t.Helper()
	ctx := t.Context()
	is := func(what string, want, got any) {
		t.Helper()
		diff(t, what, want, got)
	}
	_, err := operator.Found(ctx, Options{}, service.FoundRequest{Org: "staff", Model: "github", Owner: service.PersonDetails{Login: "lea", Email: "lea@example.org"}})
	call("Found", err)
	_, err = operator.AddMember(ctx, "staff", because, service.NewMemberRequest{PersonDetails: service.PersonDetails{Login: "tom"}, Role: "admin"})
	call("AddMember", err)
	imported, err := operator.ImportPeople(ctx, "staff", because, service.PeopleFileRequest{File: "login,email,manager\nida,ida@example.org,tom\nmax,,ida\n"})
	call("ImportPeople", err)
	is("who came", []int{2, 2, 2}, []int{imported.Registered, imported.Memberships, imported.Managers})
	_, err = operator.AssignManager(ctx, "staff", because, service.ManagerRequest{Person: "tom", Manager: "lea"})
	call("AssignManager", err)
	_, err = operator.RemoveManager(ctx, "staff", because, service.ManagerRequest{Person: "max"})
	call("RemoveManager", err)
	chart, err := operator.Chart(ctx, "staff", At{}, "")
	call("Chart", err)
	is("the chart", []string{"lea", "tom", "ida"}, []string{chart[0].Login, chart[0].Reports[0].Login, chart[0].Reports[0].Reports[0].Login})
	rows, err := operator.ExportPeople(ctx, "staff", At{})
	call("ExportPeople", err)
	is("who is there", service.PersonRow{Login: "ida", Email: "ida@example.org", Role: "member", Manager: "tom"}, rows[0])
	_, err = operator.ChangeMemberships(ctx, "staff", because, service.MembershipsRequest{Verb: "suspend", People: []string{"ida", "max"}})
	call("ChangeMemberships", err)
	_, err = operator.ChangeMemberships(ctx, "staff", because, service.MembershipsRequest{Verb: "suspend", People: []string{"ida", "nobody", "lea", "tom"}})
	var p *Problem
	if !errors.As(err, &p) || len(p.Errors) != 2 || p.Errors[0].Field != "people.1" {
		t.Errorf("a stranger and all administrators: %+v", p)
	}

	created, err := operator.CreateClient(ctx, "staff", because, service.NewClientRequest{Name: "payroll"})
	call("CreateClient", err)
	key, err := operator.IssueKey(ctx, "staff", because, service.IssueRequest{Person: "payroll"})
	call("IssueKey", err)
	payroll := client(key.Key)
	who, err := payroll.Whoami(ctx)
	call("Whoami", err)
	is("who it is", Identity{ID: string(created.ID), Org: "staff"}, who)
	shown, err := payroll.Client(ctx, "staff", At{}, "payroll")
	call("Client", err)
	is("it knows itself", []any{created.ID, "payroll", 1}, []any{shown.ID, shown.Name, shown.Keys})
	_, err = operator.Person(ctx, "staff", At{}, "payroll")
	if !errors.As(err, &p) || p.Code != "unknown" {
		t.Errorf("as a person it is %v", err)
	}
	_, err = operator.DeleteClient(ctx, "staff", because, service.ClientRequest{Client: "payroll"})
	call("DeleteClient", err)
	clients, err := operator.Clients(ctx, "staff", At{})
	call("Clients", err)
	is("clients", 0, len(clients))
	if _, err = payroll.Whoami(ctx); !errors.As(err, &p) || p.Code != "unauthenticated" {
		t.Errorf("its key gives %v", err)
	}
	_, err = operator.AssignManager(ctx, "staff", Options{Reason: "requested", OnBehalfOf: "tom"}, service.ManagerRequest{Person: "max", Manager: "tom"})
	if !errors.As(err, &p) || p.Field != "on_behalf_of" {
		t.Errorf("the operator on behalf of somebody: %v", err)
	}
}
