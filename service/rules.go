package service

import "tenure/rolemodel"

// RuleView is a numbered rule that role models cite and refusals name.
type RuleView struct {
	ID     string `json:"id" doc:"Its number, for instance F04."`
	Model  string `json:"model,omitempty" doc:"The role model that it belongs to; absent for the rules of every model."`
	Title  string `json:"title" doc:"What it is a rule of, for people."`
	Means  string `json:"means" doc:"The rule in plain words."`
	Chosen bool   `json:"chosen,omitempty" doc:"Whether no source says so: it was decided here."`
}

// Rules lists the numbered rules, those of every model first.
func Rules() []RuleView {
	list := []RuleView{}
	for _, r := range rolemodel.Rules() {
		list = append(list, RuleView(r))
	}
	return list
}

// Rule shows one numbered rule.
func Rule(id string) (RuleView, error) {
	r, known := rolemodel.FindRule(id)
	if !known {
		return RuleView{}, refuseUnknown("rule", "rule", id, "tenure rules list")
	}
	return RuleView(r), nil
}
