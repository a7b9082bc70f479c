package aggregate

import (
	"bytes"
	"testing"

	"tenure/events"
)

func TestIssueCredential(t *testing.T) {
	issue := func(who events.PrincipalID, key int) IssueCredential {
		return IssueCredential{Subject: who, Credential: keyID(key), Hash: hash(key), Prefix: "tenure_abc"}
	}
	specify(t, []specification{
		{
			"the operator issues a person's first key, which is no break-glass",
			given(acmeFounded, joined(ben)),
			when(events.Operator, issue(ben, 1), because("joined")),
			then(issued(ben, 1)),
		},
		{
			"without a reason as well",
			given(acmeFounded, joined(ben)),
			when(events.Operator, issue(ben, 1)),
			then(issued(ben, 1)),
		},
		{
			"the second one not",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(events.Operator, issue(ben, 2)),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"},
		},
		{
			"nor the next one after the first was revoked",
			given(acmeFounded, joined(ben), issued(ben, 1), ended(ben, 1)),
			when(events.Operator, issue(ben, 2)),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"},
		},
		{
			"but with a reason, under break-glass",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(events.Operator, issue(ben, 2), because("recovery")),
			then(issued(ben, 2)).underBreakGlass(),
		},
		{
			"people issue their own",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(ben, issue(ben, 2)),
			then(issued(ben, 2)),
		},
		{
			"and nobody else's, an administrator neither",
			given(acmeFounded, joined(ben)),
			when(ann, issue(ben, 1)),
			refused{code: CodeNotPermitted, subject: ben, help: "tenure keys issue " + string(ben), says: "people issue their own"},
		},
		{
			"for those who are known",
			given(acmeFounded),
			when(events.Operator, issue(nix, 1)),
			refused{code: CodeUnknown, help: "tenure person add", says: string(nix)},
		},
		{
			"an id is given once",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(ben, issue(ben, 1)),
			refused{code: CodeExists, says: "exists already"},
		},
		{
			"and is a ULID",
			given(acmeFounded, issued(ann, 1)),
			when(ann, IssueCredential{Subject: ann, Credential: "key", Hash: hash(1), Prefix: "tenure_"}),
			refused{code: CodeInvalid, says: "ULID"},
		},
		{
			"a key is kept as its hash",
			given(acmeFounded, issued(ann, 1)),
			when(ann, IssueCredential{Subject: ann, Credential: keyID(2), Hash: []byte("tenure_secret"), Prefix: "tenure_"}),
			refused{code: CodeInvalid, says: "SHA-256"},
		},
		{
			"never in the clear",
			given(acmeFounded, issued(ann, 1)),
			when(ann, IssueCredential{Subject: ann, Credential: keyID(2), Hash: hash(2), Prefix: "tenure_abcdefghijkl"}),
			refused{code: CodeInvalid, says: "at most its first 16 characters"},
		},
	})
}

func TestRevokeCredential(t *testing.T) {
	specify(t, []specification{
		{
			"people revoke their own",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(ben, RevokeCredential{Credential: keyID(1)}),
			then(ended(ben, 1)),
		},
		{
			"an administrator everybody's",
			given(acmeFounded, joined(ben), issued(ben, 1)),
			when(ann, RevokeCredential{Credential: keyID(1)}),
			then(ended(ben, 1)),
		},
		{
			"a member nobody else's",
			given(acmeFounded, joined(ben), issued(ann, 1)),
			when(ben, RevokeCredential{Credential: keyID(1)}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin", says: "credential.revoke"},
		},
		{
			"the operator under break-glass",
			given(acmeFounded, issued(ann, 1)),
			when(events.Operator, RevokeCredential{Credential: keyID(1)}),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"},
		},
		{
			"what is in force",
			given(acmeFounded, issued(ann, 1), ended(ann, 1)),
			when(ann, RevokeCredential{Credential: keyID(1)}),
			refused{code: CodeUnknown, help: "tenure keys list --org acme", says: string(keyID(1))},
		},
	})
}

func TestCredentials(t *testing.T) {
	state := given(acmeFounded, joined(ben), issued(ben, 2), issued(ben, 1), issued(ann, 3), ended(ann, 3)).fold(t)
	list := state.Credentials()
	if len(list) != 2 || list[0].ID != keyID(1) || list[1].ID != keyID(2) || list[0].Subject != ben || !bytes.Equal(list[1].Hash, hash(2)) {
		t.Errorf("credentials are %+v", list)
	}
	if _, inForce := state.Credential(keyID(3)); inForce {
		t.Error("a revoked key is in force")
	}
	if person, _ := state.Person(ann); person.Ever != 1 || len(person.Credentials) != 0 {
		t.Errorf("ann has %d keys of %d", len(person.Credentials), person.Ever)
	}
}
