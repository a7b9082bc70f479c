package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenure/service"
)

func answerColumns() []column[service.Answer] {
	type view = service.Answer
	return []column[view]{
		{"allowed", func(v view) string { return fmt.Sprint(v.Allowed) }},
		{"login", func(v view) string { return v.Login }},
		{"permission", func(v view) string { return v.Permission }},
		{"scope", func(v view) string { return string(v.Scope) }},
		{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
		{"because", func(v view) string {
			var list []string
			for _, g := range v.Because {
				if g.Group != "" {
					list = append(list, fmt.Sprintf("%s#%d", g.Group, g.SinceRevision))
				} else {
					list = append(list, fmt.Sprintf("%s@%s#%d", g.Role, g.Scope, g.SinceRevision))
				}
			}
			return strings.Join(list, " ")
		}},
	}
}

// answerText tells an answer: one sentence for the answer and one for each thing
// that decided it.
func answerText(v service.Answer, explain bool) string {
	word, verb := "no", "may not"
	if v.Allowed {
		word, verb = "yes", "may"
	}
	if !explain {
		return word
	}
	login, upon := visible(v.Login), ""
	if v.About != "" {
		upon = " in regard to " + visible(v.About)
		if v.AboutID == "" {
			upon += ", whom the organization does not know"
		}
	}
	lines := []string{fmt.Sprintf("%s: %s %s do %s%s on %s%s (%s), as of revision %d, %s.", word, login, verb, v.Permission, rule(v.Rule), v.Scope, upon,
		midSentence(v.Title), v.Revision, date(v.AsOf))}
	for _, g := range v.Because {
		line := "because " + login + " is " + sourceText(g)
		if g.Only != "" {
			line += ", only " + visible(g.Only) + rule(g.ConditionRule) + ", which is so"
		}
		lines = append(lines, line)
	}
	for _, g := range v.Unmet {
		lines = append(lines, fmt.Sprintf("%s is %s, which gives it only %s%s, and that is not so", login, sourceText(g), visible(g.Only), rule(g.ConditionRule)))
	}
	for _, w := range v.Withheld {
		where := "everywhere"
		if w.Where != "" {
			where = "where " + w.Where
		}
		lines = append(lines, fmt.Sprintf("%s is %s, from which it was withheld %s, since %s by %s (revision %d)",
			login, sourceText(w.GrantView), where, date(w.At), visible(w.Who), w.Withheld))
	}
	for _, idle := range v.Idle {
		idle.Active = true // the sentence says why it is not
		lines = append(lines, login+" is "+sourceText(idle.GrantView)+", which would give it, but "+idleText(idle))
	}
	if v.Ceiling != nil {
		lines = append(lines, ceilingText(login, *v.Ceiling)...)
	}
	if v.Feature != "" {
		lines = append(lines, "it waits for "+featureText(v.Feature, v.Editions))
	}
	if len(v.Instead) > 0 {
		lines = append(lines, "it would take one of")
		for _, m := range v.Instead {
			lines = append(lines, "  "+missingText(m))
		}
	}
	if len(v.Ask) > 0 {
		lines = append(lines, "ask "+visible(strings.Join(v.Ask, ", ")))
	}
	return strings.Join(lines, "\n  ")
}

// sourceText tells a role or the membership of a group, with the commits that it
// comes from.
func sourceText(g service.GrantView) string {
	text := g.Role + rule(g.Rule) + " on " + string(g.Scope)
	if g.Group != "" {
		text = "in " + string(g.Group)
	}
	text += grantStamp(g)
	if g.Given > 0 {
		text += fmt.Sprintf(", to which it was given %s by %s (revision %d)", date(g.GivenAt), visible(g.GivenBy), g.Given)
	}
	return text
}

func idleText(idle service.IdleView) string {
	switch idle.Why {
	case "expired":
		return "its time is over"
	case "feature":
		return "it waits for " + featureText(idle.Feature, idle.Editions)
	}
	return fmt.Sprintf("the membership of %s is suspended, since %s by %s (revision %d)",
		idle.Membership, date(idle.SuspendedAt), visible(idle.SuspendedBy), idle.Suspended)
}

func ceilingText(login string, c service.CeilingView) []string {
	text := fmt.Sprintf("%s is %s, which lets no more through than its own", login, sourceText(c.GrantView))
	for i, unless := range c.Unless {
		word := ", but "
		if i > 0 {
			word = " and "
		}
		text += word + visible(unless.Only) + rule(unless.ConditionRule)
	}
	if len(c.Unless) > 0 {
		text += ", and that is not so"
	}
	lines := []string{text}
	for _, capped := range c.Capped {
		lines = append(lines, "  so it is of no use that "+login+" is "+sourceText(capped))
	}
	return lines
}

// featureText names a feature that is off, and what turns it on.
func featureText(feature string, editions []string) string {
	if len(editions) == 0 {
		return fmt.Sprintf("the feature %s, which is off: tenure feature on %s", feature, feature)
	}
	return fmt.Sprintf("the feature %s, which is part of the edition %s: tenure edition set %s", feature, strings.Join(editions, " or "), editions[0])
}

func missingText(m service.MissingView) string {
	text := m.Role + rule(m.Rule) + " on " + string(m.Scope)
	switch {
	case m.CustomRole != "":
		text = "a custom role" + rule(m.Rule) + " on " + string(m.Scope) + " (" + m.CustomRole + ") to which it is given"
	case m.GroupKind != "":
		text = "membership of a " + m.GroupKind + " to which it is given"
	case m.Group != "":
		text = "membership of " + string(m.Group)
	}
	if m.Only != "" {
		text += ", only " + visible(m.Only) + rule(m.ConditionRule)
	}
	if m.Feature != "" {
		text += ", once the feature " + m.Feature + " is on"
	}
	return text
}

// rule is a rule's number behind what it is the rule of.
func rule(number string) string {
	if number == "" {
		return ""
	}
	return " [" + number + "]"
}

// midSentence is a title as it is written within a sentence.
func midSentence(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	if size == 0 {
		return ""
	}
	return string(unicode.ToLower(first)) + title[size:]
}
