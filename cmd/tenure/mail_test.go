package main

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// catcher is a mail server that keeps what it is given.
type catcher struct {
	mu    sync.Mutex
	mails []string // "KIND to ADDRESS"
}

// catch starts a mail catcher, and says where it listens.
func catch(t *testing.T) (*catcher, string) {
	t.Helper()
	c := &catcher{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &caught{catcher: c}, nil }))
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return c, listener.Addr().String()
}

func (c *catcher) has(mail string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.mails, mail)
}

type caught struct {
	catcher *catcher
	to      string
}

func (s *caught) Reset()                                    {}
func (s *caught) Logout() error                             { return nil }
func (s *caught) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *caught) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *caught) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	kind := kindHeader.FindSubmatch(raw)
	s.catcher.mu.Lock()
	defer s.catcher.mu.Unlock()
	s.catcher.mails = append(s.catcher.mails, string(bytes.Join(kind[1:], nil))+" to "+s.to)
	return nil
}

var kindHeader = regexp.MustCompile(`(?m)^X-Tenure-Kind: (\S+)`)

// TestServeMails runs what docker-compose.yml describes as processes: a server
// and a mail catcher. Mail leaves through the catcher, also what a command on the
// folder, which knows of no mail server, has left behind.
func TestServeMails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mail, address := catch(t)
	var server *process
	up := func() string {
		t.Helper()
		var err error
		server, err = start(dir, []string{"TENURE_SMTP=" + address, "TENURE_SMTP_TLS=none", "TENURE_MAIL_FROM=Tenure <tenure@example.org>"},
			"serve", "--data", "ledger", "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.kill)
		eventually(t, "it serves", func() bool { return strings.Contains(server.stdout(), "Serving http://") })
		return strings.TrimSpace(strings.TrimPrefix(server.stdout(), "Serving "))
	}
	url := up()
	to := []string{"--org", "acme", "--url", url, "--key", "ledger/operator.key", "--reason", "correction"}
	mustRun(t, dir, "found", "acme", "--model", "fabasoft", "--owner", "olga", "--email", "olga@acme.example", "--url", url, "--key", "ledger/operator.key")
	for _, name := range []string{"mia", "max"} {
		mustRun(t, dir, append([]string{"person", "add", name, "--email", name + "@acme.example"}, to...)...)
	}
	mustRun(t, dir, append([]string{"grant", "mia", "compliance_manager"}, to...)...)
	mustRun(t, dir, append([]string{"member", "start", "max"}, to...)...)
	mustRun(t, dir, append([]string{"member", "terminate", "max"}, to...)...)
	eventually(t, "the alert arrives", func() bool { return mail.has("membership.terminated to mia@acme.example") })

	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "grant", "max", "support_team", "--org", "acme", "--data", "ledger", "--reason", "correction")
	if files, _ := filepath.Glob(filepath.Join(dir, "ledger", "mail", "*")); len(files) > 0 {
		t.Errorf("mail for the server lies in the folder: %v", files)
	}
	if mail.has("role.granted to max@acme.example") {
		t.Error("the command has sent mail")
	}
	up()
	eventually(t, "what was left arrives", func() bool { return mail.has("role.granted to max@acme.example") })
	if err := server.stop(); err != nil {
		t.Error(err)
	}
}
