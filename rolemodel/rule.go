package rolemodel

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed rules/*.yaml
var ruleFiles embed.FS

// Rule is a numbered rule of a product's role system, which a role model cites
// and a refusal names.
type Rule struct {
	// ID is its number, for instance F04.
	ID string
	// Model is the model that it belongs to, empty for the rules of every model;
	// Title is what that is called.
	Model, Title string
	// Means is the rule in our own words.
	Means string
	// Chosen says that the sources do not say so: it was decided here.
	Chosen bool
}

// Rules lists the rules of every model first, then those of each model.
func Rules() []Rule { return append([]Rule(nil), rules()...) }

// FindRule finds a rule by its number. The second result says whether there is
// one.
func FindRule(id string) (Rule, bool) {
	for _, r := range rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// rules reads the rules at first use. It panics where a file is broken: that is a
// mistake in this package, found by any test.
var rules = sync.OnceValue(func() []Rule {
	names, err := fs.Glob(ruleFiles, "rules/*.yaml")
	if err != nil {
		panic("rolemodel: " + err.Error())
	}
	var list []Rule
	first := map[string]string{}
	for _, name := range names {
		var page struct {
			Model, Title string
			Rules        []struct {
				ID, Means string
				Chosen    bool
			}
		}
		source, err := ruleFiles.ReadFile(name)
		if err == nil {
			err = yaml.Unmarshal(source, &page)
		}
		if err != nil {
			panic("rolemodel: " + name + ": " + err.Error())
		}
		for _, r := range page.Rules {
			if first[r.ID] != "" || r.Means == "" {
				panic(fmt.Sprintf("rolemodel: %s: rule %q stands twice, or says nothing", name, r.ID))
			}
			first[r.ID] = name
			list = append(list, Rule{ID: r.ID, Model: page.Model, Title: page.Title, Means: r.Means, Chosen: r.Chosen})
		}
	}
	return list
})
