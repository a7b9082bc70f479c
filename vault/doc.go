// Package vault keeps what can be forgotten: the data keys under which
// everything personal in the ledger is sealed.
//
// Every owner has one random 256-bit data key in each organization. An owner
// is a person, a scope (for its title), or [Organization] itself (for the key
// of its look-ups). The key lies in the owner's record, together with what the
// owner can be looked up by. Erase the record, and what was sealed for the
// owner stays in the ledger as bytes that nobody can open.
//
// The package promises:
//
//   - A sealed value opens only where it was sealed: it is bound to its
//     organization, owner, commit and [Field]. Elsewhere it is [ErrTampered].
//   - A key is durable before [Stage.Store] returns, so before any commit that
//     needs it can be appended. What a refused command has stored is undone by
//     [Stage.Discard]; what a crash has left behind, by [Vault.Sweep] and
//     [Vault.Mend] at the next start.
//   - Look-up values are kept as tokens, HMAC-SHA-256 under a key of the
//     organization, in the owner's record and nowhere else. After the erasure
//     of the record, a look-up finds nothing.
//   - Data keys are wrapped by the epoch key, in the store and in memory, and
//     unwrapped only for the moment of their use. The epoch key is a file that
//     is never in the store; whoever has only one of the two can open nothing.
//   - [Vault.Forget] destroys the epoch key together with the record, so that
//     copies of the record in logs, mirrors, backups and capsules die with it.
//     Killed at any moment, it has not begun, or [Vault.Resume] ends it; nobody
//     else loses a key. The journal keeps what was destroyed, and
//     [SignCertificate] states it for those who were not there. It states what
//     was found in files only if they were searched.
//   - A [Capsule] holds the wrapped records and the journal, never the epoch
//     key. One from before an erasure is refused beside a newer journal, and
//     the key that it needs is no more.
//   - A record that was altered, moved to another owner or written under
//     another epoch key is found by [Load], which then changes nothing.
//
// What it cannot reach: copies of key files that were made outside of its
// folder, copies inside of it that are compressed, encrypted or encoded other
// than in lower-case hexadecimal, what was opened and sent or exported before, and blocks that a file
// system or a disk has copied by itself. Hence "irreversible with the means at
// hand", not "anonymous in law".
//
// It never writes plaintext, data keys or look-up values anywhere, errors
// included. It does not decide who may be forgotten, nor when. It learns of
// records only by loading and writing them itself, so one store has one vault.
//
// # The folder
//
//	DIR/keys/epoch-NNNN.key   the epoch key; two of them while an erasure is under way
//	DIR/keys/erasures.jsonl   the erasure journal: append-only, its lines linked by SHA-256
//	DIR/keys/signer.key       signs the erasure certificates of this installation
//	DIR/keys/signer.pub       verifies them
//
// Keep the epoch key, the signer's key and the newest journal apart from the
// capsules and from the backups of the ledger.
package vault
