// Package service turns a command into a commit and a question into an answer.
//
// A command goes one way: [Service.execute] resolves the names in it to ids,
// takes the organization's newest state, seals what is personal, lets
// [aggregate.Decide] decide, makes the new keys durable, appends to the ledger
// and gives a [Receipt]. There is no other way in.
//
// A question is answered from a state: the newest one, or the one as of a
// [Moment]. Names are opened at the moment of asking, for callers who may see
// them, and nowhere else.
//
// Refusals are [aggregate.Refusals] throughout, with the codes of this package
// added to those of the aggregate. Every other error is trouble of the
// installation, not of the request.
package service
