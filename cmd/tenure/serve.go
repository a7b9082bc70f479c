package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) serve() *cobra.Command {
	var listen string
	settings := mailSettingsFromEnvironment()
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "Serve the API over a data folder",
		Long: `Serve starts the ledger of the data folder in this process and answers the HTTP
API, described at /openapi.json. The first start writes the operator's key to
operator.key in the folder. The log goes to standard error as JSON, without
personal data. It ends cleanly on SIGINT and SIGTERM.

Messages go out by mail through --smtp; without it, each is put as a .eml file
into the folder mail of the data folder. What falls due (reminders, roles and
invitations that end) is done while it runs, and at its start what fell due in
the meantime.`,
		Example: `  tenure serve --data ./ledger --listen 127.0.0.1:7070
  tenure serve --data ./ledger --smtp mail.example.org:587 --smtp-user tenure --smtp-password-file ./smtp.password --mail-from "Tenure <tenure@example.org>"`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.data == "" {
				return usageError{errors.New("serve: say which folder with --data DIR")}
			}
			log := slog.New(slog.NewJSONHandler(a.errs, nil))
			mail, err := settings.mail()
			if err != nil {
				return err
			}
			mail.Lasting = true
			s, err := service.Open(cmd.Context(), service.Config{Dir: a.data, Logger: log, Mail: mail})
			if err != nil {
				return err
			}
			defer func() {
				if err := s.Close(context.WithoutCancel(cmd.Context())); err != nil {
					log.Error("close", "error", err)
				}
			}()
			return a.answer(cmd.Context(), s, log, listen, func(address string) {
				fmt.Fprintf(a.out, "Serving http://%s\n", address)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:7070", "address to listen on; port 0 takes a free one")
	settings.flags(cmd)
	return cmd
}

// answer serves HTTP until the context ends, then lets running requests finish.
func (a *app) answer(ctx context.Context, s *service.Service, log *slog.Logger, listen string, started func(address string)) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: api.Handler(s, log), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("serving", "address", listener.Addr().String(), "ledger", s.Ledger(), "position", s.Position())
	started(listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return server.Shutdown(drain)
}
