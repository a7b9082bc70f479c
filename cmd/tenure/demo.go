package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) demo() *cobra.Command {
	var keep bool
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a short story through a ledger of its own",
		Long: `Demo starts a ledger in a temporary folder, founds an organization, plays a short
story of people, teams and roles with each person's own key, and then asks the
ledger about it. With --keep it goes on serving the API over that folder until
it is interrupted, and prints the address and a key.`,
		Example: `  tenure demo
  tenure demo --keep`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "tenure-demo-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			return a.play(cmd.Context(), dir, keep, listen)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "go on serving afterwards")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address to serve on with --keep")
	return cmd
}

// play tells the story. Its clock starts at a fixed date and moves on from
// chapter to chapter, so that there is a past to ask about.
func (a *app) play(ctx context.Context, dir string, keep bool, listen string) (err error) {
	clock := &storyClock{at: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	log := slog.New(slog.DiscardHandler)
	s, err := service.Open(ctx, service.Config{Dir: dir, Clock: clock.now, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	operator, err := readKey(filepath.Join(dir, service.OperatorKeyFile))
	if err != nil {
		return err
	}
	handler := api.Handler(s, log)
	story := &story{app: a, ctx: ctx, clock: clock, handler: handler, keys: map[string]string{"operator": operator}}
	if err := story.tell(); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	clock.release()
	return a.answer(ctx, s, log, listen, func(address string) {
		key := filepath.Join(dir, storyAdmin+".key")
		if err := os.WriteFile(key, []byte(story.keys[storyAdmin]+"\n"), 0o600); err != nil {
			fmt.Fprintln(a.errs, "Error:", err)
		}
		fmt.Fprintf(a.out, `
Serving http://%[1]s until interrupted; the folder goes with it.
The key of %[4]s, who is administrator, is in %[2]s. Try, in another terminal:
  tenure who --role admin --org %[3]s --url http://%[1]s --key %[2]s
  tenure history --org %[3]s --url http://%[1]s --key %[2]s
  curl -H "Authorization: Bearer $(cat %[2]s)" http://%[1]s/v1/organizations/%[3]s
`, address, key, storyOrg, storyAdmin)
	})
}

// storyClock shows the story's date until it is released.
type storyClock struct {
	mu   sync.Mutex
	at   time.Time
	free bool
}

func (c *storyClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.free {
		return time.Now()
	}
	return c.at
}

// tick lets a minute pass, so that no two commands of a chapter are decided at
// once.
func (c *storyClock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Minute)
}

func (c *storyClock) move(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = to
}

func (c *storyClock) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = true
}

const (
	storyOrg = "meadow"
	// storyAdmin is administrator at the end.
	storyAdmin = "ida"
)

// story plays commands as the people in it, and prints what comes of them.
type story struct {
	app     *app
	ctx     context.Context
	clock   *storyClock
	handler http.Handler
	keys    map[string]string
	err     error
}

// as gives a client with a person's key, for one command or question.
func (t *story) as(who string) *api.Client {
	t.clock.tick()
	return api.InProcess(t.handler, t.keys[who])
}

// chapter moves the clock and says what it is about.
func (t *story) chapter(month time.Month, day int, title string) {
	date := time.Date(2026, month, day, 9, 0, 0, 0, time.UTC)
	t.clock.move(date)
	t.say("\n%s  %s", date.Format("2006-01-02"), title)
}

func (t *story) say(format string, args ...any) {
	if t.err != nil {
		return
	}
	fmt.Fprintf(t.app.out, format+"\n", args...)
}

// does plays a command and prints the receipt.
func (t *story) does(what string, receipt service.Receipt, err error) {
	if t.err != nil {
		return
	}
	if err != nil {
		t.err = fmt.Errorf("%s: %w", what, err)
		return
	}
	t.say("  %s", what)
	for _, e := range receipt.Events {
		t.say("      #%d %s", receipt.Revision, eventText(e))
	}
}

// isRefused plays a command that must be refused and prints the refusal.
func (t *story) isRefused(what string, err error) {
	if t.err != nil {
		return
	}
	p := asProblem(err)
	if p == nil {
		t.err = fmt.Errorf("%s: expected a refusal, got: %v", what, err)
		return
	}
	t.say("  %s", what)
	t.say("      refused: %s", p.Error())
	if p.Help != "" {
		t.say("      help:    %s", p.Help)
	}
}

// asks prints the answers to a question.
func (t *story) asks(question string, answers []string, err error) {
	if t.err != nil {
		return
	}
	if err != nil {
		t.err = fmt.Errorf("%s: %w", question, err)
		return
	}
	t.say("\n  ? %s", question)
	for _, answer := range answers {
		t.say("      %s", strings.ReplaceAll(answer, "\n", "\n      "))
	}
}

func (t *story) tell() error {
	t.say("A ledger in a temporary folder; every line marked #N is a commit in it.")
	t.foundation()
	t.growth()
	t.departure()
	t.questions()
	return t.err
}

func (t *story) foundation() {
	t.chapter(time.January, 5, "Lea founds Meadow")
	founded, err := t.as("operator").Found(t.ctx, api.Options{}, service.FoundRequest{
		Org: storyOrg, Model: "github", Title: "Meadow",
		Owner: service.PersonDetails{Login: "lea", Name: "Lea Brandt", Email: "lea@meadow.example"},
	})
	t.does("the operator founds the organization for lea", founded.Receipt, err)
	t.issue("operator", "lea")

	for _, person := range []service.PersonDetails{
		{Login: "tom", Name: "Tom Okafor", Email: "tom@meadow.example"},
		{Login: "ida", Name: "Ida Lindqvist", Email: "ida@meadow.example"},
	} {
		known, err := t.as("lea").RegisterPerson(t.ctx, storyOrg, api.Options{}, person)
		t.does("lea makes "+person.Login+" known", known.Receipt, err)
		receipt, err := t.as("lea").ChangeMembership(t.ctx, storyOrg, api.Options{}, "start", service.MembershipRequest{Person: person.Login})
		t.does("lea makes "+person.Login+" a member", receipt, err)
		t.issue("operator", person.Login)
	}
}

func (t *story) growth() {
	t.chapter(time.February, 2, "Teams")
	for _, scope := range []service.ScopeRequest{
		{Scope: "team:garden", Title: "Garden"},
		{Scope: "team:greenhouse", Title: "Greenhouse", Under: "team:garden"},
	} {
		receipt, err := t.as("lea").ChangeScope(t.ctx, storyOrg, api.Options{}, "create", scope)
		t.does("lea creates "+scope.Scope, receipt, err)
	}
	receipt, err := t.as("lea").GrantRole(t.ctx, storyOrg, api.Options{}, service.RoleRequest{Person: "tom", Role: "maintainer", Scope: "team:garden"})
	t.does("lea makes tom maintainer of the garden team", receipt, err)
	receipt, err = t.as("tom").GrantRole(t.ctx, storyOrg, api.Options{}, service.RoleRequest{Person: "ida", Role: "member", Scope: "team:greenhouse"})
	t.does("tom, who maintains the team above, takes ida into the greenhouse team", receipt, err)
	_, err = t.as("tom").GrantRole(t.ctx, storyOrg, api.Options{}, service.RoleRequest{Person: "ida", Role: "admin"})
	t.isRefused("tom tries to make ida an administrator", err)
}

func (t *story) departure() {
	t.chapter(time.March, 16, "Lea leaves")
	_, err := t.as("lea").ChangeMembership(t.ctx, storyOrg, api.Options{}, "terminate", service.MembershipRequest{Person: "lea"})
	t.isRefused("lea, the only administrator, ends her membership", err)
	receipt, err := t.as("lea").GrantRole(t.ctx, storyOrg, api.Options{Reason: "requested", Ticket: "HR-204"},
		service.RoleRequest{Person: "ida", Role: "admin"})
	t.does("lea makes ida an administrator", receipt, err)
	receipt, err = t.as("lea").ChangeMembership(t.ctx, storyOrg, api.Options{}, "terminate", service.MembershipRequest{Person: "lea"})
	t.does("now lea may go; her roles and her key end with the membership", receipt, err)

	t.chapter(time.April, 1, "Tom leaves")
	receipt, err = t.as("ida").ChangeMembership(t.ctx, storyOrg, api.Options{Reason: "left", Note: "last day; laptop returned"}, "terminate",
		service.MembershipRequest{Person: "tom"})
	t.does("ida ends tom's membership; what he held ends with it", receipt, err)
	_, err = t.as("tom").Can(t.ctx, storyOrg, api.At{}, "tom", "team.edit", "team:garden")
	t.isRefused("tom's key is of no use any more", err)
}

func (t *story) questions() {
	t.say("\nWhat the ledger says")
	for _, day := range []string{"2026-02-28", "2026-04-30"} {
		var answers []string
		list, err := t.as("ida").Holders(t.ctx, storyOrg, api.At{AsOf: day}, "admin", "")
		for _, g := range list {
			answers = append(answers, g.Login+": "+grantText(g))
		}
		t.asks("Who was administrator on "+day+"?", answers, err)
	}
	for _, question := range []struct{ who, permission, scope, day string }{
		{"tom", "team.edit", "team:greenhouse", "2026-03-01"},
		{"tom", "team.edit", "team:greenhouse", ""},
		{"ida", "organization.history.read", "", ""},
	} {
		when := "now"
		if question.day != "" {
			when = "on " + question.day
		}
		answer, err := t.as("ida").Can(t.ctx, storyOrg, api.At{AsOf: question.day}, question.who, question.permission, question.scope)
		var answers []string
		if err == nil {
			answers = []string{answerText(answer, true)}
		}
		t.asks(fmt.Sprintf("May %s do %s %s, and why?", question.who, question.permission, when), answers, err)
	}
	var answers []string
	list, err := t.as("ida").Diff(t.ctx, storyOrg, "2026-02-28", "2026-04-30")
	for _, d := range list {
		who := d.Login
		if d.Role != "" {
			who += " " + d.Role
		}
		answers = append(answers, fmt.Sprintf("%-7s %-10s %s on %s (#%d)", d.Change, d.What, who, d.Scope, d.Revision))
	}
	t.asks("What changed between the end of February and the end of April?", answers, err)
}

// issue gives a person a key and keeps it for the person's own commands.
func (t *story) issue(by, person string) {
	if t.err != nil {
		return
	}
	receipt, err := t.as(by).IssueKey(t.ctx, storyOrg, api.Options{}, service.IssueRequest{Person: person})
	if err == nil {
		t.keys[person] = receipt.Key
	}
	t.does("the operator issues "+person+"'s first key", receipt.Receipt, err)
}
