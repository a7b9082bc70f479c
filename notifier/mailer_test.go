package notifier

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

// newMailer is a mailer to a server, by a clock whose time flies.
func newMailer(t testing.TB, o *Outbox, opener Opener, server *mailServer, adjust ...func(*Config)) *Mailer {
	t.Helper()
	c := Config{
		Outbox: o, Opener: opener, LedgerID: ledgerID, From: "Tenure <tenure@example.com>", PublicURL: "https://tenure.example.com/",
		Clock: newFlying(), Chance: func() float64 { return 0 }, Logger: quiet,
	}
	if server != nil {
		c.SMTP = &SMTP{Address: server.address, TLS: TLSNone}
	}
	for _, a := range adjust {
		a(&c)
	}
	m, err := NewMailer(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run runs the mailer until the test, or what is returned, ends it.
func run(t testing.TB, m *Mailer) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return stop
}

// drain runs the mailer until nothing is pending.
func drain(t testing.TB, m *Mailer, o *Outbox) {
	t.Helper()
	stop := run(t, m)
	until(t, func() bool { return o.Counts()[Pending] == 0 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// until waits for a condition.
func until(t testing.TB, condition func() bool) {
	t.Helper()
	look, late := time.NewTicker(time.Millisecond), time.After(time.Minute)
	defer look.Stop()
	for !condition() {
		select {
		case <-look.C:
		case <-late:
			t.Fatal("it does not come about")
		}
	}
}

// office is all that a mail needs.
type office struct {
	ledger *ledger.Ledger
	outbox *Outbox
	clock  *flying
	names  *names
	server *mailServer
}

func newOffice(t testing.TB) *office {
	state := fold(t, "fabasoft", append(members(ben, cat), granted(ben, "administrator", org), granted(cat, "administrator", org))...)
	b := &office{ledger: openLedger(t, t.TempDir()), clock: newFlying(), names: newNames(state), server: newMailServer(t)}
	b.outbox = openOutbox(t, b.ledger, b.clock)
	return b
}

func (b *office) mailer(t testing.TB, adjust ...func(*Config)) *Mailer {
	return newMailer(t, b.outbox, b.names, b.server, append([]func(*Config){func(c *Config) { c.Clock = b.clock }}, adjust...)...)
}

func (b *office) counts(t testing.TB, want map[Status]int) {
	t.Helper()
	got := b.outbox.Counts()
	for status, n := range got {
		if n != want[status] {
			t.Errorf("%d %s, want %d", n, status, want[status])
		}
	}
}

// once demands that these notices have arrived, once each, in this order.
func (b *office) once(t testing.TB, list []Notice) {
	t.Helper()
	want, got := []string{}, []string{}
	for _, n := range list {
		want = append(want, "<"+n.ID+"@"+ledgerID+".tenure>")
	}
	for _, raw := range b.server.mails() {
		msg, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, msg.Header.Get("Message-Id"))
	}
	if !slices.Equal(want, got) {
		t.Errorf("arrived: %d, want %d: %s", len(got), len(want), cmp.Diff(want[:min(9, len(want))], got[:min(9, len(got))]))
	}
}

// outcomes are all that has happened to a notice, in short.
func (b *office) outcomes(t testing.TB, n Notice) []string {
	t.Helper()
	item, known := b.outbox.Show(n.Org, n.ID)
	if !known {
		t.Fatal("no such notice")
	}
	var list []string
	for _, o := range item.Outcomes {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %d %s %s", o.What, o.Code, o.Class, o.Why)))
	}
	return list
}

func TestAccepted(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	list := some(20, ann)
	take(t, b.outbox, list)
	drain(t, b.mailer(t), b.outbox)
	b.once(t, list)
	if n := b.server.sentOver(); n != 1 {
		t.Errorf("sent over %d connections", n)
	}
	item, _ := b.outbox.Show(acme, list[0].ID)
	if o := item.Outcomes[0]; item.Status != Sent || o.What != "sent" || o.Code != 250 || o.MessageID != list[0].ID+"@"+ledgerID+".tenure" || !o.At.Equal(b.clock.Now()) && o.At.Before(start) {
		t.Errorf("%+v", item)
	}
	mail := parse(t, b.server.mails()[0])
	for name, want := range map[string]string{
		"From": `"Tenure" <tenure@example.com>`, "To": `"Ann Author" <ann@example.com>`, "Auto-Submitted": "auto-generated",
		"Subject": "Ben Baker now holds the role Co-owner in Acme Works", "X-Tenure-Notice": list[0].ID, "Mime-Version": "1.0",
	} {
		if got := mail.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if at, err := mail.header.Date(); err != nil || !at.Equal(start) {
		t.Errorf("dated %v, %v", at, err)
	}
	letter := must(write(t.Context(), b.names, "https://tenure.example.com", &list[0]))
	text, html, _ := letter.render()
	if diff := cmp.Diff(text, mail.text); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(html, mail.html); diff != "" {
		t.Error(diff)
	}
	// Sent again, it is the same.
	again := must(b.mailer(t).compose(t.Context(), &list[0]))
	if want := bytes.ReplaceAll(again.mail, []byte("\r\n"), []byte("\n")); !bytes.Equal(bytes.TrimSpace(want), bytes.TrimSpace(bytes.ReplaceAll(b.server.mails()[0], []byte("\r\n"), []byte("\n")))) {
		t.Error("composed again it is another mail")
	}
}

// TestRefusedForNow refuses one recipient for a while; others do not wait.
func TestRefusedForNow(t *testing.T) {
	b := newOffice(t)
	refusals := 0
	b.server.rcpt = func(to string) error {
		if to == "ben@example.com" && refusals < 3 {
			refusals++
			return code(451)
		}
		return nil
	}
	b.server.run()
	list := []Notice{some(1, ben)[0], some(2, ann)[1], some(3, cat)[2]}
	take(t, b.outbox, list)
	drain(t, b.mailer(t), b.outbox)
	b.once(t, []Notice{list[1], list[2], list[0]})
	want := []string{"failed 451 4.1.1 refused", "failed 451 4.1.1 refused", "failed 451 4.1.1 refused", "sent 250"}
	if diff := cmp.Diff(want, b.outcomes(t, list[0])); diff != "" {
		t.Error(diff)
	}
	item, _ := b.outbox.Show(acme, list[0].ID)
	for i, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if o := item.Outcomes[i]; o.Attempt != i+1 || o.Next.Sub(o.At) != wait {
			t.Errorf("attempt %d: again after %v", o.Attempt, o.Next.Sub(o.At))
		}
	}
}

// TestStages refuses at each step of a mail; the connection stays in use.
func TestStages(t *testing.T) {
	for name, refuse := range map[string]func(*mailServer, func() error){
		"recipient": func(s *mailServer, next func() error) { s.rcpt = func(string) error { return next() } },
		"content":   func(s *mailServer, next func() error) { s.data = func([]byte, func()) error { return next() } },
	} {
		b := newOffice(t)
		n := 0
		refuse(b.server, func() error {
			if n++; n%2 == 1 {
				return code(452)
			}
			return nil
		})
		b.server.run()
		list := some(4, ann)
		take(t, b.outbox, list)
		var log bytes.Buffer
		drain(t, b.mailer(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }), b.outbox)
		b.counts(t, map[Status]int{Sent: 4})
		if got := len(b.server.mails()); got != 4 {
			t.Errorf("%s: %d arrived", name, got)
		}
		if strings.Contains(log.String(), "mail waits") {
			t.Errorf("%s: the server was taken to fail: %s", name, log.String())
		}
	}
}

func TestGivenUp(t *testing.T) {
	b := newOffice(t)
	b.server.rcpt = func(to string) error {
		if to == "ben@example.com" {
			return code(450)
		}
		return nil
	}
	b.server.run()
	n := some(1, ben)[0]
	take(t, b.outbox, []Notice{n})
	drain(t, b.mailer(t), b.outbox)
	item, _ := b.outbox.Show(acme, n.ID)
	last := item.Outcomes[len(item.Outcomes)-1]
	if took := last.At.Sub(item.Outcomes[0].At); item.Status != StatusParked || last.Why != WhyGivenUp || last.Code != 450 || took < retryFor || took > retryFor+retryMost {
		t.Errorf("%s after %v: %+v", item.Status, took, last)
	}
	for _, o := range item.Outcomes[:len(item.Outcomes)-1] {
		if wait := o.Next.Sub(o.At); wait < retryLeast || wait > retryMost {
			t.Errorf("attempt %d: again after %v", o.Attempt, wait)
		}
	}
}

// TestParkedAndBack parks what is refused for good, tells others of it, and
// sends it again when asked to. What the server says in words goes nowhere.
func TestParkedAndBack(t *testing.T) {
	b := newOffice(t)
	mended := false
	b.server.rcpt = func(to string) error {
		if to == "ben@example.com" && !mended {
			return code(550)
		}
		return nil
	}
	b.server.run()
	var log bytes.Buffer
	n := some(1, ben)[0]
	take(t, b.outbox, []Notice{n})
	m := b.mailer(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	stop := run(t, m)
	until(t, func() bool { return b.outbox.Counts()[Sent] == 1 && b.outbox.Counts()[Pending] == 0 })
	b.counts(t, map[Status]int{Sent: 1, StatusParked: 1})
	if diff := cmp.Diff([]string{"parked 550 5.1.1 refused"}, b.outcomes(t, n)); diff != "" {
		t.Error(diff)
	}
	alert := parse(t, b.server.mails()[0])
	if to := alert.header.Get("To"); to != `"Cat Carter" <cat@example.com>` || alert.subject != "A message to Ben Baker could not be delivered" || !strings.Contains(alert.text, "tenure notices retry "+n.ID) {
		t.Errorf("to %s: %s\n%s", to, alert.subject, alert.text)
	}
	b.server.deciding.Lock()
	mended = true
	b.server.deciding.Unlock()
	if err := b.outbox.Retry(t.Context(), acme, n.ID); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return b.outbox.Counts()[Sent] == 2 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"parked 550 5.1.1 refused", "retry 0", "sent 250"}, b.outcomes(t, n)); diff != "" {
		t.Error(diff)
	}
	for _, personal := range []string{"example.com", "Ann", "Ben", "Cat", "Acme", "such user"} {
		if strings.Contains(log.String(), personal) {
			t.Errorf("the log says %q:\n%s", personal, log.String())
		}
		err := b.ledger.ReplayNotices(t.Context(), 0, func(m ledger.NoticeMessage) error {
			if bytes.Contains(m.Data, []byte(personal)) {
				t.Errorf("message %d says %q: %q", m.Sequence, personal, m.Data)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestNoLoop refuses everything for good: what tells of a parked notice is
// parked, too, and tells nobody.
func TestNoLoop(t *testing.T) {
	b := newOffice(t)
	b.server.rcpt = func(string) error { return code(554) }
	b.server.run()
	take(t, b.outbox, some(1, ben))
	drain(t, b.mailer(t), b.outbox)
	b.counts(t, map[Status]int{StatusParked: 2})
}

// TestServerAway takes the server away for an hour.
func TestServerAway(t *testing.T) {
	b := newOffice(t)
	list := some(50, ann)
	take(t, b.outbox, list[:25])
	back := sync.OnceFunc(func() {
		take(t, b.outbox, list[25:])
		b.server.run()
	})
	dials := 0
	var m *Mailer
	b.clock.passed = func(now time.Time) {
		if now.Sub(start) < time.Hour {
			dials++
			if trouble := m.Trouble(); trouble == nil || !strings.Contains(trouble.Err.Error(), "connect") {
				t.Errorf("%v: %v", now, trouble)
			}
			return
		}
		back()
	}
	m = b.mailer(t)
	drain(t, m, b.outbox)
	b.once(t, list)
	if dials < 9 || dials > 40 {
		t.Errorf("%d attempts to reach it within an hour", dials)
	}
	for _, n := range list {
		if diff := cmp.Diff([]string{"sent 250"}, b.outcomes(t, n)); diff != "" {
			t.Fatal(diff)
		}
	}
	if trouble := m.Trouble(); trouble != nil {
		t.Errorf("still in trouble: %v", trouble.Err)
	}
}

// TestBroken breaks the connection at different places. Nothing is blamed for
// it, the order stays, and nothing is lost.
func TestBroken(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(b *office, n int, raw []byte, drop func()) error
		// twice says that the server has taken the mail before.
		twice bool
	}{
		"after the content": {func(b *office, n int, raw []byte, drop func()) error {
			if n == 3 {
				b.server.mu.Lock()
				b.server.accepted = append(b.server.accepted, raw)
				b.server.mu.Unlock()
				drop()
				return errDropped
			}
			return nil
		}, true},
		"instead of taking it": {func(b *office, n int, _ []byte, drop func()) error {
			if n >= 3 && n < 6 {
				drop()
				return errDropped
			}
			return nil
		}, false},
		"by going away": {func(b *office, n int, _ []byte, drop func()) error {
			if n == 3 {
				return code(421)
			}
			return nil
		}, false},
		"by being slow": {func(b *office, n int, _ []byte, drop func()) error {
			if n == 3 {
				select {
				case <-b.server.closing:
				case <-time.After(time.Second):
				}
				return code(451)
			}
			return nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newOffice(t)
			n := 0
			b.server.data = func(raw []byte, drop func()) error {
				n++
				return test.breaks(b, n, raw, drop)
			}
			b.server.run()
			list := some(8, ann)
			take(t, b.outbox, list)
			m := b.mailer(t, func(c *Config) { c.SMTP.Timeout = 200 * time.Millisecond })
			drain(t, m, b.outbox)
			if test.twice {
				b.once(t, slices.Insert(slices.Clone(list), 2, list[2]))
			} else {
				b.once(t, list)
			}
			for _, n := range list {
				if diff := cmp.Diff([]string{"sent 250"}, b.outcomes(t, n)); diff != "" {
					t.Error(diff)
				}
			}
			if !b.clock.Now().After(start) {
				t.Error("the mailer has not waited")
			}
		})
	}
}

// TestMailThatBreaks has a mail at which the connection breaks every time: the
// others do not wait for it for ever, and nobody calls it sent.
func TestMailThatBreaks(t *testing.T) {
	b := newOffice(t)
	list := some(4, ann)
	b.server.data = func(raw []byte, drop func()) error {
		if bytes.Contains(raw, []byte(list[1].ID)) {
			drop()
			return errDropped
		}
		return nil
	}
	b.server.run()
	take(t, b.outbox, list)
	stop := run(t, b.mailer(t))
	until(t, func() bool { return b.outbox.Counts()[Sent] == 3 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	outcomes := b.outcomes(t, list[1])
	if len(outcomes) == 0 || outcomes[0] != "failed 0  broken" {
		t.Errorf("the mail that breaks: %v", outcomes)
	}
	b.once(t, []Notice{list[0], list[2], list[3]})
}

// TestDrain sends what is due, once, and says what comes next.
func TestDrain(t *testing.T) {
	b := newOffice(t)
	list := some(20, ann)
	refusing := true
	b.server.data = func(raw []byte, _ func()) error {
		if refusing && bytes.Contains(raw, []byte(list[3].ID)) {
			return code(451)
		}
		return nil
	}
	b.server.run()
	m := b.mailer(t)
	take(t, b.outbox, list)
	next, err := m.Drain(t.Context())
	if err != nil || !next.After(b.clock.Now()) {
		t.Fatalf("next at %v, %v", next, err)
	}
	b.counts(t, map[Status]int{Sent: 19, Pending: 1})
	refusing = false
	b.clock.After(next.Sub(b.clock.Now())) // the clock flies
	if next, err = m.Drain(t.Context()); err != nil || !next.IsZero() {
		t.Fatalf("next at %v, %v", next, err)
	}
	b.counts(t, map[Status]int{Sent: 20})
}

// TestIdleConnection lets the server end a connection that is not used: the next
// mail goes over another one at once.
func TestIdleConnection(t *testing.T) {
	b := newOffice(t)
	b.server.run(func(s *smtp.Server) { s.ReadTimeout = 20 * time.Millisecond })
	list := some(2, ann)
	patient := &patient{flying: b.clock, waiting: make(chan struct{}, 10)}
	m := b.mailer(t, func(c *Config) { c.Clock = patient })
	take(t, b.outbox, list[:1])
	stop := run(t, m)
	<-patient.waiting // nothing is to do, and the connection stands
	until(t, func() bool {
		b.server.mu.Lock()
		defer b.server.mu.Unlock()
		return b.server.left == 1
	})
	take(t, b.outbox, list[1:])
	until(t, func() bool { return b.outbox.Counts()[Sent] == 2 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	b.once(t, list)
	if b.server.sentOver() != 2 || !b.clock.Now().Equal(start) {
		t.Errorf("%d connections, and %v of waiting", b.server.sentOver(), b.clock.Now().Sub(start))
	}
}

// patient is a clock whose time does not pass.
type patient struct {
	*flying
	waiting chan struct{}
}

func (p *patient) After(time.Duration) <-chan time.Time {
	p.waiting <- struct{}{}
	return nil
}

// authority is a certificate authority of the test, and a server's certificate.
func authority(t *testing.T) (*x509.CertPool, *tls.Config) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(der)))
	return pool, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func TestTLSAndPasswords(t *testing.T) {
	pool, secure := authority(t)
	users := map[string]string{"mailer": "secret"}
	tests := []struct {
		name     string
		offered  *tls.Config
		implicit bool
		users    map[string]string
		smtp     SMTP
		secured  bool
		trouble  string
	}{
		{name: "starttls", offered: secure, smtp: SMTP{TLS: TLSStart, Roots: pool}, secured: true},
		{name: "starttls is the default", offered: secure, smtp: SMTP{Roots: pool}, secured: true},
		{name: "starttls if offered, and it is", offered: secure, smtp: SMTP{TLS: TLSStartIfOffered, Roots: pool}, secured: true},
		{name: "starttls if offered, and it is not", smtp: SMTP{TLS: TLSStartIfOffered}},
		{name: "implicit", offered: secure, implicit: true, smtp: SMTP{TLS: TLSImplicit, Roots: pool}, secured: true},
		{name: "none", offered: secure, smtp: SMTP{TLS: TLSNone}},
		{name: "password over starttls", offered: secure, users: users, smtp: SMTP{Roots: pool, User: "mailer", Password: "secret"}, secured: true},
		{name: "password over implicit", offered: secure, implicit: true, users: users, smtp: SMTP{TLS: TLSImplicit, Roots: pool, User: "mailer", Password: "secret"}, secured: true},
		{name: "not offered", smtp: SMTP{TLS: TLSStart}, trouble: "STARTTLS"},
		{name: "unknown authority", offered: secure, smtp: SMTP{TLS: TLSStart}, trouble: "certificate"},
		{name: "unknown authority, implicit", offered: secure, implicit: true, smtp: SMTP{TLS: TLSImplicit}, trouble: "certificate"},
		{name: "wrong password", users: users, smtp: SMTP{TLS: TLSNone, User: "mailer", Password: "guess"}, trouble: "AUTH"},
		{name: "no password", users: users, smtp: SMTP{TLS: TLSNone}, trouble: "530"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newOffice(t)
			b.server.users = test.users
			if test.implicit {
				b.server.implicit = test.offered
			}
			b.server.run(func(s *smtp.Server) { s.TLSConfig = test.offered })
			list := some(2, ann)
			take(t, b.outbox, list)
			m := b.mailer(t, func(c *Config) {
				s := test.smtp
				s.Address = b.server.address
				c.SMTP = &s
			})
			if test.trouble == "" {
				drain(t, m, b.outbox)
				b.once(t, list)
				b.server.mu.Lock()
				defer b.server.mu.Unlock()
				if secured := b.server.secured > 0; secured != test.secured {
					t.Errorf("over TLS: %t", secured)
				}
				return
			}
			stop := run(t, m)
			until(t, func() bool { return m.Trouble() != nil && b.clock.Now().Sub(start) > time.Hour })
			_ = stop()
			if trouble := m.Trouble(); !strings.Contains(trouble.Err.Error(), test.trouble) || trouble.Since.After(start.Add(time.Second)) {
				t.Errorf("%+v", trouble)
			}
			b.counts(t, map[Status]int{Pending: 2})
			if n := len(b.outcomes(t, list[0])); n > 0 {
				t.Error("the notice was blamed")
			}
		})
	}
}

// TestPasswordInTheClear offers a server elsewhere the chance to ask for a
// password over a connection that is not encrypted.
func TestPasswordInTheClear(t *testing.T) {
	b := newOffice(t)
	b.server.users = map[string]string{"mailer": "secret"}
	b.server.run()
	take(t, b.outbox, some(1, ann))
	m := b.mailer(t, func(c *Config) { c.SMTP.User, c.SMTP.Password = "mailer", "secret" })
	// The library makes an exception for this machine by its names alone.
	transport := must(newSMTPTransport(SMTP{Address: "mail.invalid:25", TLS: TLSNone, User: "mailer", Password: "secret"}))
	transport.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, b.server.address)
	}
	m.transport = transport
	stop := run(t, m)
	until(t, func() bool { return m.Trouble() != nil })
	_ = stop()
	if trouble := m.Trouble(); !strings.Contains(trouble.Err.Error(), "unencrypted") {
		t.Error(trouble.Err)
	}
}

// TestCrash dies between sending and recording: what was in flight is sent once
// more, and nothing else.
func TestCrash(t *testing.T) {
	for _, stored := range []int{0, 3} { // of the outcomes of the last recording
		b := newOffice(t)
		b.server.run()
		list := some(100, ann)
		take(t, b.outbox, list)
		ctx, die := context.WithCancel(t.Context())
		recorded := 0
		crash := &faulty{b.ledger, func(messages []ledger.NoticeMessage) (int, error) {
			if recorded += len(messages); recorded > 40 {
				die()
				return min(stored, len(messages)-1), errFault
			}
			return 0, nil
		}}
		b.outbox = openOutbox(t, crash, b.clock)
		if err := b.mailer(t).Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		b.outbox = openOutbox(t, b.ledger, b.clock)
		done := b.outbox.Counts()[Sent]
		if sent := len(b.server.mails()); sent-done > Window(100) || sent-done < 1 {
			t.Errorf("%d sent, %d on record", sent, done)
		}
		drain(t, b.mailer(t), b.outbox)
		times := map[string]int{}
		for _, raw := range b.server.mails() {
			times[parse(t, raw).id]++
		}
		repeated := 0
		for id, n := range times {
			if n > 2 {
				t.Errorf("%s arrived %d times", id, n)
			}
			repeated += n - 1
		}
		if len(times) != 100 || repeated > Window(100) || repeated == 0 {
			t.Errorf("%d arrived, %d of them twice", len(times), repeated)
		}
		b.counts(t, map[Status]int{Sent: 100})
	}
}

// TestRecordingFails lets the store fail for a while, and lose an answer:
// nothing is sent twice.
func TestRecordingFails(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	list := some(60, ann)
	take(t, b.outbox, list)
	faults := 0
	failing := &faulty{Store: b.ledger}
	b.outbox = openOutbox(t, failing, b.clock)
	failing.fault = func(messages []ledger.NoticeMessage) (int, error) {
		if faults++; faults < 6 {
			return min(len(messages), faults%3), ledger.ErrUnavailable
		}
		return 0, nil
	}
	drain(t, b.mailer(t), b.outbox)
	b.once(t, list)
	b.counts(t, map[Status]int{Sent: 60})
}

func TestStoreClosed(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	take(t, b.outbox, some(3, ann))
	closed := &faulty{Store: b.ledger}
	b.outbox = openOutbox(t, closed, b.clock)
	closed.fault = func([]ledger.NoticeMessage) (int, error) { return 0, ledger.ErrClosed }
	if err := b.mailer(t).Run(t.Context()); !errors.Is(err, ledger.ErrClosed) {
		t.Error(err)
	}
}

// TestStoreClosedDraining has more pending than may be on the way to the record.
func TestStoreClosedDraining(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	take(t, b.outbox, some(3*windowLeast, ann))
	closed := &faulty{Store: b.ledger}
	b.outbox = openOutbox(t, closed, b.clock)
	closed.fault = func([]ledger.NoticeMessage) (int, error) { return 0, ledger.ErrClosed }
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := b.mailer(t).Drain(ctx); !errors.Is(err, ledger.ErrClosed) || ctx.Err() != nil {
		t.Error(err, ctx.Err())
	}
	if n := len(b.server.mails()); n > windowLeast {
		t.Errorf("%d were sent, of which nothing is on record", n)
	}
}

// TestStop ends the mailer in the middle of a mail: it comes to its end and is
// on record.
func TestStop(t *testing.T) {
	b := newOffice(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.server.data = func([]byte, func()) error { cancel(); return nil }
	b.server.run()
	list := some(30, ann)
	take(t, b.outbox, list)
	if err := b.mailer(t).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b.counts(t, map[Status]int{Sent: 1, Pending: 29})
	b.once(t, list[:1])
	b.server.data = nil
	drain(t, b.mailer(t), b.outbox)
	b.once(t, list)
}

// TestStopHanging ends the mailer while the server says nothing at all, before a
// mail and after one.
func TestStopHanging(t *testing.T) {
	for name, hang := range map[string]func(t *testing.T, b *office) <-chan struct{}{
		"at the greeting": func(t *testing.T, b *office) <-chan struct{} {
			reached := make(chan struct{})
			listener := must(net.Listen("tcp", b.server.address))
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				conn, err := listener.Accept()
				if err == nil {
					close(reached)
					_, _ = conn.Read(make([]byte, 1)) // until it is closed
					conn.Close()
				}
			}()
			t.Cleanup(func() { listener.Close(); <-ended })
			return reached
		},
		"after the mail": func(_ *testing.T, b *office) <-chan struct{} {
			reached := make(chan struct{})
			b.server.data = func([]byte, func()) error { close(reached); <-b.server.closing; return errDropped }
			b.server.run()
			return reached
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newOffice(t)
			reached := hang(t, b)
			take(t, b.outbox, some(3, ann))
			m := b.mailer(t, func(c *Config) { c.SMTP.Timeout = time.Hour })
			m.transport.(*smtpTransport).farewell = 10 * time.Millisecond
			stop := run(t, m)
			<-reached
			if err := stop(); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			b.counts(t, map[Status]int{Pending: 3})
		})
	}
}

func TestDropped(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	b.names.people[ben] = Person{Name: "Ben", Address: "ben@example.com", Gone: true}
	b.names.people[dan] = Person{Name: "Dan", Address: "dan@example.com\r\nRCPT TO:<eve@example.com>"}
	expired, answered := letters()["invitation.sent"], letters()["invitation.sent"]
	expired.ID, expired.Until, expired.Recipient = "expired", start, ann
	answered.ID, answered.Recipient, answered.Revision = "answered", ann, answeredAt
	list := []Notice{some(1, ben)[0], some(1, dan)[0], expired, answered}
	take(t, b.outbox, list)
	drain(t, b.mailer(t), b.outbox)
	var got []string
	for _, n := range list {
		got = append(got, b.outcomes(t, n)...)
	}
	want := []string{"dropped 0  anonymized", "parked 0  bad_address", "dropped 0  over", "dropped 0  over"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, raw := range b.server.mails() {
		if !strings.HasPrefix(parse(t, raw).subject, "A message to Dan") {
			t.Errorf("%s", raw)
		}
	}
}

// TestNoAddress has nobody to write to: others are told of it, and it can be
// sent when there is an address.
func TestNoAddress(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	b.names.people[ben] = Person{Name: "Ben Baker"}
	n := some(1, ben)[0]
	take(t, b.outbox, []Notice{n})
	drain(t, b.mailer(t), b.outbox)
	if diff := cmp.Diff([]string{"parked 0  no_address"}, b.outcomes(t, n)); diff != "" {
		t.Fatal(diff)
	}
	alert := parse(t, b.server.mails()[0])
	if to := alert.header.Get("To"); to != `"Cat Carter" <cat@example.com>` || alert.subject != "A message to Ben Baker could not be delivered" || !strings.Contains(alert.text, "There is no address") {
		t.Errorf("to %s: %s\n%s", to, alert.subject, alert.text)
	}
	b.names.people[ben] = Person{Name: "Ben Baker", Address: "ben@example.com"}
	if err := b.outbox.Retry(t.Context(), acme, n.ID); err != nil {
		t.Fatal(err)
	}
	drain(t, b.mailer(t), b.outbox)
	if diff := cmp.Diff([]string{"parked 0  no_address", "retry 0", "sent 250"}, b.outcomes(t, n)); diff != "" {
		t.Error(diff)
	}
}

// TestForeignAddress has an address in letters that the mail server does not
// take: it is not sent there all the same.
func TestForeignAddress(t *testing.T) {
	for takes, want := range map[bool]string{true: "sent 250", false: "parked 0  foreign_address"} {
		b := newOffice(t)
		b.server.run(func(s *smtp.Server) { s.EnableSMTPUTF8 = takes })
		b.names.people[ben] = Person{Name: "Ben Baker", Address: "bén@example.com"}
		n := some(1, ben)[0]
		take(t, b.outbox, []Notice{n})
		drain(t, b.mailer(t), b.outbox)
		if diff := cmp.Diff([]string{want}, b.outcomes(t, n)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestUnopened cannot open names for a while, whatever the error is.
func TestUnopened(t *testing.T) {
	for _, fault := range []error{errFault, context.Canceled, context.DeadlineExceeded} {
		b := newOffice(t)
		b.server.run()
		b.names.err = fault
		b.clock.passed = func(now time.Time) {
			if now.Sub(start) > 2*time.Minute {
				b.names.set(func() { b.names.err = nil })
			}
		}
		n := some(1, ann)[0]
		take(t, b.outbox, []Notice{n})
		drain(t, b.mailer(t), b.outbox)
		if diff := cmp.Diff([]string{"failed 0  unopened", "failed 0  unopened", "sent 250"}, b.outcomes(t, n)); diff != "" {
			t.Errorf("%v: %s", fault, diff)
		}
	}
}

// TestStopOpening ends the mailer while it opens names, the first time and
// before the mail is handed over: that is no failed attempt.
func TestStopOpening(t *testing.T) {
	n := some(1, ann)[0]
	for _, hangs := range []int{0, 1} { // so many mails are composed before
		b := newOffice(t)
		b.server.run()
		take(t, b.outbox, []Notice{n})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		b.names.asked = func(ctx context.Context, _ events.PrincipalID) error {
			b.names.mu.Lock()
			opened := b.names.opened
			b.names.mu.Unlock()
			if opened < hangs || hangs > 0 && b.server.sentOver() == 0 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		if _, err := b.mailer(t).Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		if got := b.outcomes(t, n); got != nil || len(b.server.mails()) > 0 {
			t.Errorf("%v, %d mails", got, len(b.server.mails()))
		}
		b.names.asked = nil
		if _, err := b.mailer(t).Drain(t.Context()); err != nil {
			t.Error(err)
		}
		b.once(t, []Notice{n})
	}
}

// TestForgottenMeanwhile anonymizes somebody while mails that name them are
// written and wait, for the one before them or for the server.
func TestForgottenMeanwhile(t *testing.T) {
	names := map[string]func(*Notice){
		"person concerned": func(n *Notice) { n.Subject = dan },
		"actor":            func(n *Notice) { n.Actor = dan },
		"on behalf of":     func(n *Notice) { n.OnBehalfOf = dan },
		"former holder":    func(n *Notice) { n.Kind, n.Former = rolemodel.OwnershipTransferred, dan },
		"unreachable":      func(n *Notice) { n.Kind, n.Parked, n.Subject = rolemodel.NoticeParked, &Parked{Why: WhyNoAddress}, dan },
		"recipient":        func(n *Notice) { n.Recipient = dan },
	}
	for _, waits := range []string{"for another mail", "for the server"} {
		for as, name := range names {
			t.Run(as+", waits "+waits, func(t *testing.T) {
				b := newOffice(t)
				list := some(4, ann)
				first := 0 // of those that wait
				if waits == "for another mail" {
					first = 1
				}
				for i := range list[first:] {
					name(&list[first+i])
				}
				waiting, forgotten := make(chan struct{}), make(chan struct{})
				once := sync.OnceFunc(func() {
					close(waiting)
					<-forgotten
				})
				m := b.mailer(t)
				if waits == "for another mail" {
					b.server.data = func([]byte, func()) error { once(); return nil }
				} else {
					m.transport.(*smtpTransport).dial = func(ctx context.Context, network, address string) (net.Conn, error) {
						once()
						return (&net.Dialer{}).DialContext(ctx, network, address)
					}
				}
				b.server.run()
				take(t, b.outbox, list)
				stop := run(t, m)
				<-waiting
				until(t, func() bool {
					b.names.mu.Lock()
					defer b.names.mu.Unlock()
					return b.names.opened == len(list) // all are composed
				})
				b.names.set(func() {
					b.names.people[dan] = Person{Gone: true}
					b.names.people[cat] = Person{Name: "Cat Castle", Address: "castle@example.com"}
				})
				close(forgotten)
				until(t, func() bool { return b.outbox.Counts()[Pending] == 0 })
				_ = stop()
				for i, raw := range b.server.mails() {
					mail := parse(t, raw)
					if strings.Contains(mail.text+mail.html+mail.subject+mail.header.Get("To"), "Dan Dyer") {
						t.Errorf("mail %d names somebody who is anonymized:\n%s", i, mail.text)
					}
					if i >= first && !strings.Contains(mail.text, "anonymized person "+string(dan)) {
						t.Errorf("mail %d:\n%s", i, mail.text)
					}
				}
				if as != "recipient" {
					b.once(t, list)
					return
				}
				b.once(t, list[:first])
				for _, n := range list[first:] {
					if diff := cmp.Diff([]string{"dropped 0  anonymized"}, b.outcomes(t, n)); diff != "" {
						t.Error(diff)
					}
				}
			})
		}
	}
}

// TestHold leaves what is pending to another process, with and without settings.
func TestHold(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	dir := t.TempDir()
	list := some(3, ann)
	take(t, b.outbox, list)
	for name, settings := range map[string]func(*Config){
		"folder": func(c *Config) { c.SMTP, c.Dir = nil, dir },
		"server": func(*Config) {},
		"none":   func(c *Config) { c.SMTP = nil },
	} {
		m := b.mailer(t, settings, func(c *Config) { c.Hold = true })
		if next, err := m.Drain(t.Context()); err != nil || !next.IsZero() {
			t.Errorf("%s: %v, %v", name, next, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := m.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		b.counts(t, map[Status]int{Pending: 3})
		if entries := must(os.ReadDir(dir)); len(entries) > 0 || len(b.server.mails()) > 0 {
			t.Errorf("%s: %v, and %d mails", name, entries, len(b.server.mails()))
		}
	}
	drain(t, b.mailer(t), b.outbox)
	b.once(t, list)
}

// TestHostileNames puts names that try to be more into every place, and reads
// what arrives.
func TestHostileNames(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	var list []Notice
	for i, name := range hostile {
		for kind, n := range letters() {
			if n.Ground.Audience == "" && i > 0 {
				continue
			}
			who := events.PrincipalID(fmt.Sprintf("01J0000000000000000P%06d", i))
			b.names.people[who] = Person{Name: name, Address: fmt.Sprintf("p%d@example.com", i)}
			scope := events.ScopeID(fmt.Sprintf("teamroom:plans-%d", i))
			b.names.titles[scope] = name
			n.Subject, n.Actor, n.Recipient, n.ID = who, who, who, fmt.Sprintf("h%d-%s", i, strings.NewReplacer(".", "-", "_", "-").Replace(kind))
			if n.Scope == room {
				n.Scope = scope
			}
			list = append(list, n)
		}
	}
	b.names.titles[org] = hostile[0] + hostile[7]
	take(t, b.outbox, list)
	drain(t, b.mailer(t), b.outbox)
	b.counts(t, map[Status]int{Sent: len(list)})
	allowed := map[string]bool{"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true, "Content-Type": true, "Auto-Submitted": true, "X-Auto-Response-Suppress": true, "X-Tenure-Notice": true, "X-Tenure-Kind": true}
	for _, raw := range b.server.mails() {
		mail := parse(t, raw)
		for name, values := range mail.header {
			if !allowed[name] || len(values) != 1 {
				t.Errorf("header %s: %q", name, values)
			}
		}
		to, err := mail.header.AddressList("To")
		if err != nil || len(to) != 1 || !strings.HasPrefix(to[0].Address, "p") || !strings.HasSuffix(to[0].Address, "@example.com") {
			t.Errorf("to %v, %v", to, err)
		}
		if len([]rune(mail.subject)) > longestSubject || strings.ContainsAny(mail.subject, "\r\n\x00\x1b\u202e\u2028") {
			t.Errorf("subject %q", mail.subject)
		}
		for line := range bytes.Lines(raw) {
			if len(line) > 998 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
		for _, tag := range []string{"<script", "<img", "onerror=alert(1)>\"", "&lt;script&gt;alert(1)&lt;/script&gt;<"} {
			if tag != "&lt;script&gt;alert(1)&lt;/script&gt;<" && strings.Contains(mail.html, tag) {
				t.Errorf("markup %q in %s", tag, mail.html)
			}
		}
		if strings.ContainsAny(mail.text+mail.html, "\r\x00\x07\x1b\u202e\u2028\u2029\u200f") {
			t.Error("a control character arrived")
		}
	}
}

// TestMany sends ten thousand, once each and in order.
func TestMany(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	b := newOffice(t)
	b.server.run()
	list := some(10_000, ann)
	take(t, b.outbox, list)
	drain(t, b.mailer(t), b.outbox)
	b.once(t, list)
	b.counts(t, map[Status]int{Sent: len(list)})
}

// TestFolder puts mails into a folder where there is no server.
func TestFolder(t *testing.T) {
	b := newOffice(t)
	dir := t.TempDir()
	list := some(3, ann)
	take(t, b.outbox, list)
	files := func(c *Config) { c.SMTP, c.Dir = nil, dir }
	m := b.mailer(t, files)
	if err := os.Mkdir(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "mail", "20260304T050607Z-"+list[0].ID+".eml.tmp") // left over from a crash
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	drain(t, m, b.outbox)
	entries := must(os.ReadDir(filepath.Join(dir, "mail")))
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		if info := must(e.Info()); info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	want := []string{"20260304T050607Z-" + list[0].ID + ".eml", "20260304T050608Z-" + list[1].ID + ".eml", "20260304T050609Z-" + list[2].ID + ".eml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	first := must(os.ReadFile(filepath.Join(dir, "mail", want[0])))
	if mail := parse(t, first); mail.id != "<"+list[0].ID+"@"+ledgerID+".tenure>" || mail.text == "" {
		t.Errorf("%+v", mail)
	}
	// Once more, it takes its own place.
	e := must(m.compose(t.Context(), &list[0]))
	if _, err := m.transport.send(t.Context(), func() (*envelope, error) { return e, nil }); err != nil {
		t.Error(err)
	}
	if again := must(os.ReadFile(filepath.Join(dir, "mail", want[0]))); !bytes.Equal(first, again) {
		t.Error("it is another mail")
	}
	if n := len(must(os.ReadDir(filepath.Join(dir, "mail")))); n != 3 {
		t.Errorf("%d files", n)
	}
	// A folder that cannot be written is no fault of the notices.
	if err := os.RemoveAll(filepath.Join(dir, "mail")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	more := some(4, ann)[3:]
	take(t, b.outbox, more)
	stop := run(t, m)
	until(t, func() bool { return m.Trouble() != nil })
	_ = stop()
	if got := b.outcomes(t, more[0]); got != nil {
		t.Error(got)
	}
}

func TestNewMailer(t *testing.T) {
	good := Config{From: "a@example.com", Dir: "x"}
	if _, err := NewMailer(good); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*Config){
		"sender":            func(c *Config) { c.From = "nobody" },
		"sender of":         func(c *Config) { c.From = "a@example.com\r\nBcc: b@example.com" },
		"public URL":        func(c *Config) { c.PublicURL = "javascript:alert(1)" },
		"at most a path":    func(c *Config) { c.PublicURL = "https://example.com/?q" },
		"neither":           func(c *Config) { c.Dir = "" },
		"HOST:PORT":         func(c *Config) { c.SMTP = &SMTP{Address: "localhost"} },
		"port a number":     func(c *Config) { c.SMTP = &SMTP{Address: "localhost:smtp"} },
		"TLS mode \"some\"": func(c *Config) { c.SMTP = &SMTP{Address: "localhost:25", TLS: "some"} },
	} {
		c := good
		change(&c)
		if _, err := NewMailer(c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// TestWhole follows commits from the ledger to the mail.
func TestWhole(t *testing.T) {
	b := newOffice(t)
	b.server.run()
	before := b.names.state
	list := []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}}
	r := record(before, list...)
	if err := b.outbox.Take(t.Context(), r.Revision, Notices(before, after(t, before, list...), r)); err != nil {
		t.Fatal(err)
	}
	drain(t, b.mailer(t), b.outbox)
	mails := b.server.mails()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	own, mail := parse(t, mails[0]), parse(t, mails[1])
	if strings.HasPrefix(mail.subject, "Your") {
		own, mail = mail, own
	}
	if own.subject != "Your membership in Acme Works was terminated" || !strings.Contains(own.text, "All roles that you held in Acme Works") {
		t.Errorf("%s\n%s", own.subject, own.text)
	}
	if mail.subject != "The membership of Ben Baker in Acme Works was terminated" || mail.header.Get("To") != `"Ann Author" <ann@example.com>` || !strings.Contains(mail.text, "It was meant for “All compliance managers” (rule F07)") {
		t.Errorf("%s\n%s", mail.subject, mail.text)
	}
	if item := b.outbox.List(Filter{Kind: rolemodel.MembershipTerminated})[0]; item.Status != Sent {
		t.Errorf("%+v", item)
	}
}
