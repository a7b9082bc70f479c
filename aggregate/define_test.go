package aggregate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

// define lists roles and marks; the field of each is its own name.
func define(parts ...any) DefineRoles {
	c := DefineRoles{Scope: org}
	for _, part := range parts {
		switch p := part.(type) {
		case RoleHolders:
			c.Roles = append(c.Roles, p)
		case Mark:
			c.Designations = append(c.Designations, p)
		}
	}
	return c
}

func lists(role events.RoleID, who ...events.PrincipalID) RoleHolders {
	return RoleHolders{Role: role, Holders: who, Field: string(role)}
}

func marks(designation events.DesignationID, who events.PrincipalID) Mark {
	return Mark{Designation: designation, Subject: who, Field: string(designation)}
}

// F12: one command, one commit.
func TestDefineRoles(t *testing.T) {
	specify(t, []specification{
		{"all at once", house(registered(eve)), when(ann, define(lists("owner", ann), lists("co_owner", dan), lists("payment_user", eve), lists("administrator", cat, dan),
			marks(mainOwner, dan), marks(mainAdministrator, cat))),
			then(granted(dan, "co_owner", org), granted(eve, "payment_user", org), granted(dan, "administrator", org), revoked(ben, "co_owner", org),
				marked(dan, mainOwner), marked(cat, mainAdministrator))},
		{"what is so already", house(), when(dan, define(lists("owner", ann), lists("co_owner", ben), lists("administrator", cat), marks(mainOwner, ""))), then()},
		{"what is not listed stays", house(granted(dan, "support_team", org)), when(ann, define(lists("co_owner", ben, dan))), then(granted(dan, "co_owner", org))},
		{"nobody", house(), when(ann, define(lists("co_owner"), lists("administrator"))), then(revoked(ben, "co_owner", org), revoked(cat, "administrator", org))},
		{"the same person twice", house(), when(ann, define(lists("owner", ann, ann), lists("co_owner", ben, dan, dan, ben))), then(granted(dan, "co_owner", org))},
		{"another owner", house(), when(ann, define(lists("owner", dan))), then(handover(dan, granted(ann, "co_owner", org, byTransfer))...)},
		{"another owner, out of the co-owners", house(), when(ann, define(lists("owner", ben), lists("co_owner", ann))),
			then(handover(ben, revoked(ben, "co_owner", org, replaced), granted(ann, "co_owner", org))...)},
		{"another owner, and nothing for the former", house(), when(ann, define(lists("owner", dan), lists("co_owner", ben))), then(handover(dan)...)},
		{"another owner and main owner", house(marked(ben, mainOwner)), when(ann, define(lists("owner", ben), lists("co_owner", ann), marks(mainOwner, ann))),
			then(handover(ben, revoked(ben, "co_owner", org, replaced), granted(ann, "co_owner", org), cleared(ben, mainOwner, replaced), marked(ann, mainOwner))...)},
		{"a mark that is not listed lapses", house(marked(ben, mainOwner)), when(ann, define(lists("co_owner", dan))),
			then(granted(dan, "co_owner", org), revoked(ben, "co_owner", org), lapsed(ben, mainOwner, events.CauseUnheld))},
		{"a mark is cleared", house(marked(ben, mainOwner)), when(ann, define(lists("co_owner"), marks(mainOwner, ""))), then(revoked(ben, "co_owner", org), cleared(ben, mainOwner))},
		{"F14: the payment user, administrators alone", house(registered(eve), granted(eve, "payment_user", org)),
			when(eve, define(lists("owner", ann), lists("co_owner", ben), lists("administrator", cat, dan), marks(mainAdministrator, dan))),
			then(granted(dan, "administrator", org), marked(dan, mainAdministrator))},
		{"under break-glass", house(), when(events.Operator, define(lists("owner", dan), lists("administrator")), because("recovery")),
			then(handover(dan, granted(ann, "co_owner", org, byTransfer), revoked(cat, "administrator", org))...).underBreakGlass()},
		{"of another organization", house(), when(ann, DefineRoles{Scope: "organization:other"}), refused{code: CodeUnknown, help: "tenure scope list", says: "no scope"}},
		{"roles that come with membership", house(), when(ann, define(lists("member", ann, ben, cat))),
			refused{code: CodeDefaultRole, role: "organization.member", scope: org, subject: dan, field: "member", help: "tenure member terminate", says: "Every member"}},
		{"the background user, withdrawn", house(opened(board, org)), when(ann, DefineRoles{Scope: board, Roles: []RoleHolders{lists("background_tasks"), lists("manager", cat)}}),
			then(granted(cat, "manager", board), revoked(background, "background_tasks", board))},
		{"the last one who is listed falls back", given(acmeFounded, promoted(ben)), when(ann, DefineRoles{Scope: org, Roles: []RoleHolders{lists("admin", ann)}}),
			then(revoked(ben, "admin", org), granted(ben, "member", org, byDefault))},
	})
}

// Every refusal is named at its field, and nothing is done by halves.
func TestDefineRolesRefuses(t *testing.T) {
	type at map[string]Code
	payer := house(registered(eve), granted(eve, "payment_user", org))
	for _, test := range []struct {
		name  string
		given history
		when  attempt
		want  at
	}{
		{"no owner", house(), when(ann, define(lists("owner"), lists("support_team", dan))), at{"owner": CodeTooFew}},
		{"two owners", house(), when(ann, define(lists("owner", ann, dan))), at{"owner": CodeTooMany}},
		{"an owner who is no member", payer, when(ann, define(lists("owner", eve))), at{"owner": CodeNotMember}},
		{"unknown people, at each field", house(), when(ann, define(lists("owner", nix), lists("co_owner", dan, "01J00000000000000000000NTW"), lists("administrator", dan), marks(mainOwner, nix))),
			at{"owner": CodeUnknown, "co_owner": CodeUnknown, "main_owner": CodeUnknown}},
		{"unknown roles and marks", house(), when(ann, define(lists("king", dan), lists("administrator", dan, cat), marks("head", dan))), at{"king": CodeUnknown, "head": CodeUnknown}},
		{"a role listed twice", house(), when(ann, define(lists("administrator", dan), RoleHolders{Role: "administrator", Field: "again"})), at{"again": CodeInvalid}},
		{"a mark listed twice", house(), when(ann, define(marks(mainOwner, ben), Mark{Designation: mainOwner, Subject: ann, Field: "again"})), at{"again": CodeInvalid}},
		{"owner and co-owner at once", house(), when(ann, define(lists("owner", dan), lists("co_owner", ben, dan))), at{"owner": CodeInvalid, "co_owner": CodeInvalid}},
		{"the owner as co-owner", house(), when(ben, define(lists("co_owner", ann, ben))), at{"co_owner": CodeTransferred}},
		{"the owner as co-owner, by the owner", house(), when(ann, define(lists("co_owner", ann, ben))), at{"co_owner": CodeTooFew}},
		{"F14: what a payment user may not", payer, when(eve, define(lists("owner", dan), lists("co_owner", ben, cat), lists("payment_user", dan), lists("administrator", dan), marks(mainOwner, ben))),
			at{"owner": CodeNotPermitted, "co_owner": CodeNotPermitted, "payment_user": CodeNotPermitted, "main_owner": CodeNotPermitted}},
		{"two payment users", house(), when(ann, define(lists("payment_user", cat, dan), lists("administrator", cat, dan))), at{"payment_user": CodeTooMany}},
		{"F04: a main owner without co-owners", house(), when(ann, define(lists("co_owner"), marks(mainOwner, ann))), at{"main_owner": CodeLapses}},
		{"F04: who is main owner shall stay so without co-owners", house(marked(ann, mainOwner)), when(ann, define(lists("co_owner"), marks(mainOwner, ann))), at{"main_owner": CodeLapses}},
		{"F08: the only administrator as main administrator", house(), when(ann, define(lists("administrator", cat), marks(mainAdministrator, cat))), at{"main_administrator": CodeLapses}},
		{"F11: a person for the background user", house(opened(board, org)), when(ann, DefineRoles{Scope: board, Roles: []RoleHolders{lists("background_tasks", cat), lists("manager", cat)}}),
			at{"background_tasks": CodeInvalid}},
		{"a refusal beside a mark that lapses brings no other", house(marked(ben, mainOwner)), when(ann, define(lists("co_owner", dan), lists("king"))), at{"king": CodeUnknown}},
		{"break-glass without a reason", house(), when(events.Operator, define(lists("administrator"), lists("co_owner"))), at{"reason": CodeBreakGlass}},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := test.given.fold(t)
			before := state.Snapshot()
			commit, err := test.when.decide(state)
			refusals, _ := err.(Refusals)
			if len(refusals) == 0 || len(commit.Events) > 0 {
				t.Fatalf("not refused: %v, %v", err, commit.Events)
			}
			got := at{}
			for _, refusal := range refusals {
				if _, twice := got[refusal.Field]; twice {
					t.Errorf("%s is refused twice: %+v", refusal.Field, refusals)
				}
				got[refusal.Field] = refusal.Code
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\n%+v", diff, refusals)
			}
			if diff := differ(before, state.Snapshot()); diff != "" {
				t.Error(diff)
			}
		})
	}
	// The field survives the judgment of the events.
	_, err := when(eve, define(lists("co_owner", dan))).decide(payer.fold(t))
	if refusals, _ := err.(Refusals); !slices.ContainsFunc(refusals, func(r Refusal) bool { return r.Rule == "F03" && strings.Contains(r.Message, "may not") }) {
		t.Errorf("%v", err)
	}
}
