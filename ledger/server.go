package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/crypto/bcrypt"
)

const (
	// maxPayload is the largest message that the server takes, in bytes.
	maxPayload = 8 << 20

	// writerUser is the user of this process: it reads and writes everything,
	// and cannot destroy what must not be destroyed.
	writerUser = "writer"

	// noStoreLimit keeps the server from computing a limit of its own, out of
	// the free space at the time of its start, which a ledger that has grown
	// past it could never open again.
	noStoreLimit = 1 << 60
)

// startServer runs a NATS server in this process, without a listener, and
// returns the password of [writerUser], who has the permissions; nil for all.
func startServer(dir string, logger *slog.Logger, syncAlways bool, permissions *server.Permissions) (*server.Server, string, error) {
	password := rand.Text()
	// The server keeps the hash only. The password is random, so the cheapest
	// hash is as good as any.
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return nil, "", err
	}
	opts := &server.Options{
		ServerName:             "tenure",
		DontListen:             true,
		NoSigs:                 true,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               dir,
		JetStreamMaxStore:      noStoreLimit,
		SyncAlways:             syncAlways,
		MaxPayload:             maxPayload,
		// Deny rules are per user: a user who only subscribes is one more entry
		// here, with `Publish: Deny: ">"`.
		Users: []*server.User{
			{Username: writerUser, Password: string(hash), Permissions: permissions},
		},
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, "", err
	}
	log := &serverLog{logger: logger}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	if fatal := log.fatal.Load(); fatal != nil || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		if fatal != nil {
			return nil, "", fmt.Errorf("%w: %s", ErrUnavailable, *fatal)
		}
		return nil, "", fmt.Errorf("%w: the NATS server did not start", ErrUnavailable)
	}
	return s, password, nil
}

// writerPermissions denies what would destroy history. The server does not
// answer a denied request: the client sees a time-out.
func writerPermissions() *server.Permissions {
	deny := []string{"$JS.API.ACCOUNT.PURGE.>"}
	for _, stream := range []string{ledgerStream, "EVENTS", "NOTICES"} {
		deny = append(deny,
			"$JS.API.STREAM.DELETE."+stream,
			"$JS.API.STREAM.PURGE."+stream,
			"$JS.API.STREAM.UPDATE."+stream,
			"$JS.API.STREAM.RESTORE."+stream,
			"$JS.API.STREAM.MSG.DELETE."+stream,
		)
	}
	// Single records of KEYS are erased; the stream itself stays.
	deny = append(deny,
		"$JS.API.STREAM.DELETE."+keysStream,
		"$JS.API.STREAM.UPDATE."+keysStream,
		"$JS.API.STREAM.RESTORE."+keysStream,
	)
	return &server.Permissions{Publish: &server.SubjectPermission{Deny: deny}}
}

// serverLog routes the server's log to slog. What the server notes about its
// ordinary course is for those who look for it: level debug.
type serverLog struct {
	logger *slog.Logger
	fatal  atomic.Pointer[string]
}

func (l *serverLog) log(level slog.Level, format string, args []any) {
	if l.logger.Enabled(context.Background(), level) {
		l.logger.Log(context.Background(), level, fmt.Sprintf(format, args...), "from", "nats-server")
	}
}

func (l *serverLog) Noticef(format string, args ...any) { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log(slog.LevelWarn, format, args) }
func (l *serverLog) Errorf(format string, args ...any)  { l.log(slog.LevelError, format, args) }
func (l *serverLog) Debugf(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Tracef(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }

// Fatalf keeps the reason; startServer turns it into an error.
func (l *serverLog) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.fatal.Store(&reason)
	l.log(slog.LevelError, format, args)
}

// writeError says why the server's store no longer takes writes, nil if it
// does.
func writeError(s *server.Server) error {
	if !s.Running() {
		return errors.New("the NATS server has stopped")
	}
	if health := s.Healthz(nil); health.Error != "" {
		return errors.New(health.Error)
	}
	return nil
}
