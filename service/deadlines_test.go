package service

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/events"
	"tenure/notifier"
	"tenure/rolemodel"
)

// fired counts the events of a type in the organization.
func (h *house) fired(org events.OrgID, kind string) int {
	h.t.Helper()
	list, _, err := h.History(context.Background(), operator, org, Reading{}, "type:"+kind, Page{})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(list)
}

// TestDowntime: what fell due while nobody was there is done once, at the next
// occasion, however many ask for it; and what repeats goes on from there.
func TestDowntime(t *testing.T) {
	c := sing(t)
	ctx := t.Context()
	olga := c.as("acme", "olga")
	login := c.words[0]
	must[ReminderReceipt](t)(c.SetReminder(ctx, c.mia, "acme", Envelope{}, ReminderRequest{Person: login, At: "P1D", Every: "P1D"}))
	must[Receipt](t)(c.GrantRole(ctx, olga, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "mia", Role: "support_team"}, Until: "P20D"}))
	must[InvitationReceipt](t)(c.Invite(ctx, olga, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "nina@example.org"}}))
	before := c.fired("acme", "reminder.fired")

	c.shut()
	at := c.clock.now().AddDate(0, 0, 30)
	c.clock.set(at)
	c.openIn(c.dir)
	var together sync.WaitGroup
	for range 8 {
		together.Go(func() {
			if err := c.FireDeadlines(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	if err := c.Attend(ctx); err != nil {
		t.Fatal(err)
	}
	if n := c.fired("acme", "reminder.fired") - before; n != 1 {
		t.Errorf("the reminder has fired %d times", n)
	}
	for kind, want := range map[string]int{"invitation.expired": 1, "expiry.announced": 0} {
		if n := c.fired("acme", kind); n != want {
			t.Errorf("%s: %d times", kind, n)
		}
	}
	if list := must[[]EventView](t)(first(c.History(ctx, operator, "acme", Reading{}, "type:role.revoked cause:expiry", Page{}))); len(list) != 1 || list[0].ActorID != events.Background {
		t.Errorf("what ended is %+v", list)
	}
	waiting := must[[]ReminderView](t)(c.Reminders(ctx, c.mia, "acme", Reading{}))
	for _, r := range waiting {
		if r.Every != "" && (!r.Due.After(at) || r.Due.After(at.AddDate(0, 0, 2)) || r.State != "due") {
			t.Errorf("the reminder goes on at %s: %+v", r.Due, r)
		}
	}
	c.clock.set(at.AddDate(0, 0, 2))
	for range 2 {
		if err := c.Attend(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.fired("acme", "reminder.fired") - before; n != 2 {
		t.Errorf("the reminder has fired %d times", n)
	}
}

func first[T, U any](a T, _ U, err error) (T, error) { return a, err }

// TestExpiredAtOnce: a role whose time is over gives nothing, before anybody has
// taken it away.
func TestExpiredAtOnce(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann := h.as("acme", "ann")
	until := h.clock.now().Add(time.Hour)
	must[Receipt](t)(h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "admin"}, Until: until.Format(time.RFC3339)}))
	ben := h.as("acme", "ben")
	may := func() bool {
		t.Helper()
		return must[Answer](t)(h.Can(t.Context(), ann, "acme", Reading{}, "ben", "organization.members.remove", "")).Allowed
	}
	if !may() {
		t.Fatal("the role gives nothing")
	}
	h.clock.set(until.Add(time.Minute))
	if may() {
		t.Error("the role gives something after its time")
	}
	_, err := h.RegisterPerson(t.Context(), ben, "acme", Envelope{}, PersonDetails{Login: "cat"})
	refusedWith(t, err, "not_permitted")
}

// TestManyNotices: a thousand messages and more, of which each leaves once, whatever
// the process that sends them goes through.
func TestManyNotices(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	h := open(t)
	ctx := t.Context()
	must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "acme", Model: "fabasoft", Owner: PersonDetails{Login: "olga", Email: "olga@example.org"}}))
	olga := h.as("acme", "olga")
	const people, rounds = 20, 30
	list := make([]string, people)
	for i := range people {
		list[i] = fmt.Sprintf("p%d", i)
		must[PersonReceipt](t)(h.RegisterPerson(ctx, olga, "acme", Envelope{}, PersonDetails{Login: list[i], Email: list[i] + "@example.org"}))
	}
	for i := range rounds {
		holders := list
		if i%2 == 1 {
			holders = nil
		}
		must[Receipt](t)(h.DefineRoles(ctx, olga, "acme", Envelope{}, DefineRolesRequest{Roles: map[events.RoleID][]string{"support_team": holders}}))
		if i == rounds/2 {
			h.restart()
		}
	}
	if err := h.Attend(ctx); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if err := h.Attend(ctx); err != nil {
		t.Fatal(err)
	}
	sent := map[rolemodel.Message]int{}
	for _, n := range must[[]NoticeView](t)(h.Notices(ctx, olga, "acme", NoticeFilter{})) {
		if n.State != "sent" || len(n.Outcomes) != 1 {
			t.Fatalf("%+v", n)
		}
		sent[n.Kind]++
	}
	// To each person, and to the owner.
	if want := people * rounds; sent["role.granted"]+sent["role.revoked"] < 2*want {
		t.Errorf("sent are %v, want %d in all", sent, 2*want)
	}
	mails := 0
	for path := range h.bytesBelow() {
		if strings.HasSuffix(path, ".eml") {
			mails++
		}
	}
	if total := sent["role.granted"] + sent["role.revoked"]; mails != total {
		t.Errorf("%d mails for %d messages", mails, total)
	}
}

// TestMailServerIsRemembered: a process that does not know of the mail server
// leaves the mail to one that does.
func TestMailServerIsRemembered(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "acme", Model: "fabasoft", Owner: PersonDetails{Login: "olga", Email: "olga@example.org"}}))
	h.shut()
	reopen := func(m Mail) {
		t.Helper()
		var err error
		if h.Service, err = Open(context.Background(), Config{Dir: h.dir, Clock: h.clock.now, Mail: m}); err != nil {
			t.Fatal(err)
		}
	}
	pending := func() int {
		t.Helper()
		if err := h.Attend(ctx); err != nil {
			t.Log(err) // nobody listens at the server's address
		}
		n := 0
		for _, notice := range must[[]NoticeView](t)(h.Notices(ctx, operator, "acme", NoticeFilter{})) {
			if notice.State == "pending" {
				n++
			}
		}
		return n
	}
	reopen(Mail{SMTP: &notifier.SMTP{Address: "127.0.0.1:1", TLS: notifier.TLSNone}, Lasting: true})
	must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "mia", Email: "mia@example.org"}))
	must[Receipt](t)(h.GrantRole(ctx, operator, "acme", requested, GrantRequest{RoleRequest: RoleRequest{Person: "mia", Role: "support_team"}}))
	waiting := pending()
	if waiting == 0 {
		t.Fatal("nothing waits")
	}
	h.shut()
	reopen(Mail{}) // a command on the folder
	if n := pending(); n != waiting {
		t.Errorf("%d of %d wait still", n, waiting)
	}
	h.shut()
	reopen(Mail{Lasting: true}) // from now on there is no mail server
	if n := pending(); n != 0 {
		t.Errorf("%d wait still", n)
	}
}
