// Package projections says what the ledger means now, and what it meant on a
// date.
//
//   - [Permissions] holds the latest state of every organization and answers
//     who may do what, and why. Reading takes no lock.
//   - [Credentials] finds whom an API key speaks for.
//   - [Timeline] holds one organization's history: its commits, and its state
//     as of any of them.
//
// They are pure folds with a position: what they hold follows from the records
// applied, in order, and from nothing else, so each can be thrown away and
// rebuilt. A record that does not follow on the one before, or that cannot be
// read, is an error; a projection never goes on past it. Personal data stays
// sealed here.
//
// [PostureOf] and [UsageOf] are reports over a history: how the roles are kept,
// and who did what.
package projections
