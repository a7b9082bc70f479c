package aggregate

import (
	"testing"

	"tenure/events"
)

func TestFound(t *testing.T) {
	specify(t, []specification{
		{
			"the operator founds, and the owner is a member with the highest role",
			given(),
			when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: ann}}),
			then(acmeFounded...),
		},
		{
			"with a reason it is no break-glass",
			given(),
			when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: ann}}, because("requested")),
			then(acmeFounded...),
		},
		{
			"under another model",
			given(),
			when(events.Operator, Found{Model: works, Owner: &RegisterPerson{Subject: ann}}),
			then(worksFounded...),
		},
		{
			"a handle is given once",
			given(acmeFounded),
			when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: ben}}, because("requested")),
			refused{code: CodeExists, field: "org", says: "acme exists already"},
		},
		{
			"nobody but the operator founds",
			given(),
			when(ann, Found{Model: github, Owner: &RegisterPerson{Subject: ann}}),
			refused{code: CodeNotPermitted, says: "Only the operator founds"},
		},
		{
			"the highest role needs a holder",
			given(),
			when(events.Operator, Found{Model: github}),
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, help: "tenure grant PERSON admin --org acme", says: "at least 1 active admin on organization:acme"},
		},
		{
			"the owner's id is a ULID",
			given(),
			when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: "ann"}}),
			refused{code: CodeInvalid, says: "ULID"},
		},
		{
			"a role model is needed",
			given(),
			when(events.Operator, Found{}),
			refused{code: CodeUnknown, help: "tenure models list", says: "no role model"},
		},
		{
			"a handle is well formed",
			given(),
			when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: ann}}, inOrg("Acme!")),
			refused{code: CodeInvalid, field: "org", says: "Acme!"},
		},
		{
			"nothing is done in an organization that is not there",
			given(),
			when(ann, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeUnknown, help: "tenure found acme", says: "no organization acme"},
		},
		{
			"a command for one organization is not done in another",
			given(acmeFounded),
			when(ann, RegisterPerson{Subject: ben}, inOrg("other")),
			refused{code: CodeInvalid, field: "org", says: "other"},
		},
	})
}

// What Decide never proposes, Audit refuses all the same.
func TestFoundingIsAudited(t *testing.T) {
	change := func(alter func(*events.ModelAdopted)) []events.Event {
		list := append([]events.Event(nil), acmeFounded...)
		adopted := list[1].(events.ModelAdopted)
		alter(&adopted)
		list[1] = adopted
		return list
	}
	digestOf := func(source string) []byte { return sha(source) }
	forged(t, []forgery{
		{"another digest", given(), events.Operator, change(func(e *events.ModelAdopted) { e.Digest = hash(1) }),
			1, refused{code: CodeInvalid, says: "digest"}},
		{"another id", given(), events.Operator, change(func(e *events.ModelAdopted) { e.Model = "works" }),
			1, refused{code: CodeInvalid, says: "works"}},
		{"a model for another root", given(), events.Operator, change(func(e *events.ModelAdopted) {
			digest := works.Digest()
			e.Model, e.Source, e.Digest = works.ID, works.Canonical(), digest[:]
		}), 1, refused{code: CodeInvalid, says: "organization:acme"}},
		{"no model at all", given(), events.Operator, change(func(e *events.ModelAdopted) {
			e.Source, e.Digest = []byte("model: none"), digestOf("model: none")
		}), 1, refused{code: CodeInvalid, says: "cannot be read"}},
		{"a model laid out otherwise", given(), events.Operator, change(func(e *events.ModelAdopted) {
			source := string(e.Source) + "\n"
			e.Source, e.Digest = []byte(source), digestOf(source)
		}), 1, refused{code: CodeInvalid, says: "canonical"}},
		{"a root with another handle", given(), events.Operator, founding(github, "other"),
			0, refused{code: CodeInvalid, says: "own handle"}},
		{"a model twice", given(), events.Operator, together(acmeFounded, acmeFounded[1]),
			len(acmeFounded), refused{code: CodeInvalid, says: "one role model"}},
		{"a model later", given(acmeFounded), events.Operator, acmeFounded[1:2],
			0, refused{code: CodeExists, field: "model", says: "already"}},
		{"founded again", given(acmeFounded), events.Operator, acmeFounded[:1],
			0, refused{code: CodeInvalid, says: "once"}},
		{"without a model", given(), events.Operator, acmeFounded[:1],
			-1, refused{code: CodeInvalid, says: "no role model"}},
		{"a model first", given(), events.Operator, acmeFounded[1:],
			0, refused{code: CodeInvalid, says: "when the organization is founded"}},
		{"people first", given(), events.Operator, acmeFounded[2:],
			0, refused{code: CodeInvalid, says: "no role model yet"}},
	})
}
