package notifier

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// letter is what a mail says, in plain text without markup; the templates lay
// it out.
type letter struct {
	Subject, Headline string
	// Lead are the paragraphs under the headline.
	Lead    []string
	Facts   []fact
	Actions []action
	// Why are the sentences that say why the recipient gets it.
	Why []string
	// See are the commands that show it in the ledger.
	See []string
}

type fact struct{ Name, Value string }

type action struct{ Title, Command, Link string }

//go:embed templates
var templates embed.FS

var (
	textTemplate = texttemplate.Must(texttemplate.ParseFS(templates, "templates/mail.txt"))
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/mail.html"))
)

// render lays the letter out, as text and as HTML.
func (l *letter) render() (text, html string, err error) {
	var t, h strings.Builder
	t.Grow(2 << 10)
	h.Grow(8 << 10)
	err = errors.Join(textTemplate.Execute(&t, l), htmlTemplate.Execute(&h, l))
	return t.String(), h.String(), err
}

// writer writes the letter of one notice. After an error of the opener all that
// it writes is void.
type writer struct {
	ctx    context.Context
	opener Opener
	// public is the URL of the pages, without a slash at the end; empty if there
	// are none.
	public string
	n      *Notice
	state  *aggregate.State
	model  *rolemodel.Model
	root   events.ScopeID
	org    string
	err    error
}

// write writes the letter of a notice.
func write(ctx context.Context, opener Opener, public string, n *Notice) (*letter, error) {
	w := &writer{ctx: ctx, opener: opener, public: public, n: n}
	var state *aggregate.State
	if state, w.err = opener.State(ctx, n.Org); w.err != nil {
		return nil, w.err
	}
	w.state, w.model, w.root = state, state.Model, state.Root
	w.org = cmp.Or(w.title(w.root), string(n.Org))
	l := w.letter()
	if w.err != nil {
		return nil, w.err
	}
	l.Subject = headline(l.Headline)
	return l, nil
}

func (w *writer) letter() *letter {
	n := w.n
	l := &letter{Facts: []fact{{"Organization", w.org}}}
	self := n.Ground.Side == Concerned
	subject, role := "", ""
	if n.Subject != "" {
		subject = w.person(n.Subject)
	}
	if n.Role != "" {
		role = w.role(n.Scope, n.Role)
	}
	where := w.in(n.Scope)
	switch n.Kind {
	case rolemodel.RoleGranted:
		l.Headline = fmt.Sprintf("%s now holds the role %s in %s", subject, role, where)
		if self {
			l.Headline = fmt.Sprintf("You now hold the role %s in %s", role, where)
		}
		w.roleFacts(l, subject, role)
		if !n.Until.IsZero() {
			l.Facts = append(l.Facts, fact{"Ends by itself", when(n.Until)})
		}

	case rolemodel.RoleRevoked:
		l.Headline = fmt.Sprintf("%s no longer holds the role %s in %s", subject, role, where)
		if self {
			l.Headline = fmt.Sprintf("You no longer hold the role %s in %s", role, where)
		}
		l.Lead = w.because()
		w.roleFacts(l, subject, role)

	case rolemodel.GrantExpiring:
		l.Headline = fmt.Sprintf("The role %s of %s in %s will soon end", role, subject, where)
		if self {
			l.Headline = fmt.Sprintf("Your role %s in %s will soon end", role, where)
		}
		l.Lead = []string{"It ends by itself on " + when(n.Until) + ", unless it is granted for longer before then."}
		w.roleFacts(l, subject, role)
		if !self {
			l.Actions = append(l.Actions, action{Title: "Grant it for longer", Command: w.command("tenure grant %s %s --until TIME", n.Subject, n.Role)})
		}

	case rolemodel.OwnershipTransferred:
		former := w.person(n.Former)
		l.Headline = fmt.Sprintf("%s is now %s of %s", subject, role, where)
		switch {
		case self:
			l.Headline = fmt.Sprintf("You are now %s of %s", role, where)
		case n.Ground.Side == FormerHolder:
			l.Headline = fmt.Sprintf("You are no longer %s of %s", role, where)
		}
		w.roleFacts(l, "", role)
		l.Facts = append(l.Facts, fact{"From", former}, fact{"To", subject})

	case rolemodel.MembershipTerminated:
		w.terminated(l, subject)

	case rolemodel.ReminderDue, rolemodel.ReminderOverdue:
		w.reminder(l, subject)

	case rolemodel.InvitationSent:
		w.invitation(l, subject)

	case rolemodel.InvitationRerouted:
		w.rerouted(l, subject)

	case rolemodel.ModelAdopted:
		title := n.Model
		if w.model.ID == n.Model {
			title = fmt.Sprintf("%s (%s)", plain(w.model.Title), n.Model)
		}
		l.Headline = fmt.Sprintf("%s has adopted the role model %s", w.org, title)
		l.Lead = []string{"The role model says who may do what. What people hold may give them something else from now on. Look at what was changed, and ask why, if you do not know."}
		l.Facts = append(l.Facts, fact{"Role model", title})
		l.See = append(l.See, w.command("tenure model show"))

	case rolemodel.BreakGlassUsed:
		l.Headline = "The operator has acted inside " + w.org
		l.Lead = []string{"Whoever runs this installation has overridden the organization’s own rules of authority. Look at what was done, and ask why, if you do not know."}
		l.Facts = append(l.Facts, fact{"Command", n.Command})
		if n.Reason != "" {
			l.Facts = append(l.Facts, fact{"Reason", n.Reason})
		}

	case rolemodel.NoticeParked:
		w.parked(l, subject)
	}
	w.event(l)
	w.why(l)
	return l
}

// terminated tells of the end of a membership, of the organization or of a scope
// below it.
func (w *writer) terminated(l *letter, subject string) {
	n := w.n
	self, whole := n.Ground.Side == Concerned, n.Scope == w.root || n.Scope == ""
	who := subject
	if self {
		who = "you"
	}
	ended := fmt.Sprintf("The roles that %s held through it have ended as well.", who)
	if whole {
		ended = fmt.Sprintf("All roles that %s held in %s, and all other memberships there, have ended with it.", who, w.org)
	}
	l.Lead = []string{ended}
	switch {
	case self:
		l.Headline = fmt.Sprintf("Your membership in %s was terminated", w.in(n.Scope))
		if n.Cause != "" {
			l.Lead = w.because()
		}
		return
	case whole:
		l.Lead = []string{ended + " This is what can be done now:"}
		l.Actions = w.caseActions()
	}
	l.Headline = fmt.Sprintf("The membership of %s in %s was terminated", subject, w.in(n.Scope))
	l.Facts = append(l.Facts, fact{"Person", subject})
	if !whole {
		l.Facts = append(l.Facts, fact{"Scope", w.scope(n.Scope)})
	}
}

// because says what a loss follows from, and that other roles ended with it.
func (w *writer) because() []string {
	n := w.n
	var reason string
	switch n.Cause {
	case events.CauseScopeDeleted:
		reason = fmt.Sprintf("It has ended because %s is no longer there.", w.scope(n.Scope))
	case events.CauseTermination:
		reason = "It has ended because a membership has ended."
	default:
		return nil
	}
	switch {
	case n.More == 1:
		reason += " One more role that you held has ended for the same reason."
	case n.More > 1:
		reason += fmt.Sprintf(" %d more roles that you held have ended for the same reason.", n.More)
	}
	return []string{reason}
}

func (w *writer) roleFacts(l *letter, subject, role string) {
	if subject != "" {
		l.Facts = append(l.Facts, fact{"Person", subject})
	}
	l.Facts = append(l.Facts, fact{"Role", role})
	if w.n.Scope != w.root {
		l.Facts = append(l.Facts, fact{"Scope", w.scope(w.n.Scope)})
	}
}

// caseActions are what can be done about a person whose membership has ended
// (F07).
func (w *writer) caseActions() []action {
	person := w.n.Subject
	return []action{
		{"Anonymize the person", w.command("tenure anonymize %s", person), w.link("cases", string(person), "anonymize")},
		{"List all links to the person", w.command("tenure links %s", person), w.link("cases", string(person), "links")},
		{"Set a reminder", w.command("tenure remind set %s --at TIME", person), w.link("cases", string(person), "reminder")},
	}
}

func (w *writer) reminder(l *letter, subject string) {
	n := w.n
	l.Facts = append(l.Facts, fact{"Person", subject})
	switch {
	case n.Reminder == "":
		l.Headline = fmt.Sprintf("The time for which the data of %s was to be kept is over", subject)
		l.Lead = []string{"Another decision is due: anonymize the person, or keep the data for longer."}
		l.Facts = append(l.Facts, fact{"Ended", when(n.Due)})
		l.Actions = w.caseActions()
		return
	case n.Kind == rolemodel.ReminderOverdue:
		l.Headline = fmt.Sprintf("A reminder about %s is overdue", subject)
		l.Lead = []string{fmt.Sprintf("It has fallen due %d times, and nobody has marked it as done.", n.Count)}
	default:
		l.Headline = fmt.Sprintf("A reminder about %s is due", subject)
	}
	l.Facts = append(l.Facts, fact{"Due", when(n.Due)}, fact{"Reminder", string(n.Reminder)})
	l.Actions = append([]action{
		{"Mark it as done", w.command("tenure remind done %s", n.Reminder), w.link("cases", string(n.Subject), "reminder")},
	}, w.caseActions()...)
}

func (w *writer) invitation(l *letter, subject string) {
	n := w.n
	scope := cmp.Or(n.Scope, w.root)
	self := n.Ground.Side == Concerned
	whom := "you"
	l.Headline = "You are invited to " + w.in(scope)
	if !self {
		whom = subject
		l.Headline = fmt.Sprintf("%s is invited to %s", subject, w.in(scope))
		l.Facts = append(l.Facts, fact{"Person", subject})
	}
	l.Lead = []string{fmt.Sprintf("%s asks %s to become a member. The invitation can be accepted until %s.", capital(w.person(n.Actor)), whom, when(n.Until))}
	if scope != w.root {
		l.Facts = append(l.Facts, fact{"Scope", w.scope(scope)})
	}
	if n.Role != "" {
		l.Facts = append(l.Facts, fact{"Role", w.role(scope, n.Role)})
	}
	l.Facts = append(l.Facts, fact{"Expires", when(n.Until)})
	if !self {
		return // whoever holds the token could accept in the other's place
	}
	token, err := w.opener.Token(w.ctx, n.Org, n.Revision, n.Event)
	if err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	for _, answer := range []struct{ title, word string }{{"Accept", "accept"}, {"Decline", "decline"}} {
		a := action{Title: answer.title + " the invitation", Command: w.command("TENURE_KEY=%s tenure invitations %s", quoted(token), answer.word)}
		if w.public != "" {
			// What stands behind the # reaches neither the server's log nor
			// another site.
			a.Link = w.link("invitations", string(n.Invitation), answer.word+"="+url.QueryEscape(token))
		}
		l.Actions = append(l.Actions, a)
	}
}

// rerouted tells of an invitation that can be answered in the place of the one
// invited. Whoever reads it answers with a key of their own.
func (w *writer) rerouted(l *letter, subject string) {
	n := w.n
	scope := cmp.Or(n.Scope, w.root)
	_, invitation, open := w.state.Invitation(n.Invitation)
	if !open || invitation.Route == "" {
		w.err = errors.Join(w.err, ErrOver)
		return
	}
	l.Headline = fmt.Sprintf("%s is invited to %s", subject, w.in(scope))
	l.Lead = []string{fmt.Sprintf("%s asks %s to become a member. Invitations to addresses like that of %[2]s are rerouted to %s, so this one can be answered there as well, until %s.",
		capital(w.person(n.Actor)), subject, w.scope(invitation.Route), when(n.Until))}
	l.Facts = append(l.Facts, fact{"Person", subject})
	if scope != w.root {
		l.Facts = append(l.Facts, fact{"Scope", w.scope(scope)})
	}
	if n.Role != "" {
		l.Facts = append(l.Facts, fact{"Role", w.role(scope, n.Role)})
	}
	l.Facts = append(l.Facts, fact{"Expires", when(n.Until)})
	if !w.state.MayAnswer(n.Recipient, n.Invitation) {
		return // nobody is sent to what they may not do
	}
	for _, answer := range []struct{ title, word string }{{"Accept", "accept"}, {"Decline", "decline"}} {
		l.Actions = append(l.Actions, action{
			Title: answer.title + " the invitation in the place of " + subject, Command: w.command("tenure invitations %s %s", answer.word, n.Invitation),
			Link: w.link("invitations", string(n.Invitation), answer.word),
		})
	}
}

// parkedBecause says in words why a notice was parked. Those who are gone, and
// what is over, are dropped instead.
var parkedBecause = map[Why]string{
	WhyRefused:        "The mail server refused it for good.",
	WhyGivenUp:        "The mail server has refused it for days, and it is not tried any more.",
	WhyBroken:         "The connection to the mail server broke at this very mail for days, and it is not tried any more.",
	WhyUnopened:       "What it was to say could not be opened for days, and it is not tried any more.",
	WhyUnwritten:      "No mail could be made of it.",
	WhyNoAddress:      "There is no address to send it to.",
	WhyBadAddress:     "What is registered as the address is none.",
	WhyForeignAddress: "The address has letters that the mail server does not take.",
}

func (w *writer) parked(l *letter, subject string) {
	p := w.n.Parked
	if p == nil {
		p = &Parked{}
	}
	l.Headline = fmt.Sprintf("A message to %s could not be delivered", subject)
	because := cmp.Or(parkedBecause[p.Why], "This program does not know why.")
	l.Lead = []string{because + " When the cause is mended, it can be sent again."}
	l.Facts = append(l.Facts, fact{"Recipient", subject}, fact{"Message", w.message(p.Kind)})
	if p.Code != 0 {
		l.Facts = append(l.Facts, fact{"The server answered", fmt.Sprint(p.Code)})
	}
	l.Actions = []action{
		{Title: "Look at it", Command: w.command("tenure notices show %s", p.ID)},
		{Title: "Send it again", Command: w.command("tenure notices retry %s", p.ID)},
	}
}

// event says which event the mail is because of, and how to see it.
func (w *writer) event(l *letter) {
	n := w.n
	by := w.person(n.Actor)
	if n.OnBehalfOf != "" {
		by += ", on behalf of " + w.person(n.OnBehalfOf)
	}
	l.Facts = append(l.Facts, fact{"By", by})
	if n.Kind == rolemodel.NoticeParked {
		l.Facts = append(l.Facts, fact{"Given up", when(n.At)}, fact{"Because of", fmt.Sprintf("revision %d", n.Revision)})
	} else {
		l.Facts = append(l.Facts, fact{"When", when(n.At)}, fact{"Recorded as", fmt.Sprintf("revision %d", n.Revision)})
	}
	// Nobody is sent to what they may not read.
	if w.state.MayAct(n.Recipient, rolemodel.HistoryRead, w.root) {
		l.See = append(l.See, w.command("tenure history revision:%d", n.Revision))
	}
	if w.state.MayAct(n.Recipient, rolemodel.NoticeRead, w.root) {
		l.See = append(l.See, w.command("tenure notices show %s", n.ID))
	}
}

// why says why the recipient gets the mail.
func (w *writer) why(l *letter) {
	g := w.n.Ground
	switch g.Side {
	case Concerned:
		l.Why = append(l.Why, "You get this mail because it is about you.")
	case FormerHolder:
		l.Why = append(l.Why, "You get this mail because you held the role before.")
	}
	if g.Audience == "" {
		return
	}
	for _, s := range g.Skipped {
		reason := "nobody active is among them"
		if s.Why == HeldByConcerned {
			reason = "the person concerned is the only one among them"
		}
		l.Why = append(l.Why, fmt.Sprintf("It was meant for “%s”%s, but %s.", w.audience(s.Audience), byRule(s.Rule), reason))
	}
	as := "You get this mail as one of"
	if g.Designation != "" {
		as = fmt.Sprintf("You alone get this mail, being %s, for", w.designation(g.Designation))
	} else if len(l.Why) > 0 && g.Side != "" {
		as = "You would get it, too, as one of"
	}
	reason := fmt.Sprintf("%s “%s”%s", as, w.audience(g.Audience), byRule(g.Rule))
	if kind, name, found := strings.Cut(g.Role, "."); found {
		reason += ": you hold the role " + w.roleTitle(kind, name)
	}
	l.Why = append(l.Why, reason+".")
}

func byRule(rule string) string {
	if rule == "" {
		return ""
	}
	return " (rule " + plain(rule) + ")"
}

// command is a command line of this organization. Its arguments are ids.
func (w *writer) command(format string, args ...any) string {
	command := fmt.Sprintf(format, args...)
	if w.n.Scope != "" && w.n.Scope != w.root && strings.HasPrefix(command, "tenure grant") {
		command += " --on " + quoted(string(w.n.Scope))
	}
	return command + " --org " + quoted(string(w.n.Org))
}

// link is an address below the organization's pages; empty if there are none.
func (w *writer) link(what, id, anchor string) string {
	if w.public == "" {
		return ""
	}
	return w.public + "/orgs/" + url.PathEscape(string(w.n.Org)) + "/" + what + "/" + url.PathEscape(id) + "#" + anchor
}

func (w *writer) title(scope events.ScopeID) string {
	title, err := w.opener.Title(w.ctx, w.n.Org, scope)
	w.err = errors.Join(w.err, err)
	return plain(title)
}

// scope names a scope by kind and title, or by its id.
func (w *writer) scope(scope events.ScopeID) string {
	if scope == w.root || scope == "" {
		return w.org
	}
	title := w.title(scope)
	if title == "" {
		return string(scope)
	}
	kind := scope.Kind()
	if k, known := w.model.Kind(kind); known {
		kind = plain(k.Title)
	}
	return fmt.Sprintf("%s “%s”", kind, title)
}

// in names a scope below the root together with the organization.
func (w *writer) in(scope events.ScopeID) string {
	if scope == w.root || scope == "" {
		return w.org
	}
	return w.scope(scope) + ", " + w.org
}

func (w *writer) role(scope events.ScopeID, role events.RoleID) string {
	return w.roleTitle(cmp.Or(scope, w.root).Kind(), string(role))
}

func (w *writer) roleTitle(kind, name string) string {
	if role, known := w.model.Role(kind, name); known {
		return plain(role.Title)
	}
	title, err := w.opener.RoleTitle(w.ctx, w.n.Org, kind, name)
	w.err = errors.Join(w.err, err)
	return cmp.Or(plain(title), name)
}

func (w *writer) audience(id string) string {
	if audience, known := w.model.Audience(id); known {
		return plain(audience.Title)
	}
	return id
}

func (w *writer) designation(id string) string {
	kind, name, _ := strings.Cut(id, ".")
	if designation, known := w.model.Designation(kind, name); known {
		return plain(designation.Title)
	}
	return id
}

// message names a kind of message.
func (w *writer) message(kind rolemodel.Message) string {
	if m, known := w.model.Message(kind); known {
		return plain(m.Title)
	}
	return string(kind)
}

// person names a person.
func (w *writer) person(id events.PrincipalID) string {
	switch id {
	case events.Operator:
		return "the operator"
	case events.Importer:
		return "the import"
	case events.Background:
		return "Background Tasks “" + w.org + "”"
	}
	person, err := w.opener.Person(w.ctx, w.n.Org, id)
	w.err = errors.Join(w.err, err)
	if person.Gone {
		return "anonymized person " + string(id)
	}
	return cmp.Or(plain(person.Name), plain(person.Address), "person "+string(id))
}

// capital makes the beginning of a sentence of a name.
func capital(name string) string {
	if rest, found := strings.CutPrefix(name, "the "); found {
		return "The " + rest
	}
	return name
}

func when(t time.Time) string { return t.UTC().Format("January 2, 2006, 15:04 UTC") }
