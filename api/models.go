package api

import (
	"context"

	"tenure/service"
)

type ruleQuery struct {
	Rule string `path:"rule" doc:"The rule's number, for instance F04."`
}

type modelQuery struct {
	Model string `path:"model" doc:"The role model's id."`
}

func (s *server) models() {
	const tag = "Role models"
	question(s, "list-models", "/models", "List the role models that an organization can be founded with", tag,
		func(context.Context, *struct{}) ([]service.ModelView, error) { return service.Models(), nil })
	question(s, "show-model", "/models/{model}", "Show a role model: its scopes, permissions and roles", tag,
		func(_ context.Context, in *modelQuery) (service.ModelView, error) { return service.Model(in.Model) })
	question(s, "list-rules", "/rules", "List the numbered rules that role models cite and refusals name", tag,
		func(context.Context, *struct{}) ([]service.RuleView, error) { return service.Rules(), nil })
	question(s, "show-rule", "/rules/{rule}", "Say what a numbered rule means", tag,
		func(_ context.Context, in *ruleQuery) (service.RuleView, error) { return service.Rule(in.Rule) })
}
