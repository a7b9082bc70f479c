// Package aggregate decides what may happen.
//
// An organization is the consistency boundary. Its [State] is a value: folding
// a commit gives a new state and leaves the old one as it was, so that a state
// can be kept, dated and asked from any goroutine.
//
//   - [Decide] takes a state and a command and gives the commit that would
//     carry it out, or the refusals. It proposes events, adds what follows from
//     them (a terminated membership ends its roles), and judges nothing itself.
//   - [Audit] judges a commit against a state, without knowing the command:
//     every event well founded, the actor authorized, the bounds kept at the
//     end. Decide runs it on its own proposal; verification runs it over all
//     history. A rule about what may be stands there, once.
//   - [State.Apply] folds a stored commit.
//   - [State.Allowed] and [State.Explain] answer permission questions, of today
//     and of any kept state alike.
//
// All of it is pure: commands carry the time and the new ids. There is no I/O,
// no clock and no randomness here, and persons are ids: names arrive sealed
// and leave sealed.
package aggregate
