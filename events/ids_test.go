package events

import (
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	const ulid = "01K2Q7D3N8R5T6V9W1X2Y3Z4A5"
	type validator interface{ Validate() error }
	for _, test := range []struct {
		id   validator
		want bool
	}{
		{OrgID("ab"), true},
		{OrgID("0-9"), true},
		{OrgID(strings.Repeat("a", 39)), true},
		{OrgID(strings.Repeat("a", 40)), false},
		{OrgID("a"), false},
		{OrgID(""), false},
		{OrgID("-ab"), false},
		{OrgID("Acme"), false},
		{OrgID("ac.me"), false},
		{OrgID("acme\n"), false},
		{OrgID("ac*"), false},
		{OrgID("ac>"), false},
		{OrgID("ac\x00me"), false},
		{OrgID("açme"), false},

		{ScopeID("team:sig-etcd"), true},
		{ScopeID("user_pool:9"), true},
		{ScopeID("team:" + strings.Repeat("a", 63)), true},
		{ScopeID("team:" + strings.Repeat("a", 64)), false},
		{ScopeID(strings.Repeat("k", 31) + ":a"), true},
		{ScopeID(strings.Repeat("k", 32) + ":a"), false},
		{ScopeID("team"), false},
		{ScopeID("team:"), false},
		{ScopeID(":a"), false},
		{ScopeID(""), false},
		{ScopeID("team:a:b"), false},
		{ScopeID("Team:a"), false},
		{ScopeID("team:A"), false},
		{ScopeID("9team:a"), false},
		{ScopeID("team:a\n"), false},

		{PrincipalID(ulid), true},
		{Operator, true},
		{Importer, true},
		{Background, true},
		{PrincipalID("Operator"), false},
		{PrincipalID(""), false},
		{PrincipalID(strings.ToLower(ulid)), false}, // would be a second id of the same person
		{PrincipalID(ulid[1:]), false},
		{PrincipalID(ulid + "A"), false},
		{PrincipalID("8" + ulid[1:]), false}, // passes 128 bits
		{PrincipalID("O" + ulid[1:]), false},
		{PrincipalID("ada@example.org"), false},

		{CommitID(ulid), true},
		{CommitID(strings.ToLower(ulid)), false},
		{CommitID("operator"), false},
		{CredentialID(ulid), true},
		{CredentialID(""), false},
	} {
		if err := test.id.Validate(); (err == nil) != test.want {
			t.Errorf("%T %q: %v", test.id, test.id, err)
		}
	}
	for _, id := range []validator{
		OrgID(strings.Repeat("a", 1<<20)), ScopeID(strings.Repeat("a", 1<<20)),
		PrincipalID(strings.Repeat("a", 1<<20)), CommitID(strings.Repeat("a", 1<<20)),
	} {
		if got := len(id.Validate().Error()); got > 300 {
			t.Errorf("the error of a %T repeats the input: %d characters", id, got)
		}
	}
}

func TestScopeParts(t *testing.T) {
	s := Scope("team", "sig-etcd")
	if s != "team:sig-etcd" || s.Kind() != "team" || s.Handle() != "sig-etcd" {
		t.Errorf("%q is %q and %q", s, s.Kind(), s.Handle())
	}
	if s := ScopeID("team"); s.Kind() != "team" || s.Handle() != "" {
		t.Errorf("%q is %q and %q", s, s.Kind(), s.Handle())
	}
}

func TestValidTicketAndReason(t *testing.T) {
	for ticket, want := range map[string]bool{
		"OPS-1234": true, strings.Repeat("a", 32): true,
		"": false, strings.Repeat("a", 33): false, "two words": false, "a@b": false, "a\n": false, "é": false,
	} {
		if ValidTicket(ticket) != want {
			t.Errorf("ticket %q: %v", ticket, !want)
		}
	}
	for _, code := range Reasons {
		if !ValidReason(code) {
			t.Errorf("reason %q is not valid", code)
		}
	}
	for _, code := range []string{"", "Requested", "because"} {
		if ValidReason(code) {
			t.Errorf("reason %q is valid", code)
		}
	}
}

func TestTime(t *testing.T) {
	got := Time(time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("UTC+1", 3600)))
	if want := time.Date(2026, 3, 1, 11, 0, 0, 123_456_000, time.UTC); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if now := Time(time.Now()); now != now.Round(0) {
		t.Error("the monotonic clock is still there")
	}
}

func TestEffective(t *testing.T) {
	decided, effective := time.Unix(2, 0).UTC(), time.Unix(1, 0).UTC()
	if got := (&Commit{DecidedAt: decided}).Effective(); got != decided {
		t.Error(got)
	}
	if got := (&Commit{DecidedAt: decided, EffectiveAt: effective}).Effective(); got != effective {
		t.Error(got)
	}
}
