package notifier

import (
	"net"
	netmail "net/mail"
	"strconv"
	"testing"
	"time"

	"github.com/wneessen/go-mail"
)

// BenchmarkDrain sends 10,000 notices, and the same mails by the library alone,
// in a loop over one connection to the same server. It reports how the two
// compare: the library's time by the mailer's, which also opens, writes, and
// records, durably, what became of each. "ratio" is against the library as it
// comes, "ratio-tuned" against one that is spared the same needless commands as
// the mailer's.
func BenchmarkDrain(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		server := newMailServer(b).run()
		l := openLedger(b, b.TempDir())
		o := openOutbox(b, l, SystemClock{})
		take(b, o, some(n, ann))
		state := fold(b, "fabasoft", members(ben)...)
		m := newMailer(b, o, newNames(state), server, func(c *Config) { c.Clock = SystemClock{} })

		begun := time.Now()
		drain(b, m, o)
		drained := time.Since(begun)
		if got := len(server.mails()); got != n {
			b.Fatalf("%d mails arrived, %d connections", got, server.sentOver())
		}

		_, port, _ := net.SplitHostPort(server.address)
		example := parse(b, server.mails()[0])
		bare := func(options ...mail.Option) time.Duration {
			client := must(mail.NewClient("127.0.0.1", append(options, mail.WithPort(must(strconv.Atoi(port))), mail.WithTLSPolicy(mail.NoTLS))...))
			if err := client.DialWithContext(b.Context()); err != nil {
				b.Fatal(err)
			}
			begun := time.Now()
			for range n {
				msg := mail.NewMsg()
				msg.FromMailAddress(&netmail.Address{Name: "Tenure", Address: "tenure@example.com"})
				msg.ToMailAddress(&netmail.Address{Name: "Ann Author", Address: "ann@example.com"})
				msg.Subject(example.subject)
				msg.SetBodyString(mail.TypeTextPlain, example.text)
				msg.AddAlternativeString(mail.TypeTextHTML, example.html)
				if err := client.Send(msg); err != nil {
					b.Fatal(err)
				}
			}
			took := time.Since(begun)
			_ = client.Close()
			return took
		}
		plain := bare()
		tuned := bare(mail.WithoutNoop(), mail.WithoutRset())
		b.ReportMetric(float64(n)/drained.Seconds(), "mails/s")
		b.ReportMetric(float64(n)/plain.Seconds(), "bare-mails/s")
		b.ReportMetric(plain.Seconds()/drained.Seconds(), "ratio")
		b.ReportMetric(tuned.Seconds()/drained.Seconds(), "ratio-tuned")
	}
}
