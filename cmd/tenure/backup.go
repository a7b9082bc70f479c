package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
	"tenure/vault"
)

func (a *app) backup() *cobra.Command {
	var ledger, capsule string
	cmd := &cobra.Command{
		Use:   "backup [--ledger FILE] [--capsule FILE]",
		Short: "Write the ledger and the key capsule to files",
		Long: `Backup writes the ledger, which holds no keys, and the key capsule, without which
nothing personal in the ledger can be read. Keep them apart. A ledger may be kept as
long as you like; of the capsule keep the newest one alone, with the epoch key file: an
older one would bring back what was erased since, and is refused.

A file appears whole or not at all, and is never overwritten.`,
		Example: `  tenure backup --ledger acme-2026-01-31.ledger --capsule keys.capsule --data ./ledger
  tenure backup --capsule keys.capsule --url http://127.0.0.1:7070 --key operator.key`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			// The ledger comes first: the capsule then has a key for all in it.
			var wanted []backupFile
			if ledger != "" {
				wanted = append(wanted, backupFile{What: "ledger", File: ledger})
			}
			if capsule != "" {
				wanted = append(wanted, backupFile{What: "capsule", File: capsule})
			}
			switch {
			case len(wanted) == 0:
				return usageError{errors.New("backup: say what to write: --ledger FILE, --capsule FILE, or both")}
			case len(wanted) == 2 && filepath.Clean(ledger) == filepath.Clean(capsule):
				return usageError{errors.New("backup: the ledger and the capsule need a file each")}
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				if err := writeBackups(cmd.Context(), c, wanted); err != nil {
					return err
				}
				return print(a, wanted, "",
					column[backupFile]{"what", func(f backupFile) string { return f.What }},
					column[backupFile]{"file", func(f backupFile) string { return f.File }},
					column[backupFile]{"bytes", func(f backupFile) string { return fmt.Sprint(f.Bytes) }},
				)
			})
		},
	}
	cmd.Flags().StringVar(&ledger, "ledger", "", "file to write the ledger to")
	cmd.Flags().StringVar(&capsule, "capsule", "", "file to write the key capsule to")
	return cmd
}

// backupFile is a file that a backup writes.
type backupFile struct {
	What  string `json:"what"`
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// writeBackups writes all files before the first one gets its name.
func writeBackups(ctx context.Context, c *api.Client, wanted []backupFile) error {
	var files []*newFile
	for _, each := range wanted {
		f, err := createFile(each.File)
		if err != nil {
			return err
		}
		defer f.discard()
		files = append(files, f)
	}
	for i, f := range files {
		if err := c.Backup(ctx, wanted[i].What, f); err != nil {
			return err
		}
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if wanted[i].Bytes = info.Size(); wanted[i].Bytes == 0 {
			return fmt.Errorf("the backup of the %s came out empty, so it was not kept", wanted[i].What)
		}
	}
	for _, f := range files {
		if err := f.publish(); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) restore() *cobra.Command {
	var r service.RestoreRequest
	cmd := &cobra.Command{
		Use:   "restore --ledger FILE --capsule FILE --epoch-key FILE --data DIR",
		Short: "Make a data folder anew from a backup",
		Long: `Restore makes a data folder from a backup of the ledger, or from an older data folder,
and the newest key capsule with the epoch key file that it goes with. What was erased
stays erased: with a capsule that is older than an erasure it is refused.`,
		Example: `  tenure restore --ledger acme.ledger --capsule keys.capsule --epoch-key epoch-0002.key --data ./restored`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.data == "" || a.url != "" {
				return usageError{errors.New("restore makes a data folder: say which with --data DIR, and give no --url")}
			}
			r.Dir = a.data
			bar := a.progress(1, "restoring "+a.data)
			defer bar.Clear()
			r.Progress = func(done, total uint64) {
				bar.ChangeMax64(max(int64(total), 1))
				bar.Set64(int64(done))
			}
			if err := service.Restore(cmd.Context(), r); err != nil {
				bar.Clear()
				return refusedRestore(err)
			}
			bar.Finish()
			result := restored{Data: a.data}
			return printOne(a, result, fmt.Sprintf("Restored. To go on with it: tenure serve --data %s", a.data),
				column[restored]{"data", func(r restored) string { return r.Data }})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Ledger, "ledger", "", "backup of the ledger, or an older data folder")
	flags.StringVar(&r.Capsule, "capsule", "", "the newest key capsule")
	flags.StringVar(&r.EpochKey, "epoch-key", "", "epoch key file that the capsule goes with")
	flags.StringVar(&r.Journal, "journal", "", "the newest erasure journal, keys/erasures.jsonl, or none if nobody was ever anonymized")
	flags.StringVar(&r.Signer, "signer", "", "the key that certificates are signed with, keys/signer.key; without it they do not verify by the new folder's")
	for _, name := range []string{"ledger", "capsule", "epoch-key"} {
		must(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// restored says what a restore made.
type restored struct {
	Data string `json:"data"`
}

// refusedRestore tells what would undo an erasure apart from what went wrong.
func refusedRestore(err error) error {
	if !errors.Is(err, service.ErrCapsuleOld) && !errors.Is(err, vault.ErrCapsuleBehind) && !errors.Is(err, vault.ErrOtherJournal) {
		return err
	}
	return &api.Problem{
		Type: "urn:tenure:problem:erased_since", Title: http.StatusText(http.StatusConflict), Status: http.StatusConflict,
		Code: "erased_since", Field: "capsule", Detail: err.Error() + ".",
	}
}
