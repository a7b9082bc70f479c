package notifier

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real mail server on a socket, whose answers a test decides.
type mailServer struct {
	t       testing.TB
	address string

	// rcpt and data decide about a mail; nil accepts. They are not called at the
	// same time.
	rcpt func(to string) error
	data func(raw []byte, drop func()) error
	// users are those who may send, with their passwords; nil for anybody.
	users map[string]string

	mu          sync.Mutex
	accepted    [][]byte
	connections int
	secured     int
	left        int
	// implicit is the TLS from the beginning, nil for none.
	implicit *tls.Config
	deciding sync.Mutex
	closing  chan struct{}
}

// newMailServer is one that does not run yet, on an address of its own.
func newMailServer(t testing.TB) *mailServer {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	s := &mailServer{t: t, address: listener.Addr().String(), closing: make(chan struct{})}
	listener.Close()
	return s
}

// run starts the server and stops it with the test.
func (s *mailServer) run(adjust ...func(*smtp.Server)) *mailServer {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.implicit != nil {
		listener = tls.NewListener(listener, s.implicit)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connections++
		return &session{server: s, conn: c}, nil
	}))
	server.Domain = "localhost"
	server.AllowInsecureAuth = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	for _, a := range adjust {
		a(server)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(listener) }()
	s.t.Cleanup(func() {
		select {
		case <-s.closing:
		default:
			close(s.closing)
		}
		_ = server.Close()
		<-ended
	})
	return s
}

func (s *mailServer) mails() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte(nil), s.accepted...)
}

func (s *mailServer) sentOver() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

type session struct {
	server *mailServer
	conn   *smtp.Conn
	user   string
	open   bool // a mail was begun
}

func (s *session) AuthMechanisms() []string {
	if s.server.users == nil {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if want, known := s.server.users[user]; !known || want != password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Reset() { s.open = false }

func (s *session) Logout() error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.left++
	return nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if _, secured := s.conn.TLSConnectionState(); secured {
		s.server.mu.Lock()
		s.server.secured++
		s.server.mu.Unlock()
	}
	if s.open {
		return code(503)
	}
	s.open = true
	if s.server.users != nil && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "authentication required"}
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.deciding.Lock()
	defer s.server.deciding.Unlock()
	if s.server.rcpt != nil {
		return s.server.rcpt(to)
	}
	return nil
}

var errDropped = errors.New("dropped")

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.deciding.Lock()
	defer s.server.deciding.Unlock()
	if s.server.data != nil {
		if err := s.server.data(raw, func() { s.conn.Conn().Close() }); err != nil && !errors.Is(err, errDropped) {
			return err
		} else if err != nil {
			return nil
		}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.accepted = append(s.server.accepted, raw)
	return nil
}

func code(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no such user ann@example.com"}
}

// received is a mail, taken apart.
type received struct {
	header     netmail.Header
	id         string
	text, html string
	subject    string
}

func parse(t testing.TB, raw []byte) received {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	r := received{header: msg.Header, id: msg.Header.Get("Message-Id")}
	r.subject = must(new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")))
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q: %v", kind, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, into := range []struct {
		kind string
		text *string
	}{{"text/plain", &r.text}, {"text/html", &r.html}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if kind := part.Header.Get("Content-Type"); !strings.HasPrefix(kind, into.kind) {
			t.Errorf("a part of type %q, want %s", kind, into.kind)
		}
		*into.text = strings.ReplaceAll(string(must(io.ReadAll(quotedprintable.NewReader(part)))), "\r\n", "\n")
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("more than two parts: %v", err)
	}
	return r
}
