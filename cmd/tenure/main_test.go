package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what commands print into the scripts that show it")

// TestMain lets this test binary be the program: scripts and process tests run
// it under the name tenure, in processes of its own.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"tenure": tenure})
}

// tidy removes what tests share when all have run.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	code := t.M.Run()
	for _, ledger := range ledgers {
		if ledger.dir != "" {
			os.RemoveAll(ledger.dir)
		}
	}
	return code
}

// tenure is main. Where a script's transcript is wanted, it also writes down
// the command, what it printed, and how it ended.
func tenure() {
	path := os.Getenv("TRANSCRIPT")
	if path == "" {
		main()
		return
	}
	var printed bytes.Buffer
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, io.MultiWriter(os.Stdout, &printed), io.MultiWriter(os.Stderr, &printed))
	stop()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(file, "$ tenure %q\n%s[exit status %d]\n", os.Args[1:], printed.Bytes(), code)
		file.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "transcript:", err)
		code = 3
	}
	os.Exit(code)
}

var (
	ulidForm   = regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}\b`)
	keyForm    = regexp.MustCompile(`\btenure_[A-Za-z0-9_-]{43}`)
	tokenForm  = regexp.MustCompile(`\b(invite_[a-z0-9-]+\.)01[0-9A-HJKMNP-TV-Z]{24}\.[A-Za-z0-9_-]{43}`)
	noticeForm = regexp.MustCompile(`\b[a-z2-7]{24}\b`)
	signedForm = regexp.MustCompile(`(bytes-searched: |files-searched: |— tenure/\S+ )\S+`)
	prefixForm = regexp.MustCompile(`\btenure_[A-Za-z0-9_-]{6}`)
	timeForm   = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	portForm   = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// masked replaces what differs from run to run, keeping the width of all that
// stands in tables: ids, keys, tokens, ports, signatures,
// times of today, and what is counted in days from there.
func masked(text string) string {
	text = tokenForm.ReplaceAllString(text, "${1}01"+strings.Repeat("X", 24)+"."+strings.Repeat("K", 43))
	text = signedForm.ReplaceAllString(text, "${1}0")
	text = noticeForm.ReplaceAllString(text, strings.Repeat("n", 24))
	text = ulidForm.ReplaceAllString(text, "01"+strings.Repeat("X", 24))
	text = keyForm.ReplaceAllString(text, "tenure_"+strings.Repeat("K", 43))
	text = prefixForm.ReplaceAllString(text, "tenure_KKKKKK")
	text = portForm.ReplaceAllString(text, "127.0.0.1:PORT")
	return timeForm.ReplaceAllStringFunc(text, func(shown string) string {
		at, err := time.Parse(time.RFC3339, shown)
		if err != nil {
			return shown
		}
		ahead := time.Until(at)
		counted := at.Second() != 0 && ahead > 0 && ahead < 40*24*time.Hour
		if !counted && ahead.Abs() > 24*time.Hour {
			return shown
		}
		return "2026-01-01T00:00:00Z"
	})
}
