package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/notifier"
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
	story := &story{
		app: a, ctx: ctx, clock: clock, handler: handler, service: s, dir: dir,
		keys: map[string]string{"operator": operator}, told: map[string]bool{},
	}
	if err := story.tell(); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	clock.release()
	// A service with a clock of its own is told when to look at it.
	attending, stop := context.WithCancel(ctx)
	attended := make(chan struct{})
	go func() {
		defer close(attended)
		for tick := time.NewTicker(time.Second); attending.Err() == nil; {
			select {
			case <-attending.Done():
				tick.Stop()
			case <-tick.C:
				_ = s.Attend(attending) // it tries again
			}
		}
	}()
	defer func() { stop(); <-attended }()
	return a.answer(ctx, s, log, listen, func(address string) {
		key := filepath.Join(dir, storyOwner+".key")
		if err := os.WriteFile(key, []byte(story.keys[storyOwner]+"\n"), 0o600); err != nil {
			fmt.Fprintln(a.errs, "Error:", err)
		}
		fmt.Fprintf(a.out, `
Serving http://%[1]s until interrupted; the folder goes with it.
The key of %[4]s, who is owner, is in %[2]s. Try, in another terminal:
  tenure roles show --org %[3]s --url http://%[1]s --key %[2]s
  tenure history --org %[3]s --url http://%[1]s --key %[2]s
  curl -H "Authorization: Bearer $(cat %[2]s)" http://%[1]s/v1/organizations/%[3]s
`, address, key, storyOrg, storyOwner)
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
	// storyOwner is owner at the end.
	storyOwner = "ida"
)

// story plays commands as the people in it, and prints what comes of them.
type story struct {
	app     *app
	ctx     context.Context
	clock   *storyClock
	handler http.Handler
	service *service.Service
	dir     string
	keys    map[string]string
	// told are the mails that were shown.
	told map[string]bool
	err  error
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
	t.roles()
	t.succession()
	t.questions("What the ledger says, while Lea's data is kept")
	t.compliance()
	t.questions("What the ledger says now that Lea's data is destroyed")
	return t.err
}

func (t *story) foundation() {
	t.chapter(time.January, 5, "Lea founds Meadow, under the role model fabasoft")
	founded, err := t.as("operator").Found(t.ctx, api.Options{}, service.FoundRequest{
		Org: storyOrg, Model: "fabasoft", Title: "Meadow",
		Owner: service.PersonDetails{Login: "lea", Name: "Lea Brandt", Email: "lea@meadow.example"},
	})
	t.does("the operator founds the organization for lea", founded.Receipt, err)
	t.issue("operator", "lea")
	for _, person := range []service.PersonDetails{
		{Login: "ida", Name: "Ida Lindqvist", Email: "ida@meadow.example"},
		{Login: "tom", Name: "Tom Okafor", Email: "tom@meadow.example"},
		{Login: "noa", Name: "Noa Haddad", Email: "noa@meadow.example"},
	} {
		known, err := t.as("lea").RegisterPerson(t.ctx, storyOrg, api.Options{}, person)
		t.does("lea makes "+person.Login+" known", known.Receipt, err)
		receipt, err := t.as("lea").ChangeMembership(t.ctx, storyOrg, api.Options{}, "start", service.MembershipRequest{Person: person.Login})
		t.does("lea makes "+person.Login+" a member", receipt, err)
		t.issue("operator", person.Login)
	}
}

func (t *story) roles() {
	t.chapter(time.February, 2, "Roles")
	receipt, err := t.as("lea").DefineRoles(t.ctx, storyOrg, api.Options{}, service.DefineRolesRequest{
		Roles:        map[events.RoleID][]string{"co_owner": {"ida"}, "administrator": {"tom"}, "compliance_manager": {"noa"}},
		Designations: map[events.DesignationID]string{"main_owner": "ida"},
	})
	t.does("lea defines all roles at once: a co-owner, who is main owner too, an administrator, a compliance manager", receipt, err)
	receipt, err = t.as("ida").ChangeScope(t.ctx, storyOrg, api.Options{}, "create", service.ScopeRequest{Scope: "teamroom:greenhouse", Title: "Greenhouse"})
	t.does("ida creates a teamroom; the background user is authorized in it by itself", receipt, err)
	_, err = t.as("tom").GrantRole(t.ctx, storyOrg, api.Options{}, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "tom", Role: "co_owner"}})
	t.isRefused("tom, who is administrator, tries to become co-owner", err)
	t.mail("who is told: the main owner alone, and the persons concerned")
}

func (t *story) succession() {
	t.chapter(time.March, 16, "Lea leaves")
	_, err := t.as("ida").ChangeMembership(t.ctx, storyOrg, api.Options{}, "terminate", service.MembershipRequest{Person: "lea"})
	t.isRefused("ida ends the membership of lea, who is the owner", err)
	receipt, err := t.as("lea").TransferRole(t.ctx, storyOrg, api.Options{Reason: "requested", Ticket: "HR-204"}, service.TransferRequest{Person: "ida"})
	t.does("lea transfers the ownership to ida, and is co-owner from then on", receipt, err)
	receipt, err = t.as("ida").ChangeMembership(t.ctx, storyOrg, api.Options{Reason: "left", Note: "last day; laptop returned"}, "terminate",
		service.MembershipRequest{Person: "lea"})
	t.does("now her membership can be ended; her roles and her key end with it", receipt, err)
	_, err = t.as("lea").Person(t.ctx, storyOrg, api.At{}, "lea")
	t.isRefused("lea's key is of no use any more", err)
	t.mail("who is told")
	t.alert()
}

func (t *story) compliance() {
	t.chapter(time.April, 1, "Noa, the compliance manager, sees to what is left of Lea")
	links, err := t.as("noa").Links(t.ctx, storyOrg, api.At{}, "lea")
	kinds, order := map[string]int{}, []string{}
	for _, link := range links {
		if kinds[link.Kind]++; kinds[link.Kind] == 1 {
			order = append(order, link.Kind)
		}
	}
	var counted []string
	for _, kind := range order {
		counted = append(counted, fmt.Sprintf("%d × %s", kinds[kind], kind))
	}
	t.asks("What in the ledger names lea?", []string{strings.Join(counted, ", ")}, err)
	set, err := t.as("noa").SetReminder(t.ctx, storyOrg, api.Options{}, service.ReminderRequest{
		Person: "lea", At: "2026-05-04T08:00", Zone: "Europe/Vienna", Every: "P1W",
	})
	t.does("noa sets a reminder", set.Receipt, err)
	lea := ""
	if person, err := t.as("noa").Person(t.ctx, storyOrg, api.At{}, "lea"); err == nil {
		lea = string(person.ID)
	}

	t.chapter(time.May, 4, "The reminder is due")
	t.mail("who is told")
	done, err := t.as("noa").Anonymize(t.ctx, storyOrg, api.Options{Reason: "legal"}, service.AnonymizationRequest{Person: "lea"})
	t.does("noa anonymizes lea", done.Receipt, err)
	if t.err == nil {
		t.say("      the certificate:")
		for line := range strings.Lines(done.Certificate) {
			t.say("      | %s", strings.TrimRight(line, "\n"))
		}
	}
	_, err = t.as("noa").Person(t.ctx, storyOrg, api.At{}, "lea")
	t.isRefused("nobody is found by her login any more", err)
	file, err := t.as("noa").Case(t.ctx, storyOrg, api.At{}, lea)
	if err == nil {
		t.asks("How does her case stand?", []string{fmt.Sprintf("%s, by %s; %d links stay in the history, under the id alone", file.State, file.DecidedBy, *file.Links)}, err)
	} else if t.err == nil {
		t.err = err
	}
}

// mail sends what is to be sent and says what went to whom.
func (t *story) mail(title string) {
	if t.err != nil {
		return
	}
	if t.err = t.service.Attend(t.ctx); t.err != nil {
		return
	}
	notices, err := t.as("ida").Notices(t.ctx, storyOrg, service.NoticeFilter{})
	var lines []string
	for _, n := range slices.Backward(notices) {
		if t.told[n.ID] {
			continue
		}
		t.told[n.ID] = true
		lines = append(lines, fmt.Sprintf("to %s: %s (%s)", n.Login, midSentence(n.Title), n.Why))
	}
	t.asks("By mail, "+title+":", lines, err)
}

// alert shows the mail that went to the compliance managers.
func (t *story) alert() {
	if t.err != nil {
		return
	}
	notices, err := t.as("ida").Notices(t.ctx, storyOrg, service.NoticeFilter{Kind: "membership.terminated"})
	if err != nil || len(notices) == 0 {
		t.err = errors.Join(err, errors.New("nobody was alerted"))
		return
	}
	files, err := filepath.Glob(filepath.Join(t.dir, notifier.Folder, "*"+notices[0].ID+".eml"))
	if err != nil || len(files) == 0 {
		t.err = errors.Join(err, errors.New("the alert is not there"))
		return
	}
	text, err := mailText(files[0])
	t.asks("The alert itself, as it lies in the folder mail:", []string{text}, err)
}

// mailText reads the subject and the plain text of a mail.
func mailText(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	message, err := mail.ReadMessage(file)
	if err != nil {
		return "", err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return "", err
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	part, err := multipart.NewReader(message.Body, parameters["boundary"]).NextPart()
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(part)
	return "To: " + message.Header.Get("To") + "\nSubject: " + subject + "\n\n" + strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")), err
}

func (t *story) questions(title string) {
	t.say("\n%s", title)
	for _, day := range []string{"2026-02-28", "2026-04-30"} {
		var answers []string
		list, err := t.as("ida").Holders(t.ctx, storyOrg, api.At{AsOf: day}, "owner", "")
		for _, g := range list {
			answers = append(answers, g.Login+": "+grantText(g))
		}
		t.asks("Who was owner on "+day+"?", answers, err)
	}
	answer, err := t.as("ida").Can(t.ctx, storyOrg, api.At{}, "ida", "teamroom.read", "teamroom:greenhouse")
	var answers []string
	if err == nil {
		answers = []string{answerText(answer, true)}
	}
	t.asks("May ida open the greenhouse, and why?", answers, err)
	differences, err := t.as("ida").Diff(t.ctx, storyOrg, "2026-02-28", "2026-04-30")
	answers = nil
	for _, d := range differences {
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
