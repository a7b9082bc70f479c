// Package events is the written language of the ledger: what can happen.
//
// A [Commit] is one command's outcome, stored as one message, all of it or
// nothing. It carries the events, who did them, when they were decided and
// when they took effect. A [Record] is a commit together with its place in
// the ledger.
//
// The package promises:
//
//   - One registry ([Catalogue]) names every event type, its version and its
//     Go struct. An event that is not in it can be neither written nor read.
//   - One encoding. [Encode] writes msgpack with sorted keys and shortest
//     forms, so equal commits are equal bytes. [Decode] takes bytes of any
//     origin and accepts no others than Encode writes: hostile lengths, deep
//     nesting, unsorted or double keys, unknown or missing fields and trailing
//     bytes are refused, without allocating for them.
//   - Old bytes stay readable for ever. Upcasters lift an older version to the
//     newest shape at this edge, so that no other code knows old shapes. The
//     bytes under testdata/v1 are only ever added to. docs/events.md describes
//     the format; [WriteCatalogue] writes it from the structs.
//   - Nothing personal is in the clear: names, logins, addresses, job titles,
//     notes and scope titles are [Sealed].
//
// It imports nothing else of this module and does no I/O.
package events
