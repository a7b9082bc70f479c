package notifier

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"
	smtpclient "github.com/wneessen/go-mail/smtp"
)

// TLSMode is how the connection to the mail server is encrypted.
type TLSMode string

// The modes. A password is never sent over a connection that is not encrypted,
// unless the server is on this machine.
const (
	// TLSNone: not at all.
	TLSNone TLSMode = "none"
	// TLSStart: after STARTTLS, and not without.
	TLSStart TLSMode = "starttls"
	// TLSStartIfOffered: after STARTTLS if the server offers it.
	TLSStartIfOffered TLSMode = "starttls-if-offered"
	// TLSImplicit: from the beginning, mostly on port 465.
	TLSImplicit TLSMode = "implicit"
)

const (
	// defaultMailTimeout is how long one mail, or a connection, may take.
	defaultMailTimeout = 30 * time.Second
	// farewellTimeout is how long the mail under way and the farewell may take
	// once the mailer is to stop.
	farewellTimeout = 2 * time.Second
)

// SMTP says how to reach the mail server.
type SMTP struct {
	// Address is HOST:PORT.
	Address string
	// TLS is [TLSStart] where it is empty.
	TLS TLSMode
	// User and Password are both empty for none.
	User, Password string
	// Timeout is how long one mail may take; 0 for 30 seconds.
	Timeout time.Duration
	// Roots are the certificate authorities to trust; nil for the system's.
	Roots *x509.CertPool
}

// answer is what took a mail said: a server's codes, or nothing.
type answer struct {
	code  int
	class string
}

// refusal is the error of a mail that the server has refused, for reasons that
// lie in the mail or its recipient. All other errors are the server's, or of the
// way to it.
type refusal struct {
	answer
	// passing says that it may be accepted later.
	passing bool
	why     Why
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("the mail was %s, with code %d", r.why, r.code) }

// smtpTransport hands mails to a server, over one connection for as long as
// there are some.
type smtpTransport struct {
	client  *mail.Client
	session *smtpclient.Client

	timeout, farewell time.Duration
	dial              func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	conn net.Conn // under the session, whatever the library is at
}

func newSMTPTransport(s SMTP) (*smtpTransport, error) {
	host, service, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, fmt.Errorf("mail server %q: want HOST:PORT: %w", s.Address, err)
	}
	port, err := strconv.Atoi(service)
	if err != nil || host == "" {
		return nil, fmt.Errorf("mail server %q: want HOST:PORT, the port a number", s.Address)
	}
	t := &smtpTransport{timeout: cmp.Or(s.Timeout, defaultMailTimeout), farewell: farewellTimeout, dial: (&net.Dialer{}).DialContext}
	config := &tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(port), mail.WithTimeout(t.timeout), mail.WithTLSConfig(config),
	}
	implicit := false
	switch s.TLS {
	case TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case TLSStart, "":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLSStartIfOffered:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case TLSImplicit:
		implicit = true
		options = append(options, mail.WithTLSPolicy(mail.NoTLS)) // no second time
	default:
		return nil, fmt.Errorf("TLS mode %q of the mail server: want %s, %s, %s or %s", s.TLS, TLSNone, TLSStart, TLSStartIfOffered, TLSImplicit)
	}
	if s.User != "" {
		options = append(options, mail.WithUsername(s.User), mail.WithPassword(s.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	options = append(options, mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := t.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		t.conn = conn
		t.mu.Unlock()
		if err := ctx.Err(); err != nil { // hurry may have come too early
			return nil, err
		}
		if !implicit {
			return conn, nil
		}
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return secured, nil
	}))
	t.client, err = mail.NewClient(host, options...)
	return t, err
}

// send hands over one mail. It returns a *refusal if the mail itself was
// refused; after any other error it may have been taken or not.
func (t *smtpTransport) send(ctx context.Context, mail func() (*envelope, error)) (answer, error) {
	kept := t.session != nil
	a, err := t.try(ctx, mail)
	var broken *brokenError
	if kept && errors.As(err, &broken) && broken.step == stepBegin && ctx.Err() == nil {
		// The server has ended a connection that was not used for a while.
		a, err = t.try(ctx, mail)
	}
	return a, err
}

func (t *smtpTransport) try(ctx context.Context, mail func() (*envelope, error)) (answer, error) {
	// What is under way when the mailer is to stop may come to its end.
	defer context.AfterFunc(ctx, t.hurry)()
	if t.session == nil {
		session, err := t.client.DialToSMTPClientWithContext(ctx)
		if err != nil {
			t.cut()
			return answer{}, fmt.Errorf("connect to the mail server: %w", err)
		}
		t.session = session
	}
	e, err := mail()
	if err != nil {
		return answer{}, err
	}
	if strings.ContainsFunc(e.to, func(r rune) bool { return r > unicode.MaxASCII }) {
		if knows, _ := t.session.Extension("SMTPUTF8"); !knows {
			return answer{}, &refusal{why: WhyForeignAddress}
		}
	}
	step, err := t.hand(e)
	if err == nil {
		return answer{code: 250}, nil
	}
	err = classify(step, err)
	var refused *refusal
	// A refusal may leave the server in the middle of the mail.
	if !errors.As(err, &refused) || t.session.Reset() != nil {
		t.cut()
	}
	return answer{}, err
}

// hand says at which step it failed.
func (t *smtpTransport) hand(e *envelope) (step string, err error) {
	if err := t.session.UpdateDeadline(t.timeout); err != nil {
		return stepBegin, err
	}
	if err := t.session.Mail("<" + e.from + ">"); err != nil {
		return stepBegin, err
	}
	if err := t.session.Rcpt("<" + e.to + ">"); err != nil {
		return "naming the recipient", err
	}
	body, err := t.session.Data()
	if err != nil {
		return "announcing the mail", err
	}
	if _, err := body.Write(e.mail); err != nil {
		return "sending the mail", err
	}
	return "waiting for the answer to the mail", body.Close()
}

// stepBegin is the first step of a mail: what fails there was not begun with.
const stepBegin = "beginning a mail"

// brokenError says that a mail did not come to its end, by no fault of its own.
type brokenError struct {
	step string
	// code is 0 if the server did not answer.
	code int
}

// Error implements error. What a server says in words is left out: it may name
// the recipient.
func (e *brokenError) Error() string {
	if e.code != 0 {
		return fmt.Sprintf("the mail server answered %d while %s", e.code, e.step)
	}
	return "the connection to the mail server broke while " + e.step
}

var classPattern = regexp.MustCompile(`^[45]\.\d{1,3}\.\d{1,3}\b`)

// classify says whose fault it is that a mail was not taken.
func classify(step string, err error) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return &brokenError{step: step}
	}
	switch said.Code {
	case 421, 454, 503, 530, 534, 535, 538: // it closes, is out of step, or wants other credentials
		return &brokenError{step: step, code: said.Code}
	}
	if said.Code < 400 || said.Code > 599 {
		return &brokenError{step: step, code: said.Code}
	}
	return &refusal{answer{said.Code, classPattern.FindString(said.Msg)}, said.Code < 500, WhyRefused}
}

// cut ends the connection without a word.
func (t *smtpTransport) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		_ = t.conn.Close()
	}
	t.conn, t.session = nil, nil
}

// hurry leaves the connection little time. A deadline would not do: the library
// sets its own.
func (t *smtpTransport) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if conn := t.conn; conn != nil {
		time.AfterFunc(t.farewell, func() { _ = conn.Close() })
	}
}

// open says whether there is a connection to be closed when nothing is to do.
func (t *smtpTransport) open() bool { return t.session != nil }

// close takes leave of the server.
func (t *smtpTransport) close() {
	if t.session != nil {
		t.hurry()
		_ = t.session.Quit()
	}
	t.cut()
}
