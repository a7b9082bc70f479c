package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/rolemodel"
)

// completion offers words for the shell, each with its title.
type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// second completes the second word after the command; the first one is a
// person.
func second(complete completion) completion {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// first completes the only word after the command.
func first(complete completion) completion {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) != 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// What is completed comes from the role models that this program brings along:
// asking a ledger would take a key, and the folder for itself.
var (
	completeModels = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		add(m.ID, m.Title)
	})
	completeRoles = offer(func(m *rolemodel.Model, kind string, add func(word, title string)) {
		for _, role := range m.Roles {
			if role.Kind == kind {
				add(role.Name, role.Title)
			}
		}
	})
	completeDesignations = offer(func(m *rolemodel.Model, kind string, add func(word, title string)) {
		for _, designation := range m.Designations {
			if designation.Kind == kind {
				add(designation.Name, designation.Title)
			}
		}
	})
	completeFacts = offer(func(m *rolemodel.Model, kind string, add func(word, title string)) {
		for _, fact := range m.Facts {
			if fact.Kind == kind {
				add(fact.Name, fact.Title)
			}
		}
	})
	completePermissions = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, permission := range m.Permissions {
			add(permission.ID, permission.Title)
		}
	})
	completeFeatures = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, feature := range m.Features {
			add(feature.ID, feature.Title)
		}
	})
	completeEditions = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, edition := range m.Editions {
			add(edition.ID, edition.Title)
		}
	})
	completeMemberKinds = offer(func(m *rolemodel.Model, kind string, add func(word, title string)) {
		if k, known := m.Kind(kind); known {
			for _, member := range k.MemberKinds {
				add(member.ID, member.Title)
			}
		}
	})
	completeResolvers = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, resolver := range m.Resolvers {
			add(resolver.ID, resolver.Title)
		}
	})
	completeKinds = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, kind := range m.Kinds {
			if len(kind.Under) > 0 {
				add(kind.Name, kind.Title)
			}
		}
	})
	completeMessages = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, message := range m.Messages {
			add(string(message.Message), message.Title)
		}
	})
)

// offer collects words from all role models, each once. The kind is that of
// the scope given by --on, else the root's.
func offer(collect func(m *rolemodel.Model, kind string, add func(word, title string))) completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var words []string
		offered := map[string]bool{}
		on := ""
		if flag := cmd.Flags().Lookup("on"); flag != nil {
			on, _, _ = strings.Cut(flag.Value.String(), ":")
		}
		for _, model := range rolemodel.List() {
			kind := on
			if kind == "" {
				kind = model.Root
			}
			collect(model, kind, func(word, title string) {
				if !offered[word] {
					offered[word] = true
					words = append(words, word+"\t"+title)
				}
			})
		}
		slices.Sort(words)
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
