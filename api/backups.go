package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tenure/service"
)

// backups streams what is to be kept elsewhere.
func (s *server) backups() {
	for _, backup := range []struct {
		id, path, summary string
		write             func(context.Context, service.Caller, io.Writer) error
	}{
		{"backup-ledger", "/backups/ledger", "Write the ledger, without any key; for the operator", s.service.BackupLedger},
		{"backup-capsule", "/backups/capsule", "Write the key capsule, without the epoch key; for the operator", s.service.BackupCapsule},
	} {
		huma.Register(s.api, huma.Operation{
			OperationID: backup.id, Method: http.MethodGet, Path: "/" + Version + backup.path, Summary: backup.summary, Tags: []string{"Backups"},
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable},
			Responses: map[string]*huma.Response{"200": {
				Description: "The backup. It ends with a checksum, so that a part of it is not taken for the whole.",
				Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
			}},
		}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
			caller := callerOf(ctx)
			if err := service.MayBackup(caller); err != nil {
				return nil, s.problem(ctx, err)
			}
			return &huma.StreamResponse{Body: func(w huma.Context) {
				w.SetHeader("Content-Type", "application/octet-stream")
				if err := backup.write(ctx, caller, w.BodyWriter()); err != nil {
					// It has begun, so all that is left is not to end it well.
					s.log.Error("write a backup", "error", err)
					panic(http.ErrAbortHandler)
				}
			}}, nil
		})
	}
}
