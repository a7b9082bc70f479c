// Package notifier is who is told: which mail goes to whom, because of which
// event and by which rule.
//
// [Notices] looks at one commit after the other and says, by the role model's
// messages and audiences, which notices it gives rise to. It is pure. The
// [Outbox] keeps them in the stream NOTICES of the ledger, each with what became of it. A
// [Mailer] opens the names that a notice needs, at the moment of sending, writes
// the mail, and hands it to a mail server, or puts it into a folder.
//
// The package promises:
//
//   - One notice for each event, person and kind. Its id follows from these, so
//     that looking at a commit again gives no second one.
//   - Recipients as of the event. What somebody is or holds later changes nothing,
//     except that whoever is anonymized is not written to.
//   - Nobody is silently left out. Where an audience is vacant, or held by the
//     person concerned alone, the next in line is told, and the notice and the
//     mail say so. A notice that cannot be delivered, be it for want of an
//     address, stays, parked, and others are told of it; it goes out again when
//     it is asked to.
//   - Names as of the sending: a mail that waited, for instance for the server, is
//     written anew if somebody whom it names was anonymized or renamed meanwhile.
//   - On record: who was told what, by which role, designation and rule, because
//     of which revision, when, and what the server answered.
//   - Nothing personal in the stream: ids, codes and times alone. What a server
//     answers in words is neither kept nor logged, since it may hold an address.
//   - At least once, with the same Message-ID every time. A mail is sent again
//     only if its outcome was not on record when the process died, or if the
//     connection broke before the server's answer. [Window] says how many that
//     are at most.
//   - In order, and no notice pays for the server: while it cannot be reached, is
//     slow or breaks off, everything waits, and nothing is parked.
//   - No name, title or address can add a header, a line, markup or a command of
//     a template to a mail.
//   - The past is not mailed. A ledger that has commits and no notices, because
//     it is older than they are or was restored, begins with a mark.
package notifier
