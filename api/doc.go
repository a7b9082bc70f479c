// Package api is how programs ask: HTTP under /v1, its OpenAPI description, and
// a Go client.
//
// Every operation is one call of package service and nothing more. Refusals
// become RFC 9457 problems; which code has which HTTP status is said in one
// place, [Problem]. Commands take an Idempotency-Key and an If-Match, and give
// the organization's revision as ETag; questions take at_least and wait for
// it.
//
// The same [Handler] answers over the network and, through [InProcess], within
// one process, so that both give the same results.
package api
