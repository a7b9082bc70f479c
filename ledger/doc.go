// Package ledger is where it happened: the append-only store of commits, kept
// by a NATS server inside this process. It is the only package that knows
// stream names and server settings.
//
// The package promises:
//
//   - Durable. When [Ledger.Append] or [Ledger.PutRecords] returns nil, the
//     bytes have been synced to disk, one sync for every commit.
//   - Exact. A commit is appended only if the organization's last revision is
//     the one the caller names. Two writers can never both succeed on the same
//     expectation, and an error says whether the commit may be there.
//   - Whole. Readers get every commit, in the order of the ledger, or an error
//     that names the revision at which they stopped. Nothing is skipped.
//   - Never begun anew. A store that should hold a ledger and does not, that
//     holds it under other settings, or whose blocks are not whole, is refused
//     with the reason, before the server can cut off what it cannot read.
//     Nothing is created over it and nothing is repaired in silence.
//   - One process at a time. A second one on the same folder is refused.
//   - Commits cannot be deleted or altered through this package, nor by anyone
//     connecting as its user. The records of [Ledger.PutRecords] can: when
//     [Ledger.EraseRecord] returns, their bytes are in no file of the folder.
//   - [Ledger.Backup] writes everything but those records, while writes go on.
//     [RestoreBackup] makes the same ledger of it, with the same revisions,
//     bytes and recorded times, or nothing.
//
// What it does not promise: it knows the history by the server's own checksums
// only. Who can write them anew can alter it, and a last commit that is damaged
// after a crash looks like one that was never completed. Only package seal can
// tell.
//
// # The folder
//
//	DIR/ledger.json   the ledger's id, the format of the folder, when it was made
//	DIR/lock          held by the process that has the ledger open
//	DIR/erasing       there while records are being erased; see [Ledger.PutRecords]
//	DIR/notices       there once the ledger keeps notices
//	DIR/nats/         the store of the NATS server
//	DIR.restoring     beside it, while a backup is being restored to DIR
package ledger
