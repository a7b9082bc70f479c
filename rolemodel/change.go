package rolemodel

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Change is what one version of a model says otherwise than another one: an entry
// of a list, or a key of the document itself. What is for people alone, titles
// and the numbers of rules, is none.
type Change struct {
	// Change is added, removed or changed.
	Change string
	// What is the key of the document: roles, permissions, highest and so on.
	What string
	// ID is the entry's; empty for a key of the document itself.
	ID string
	// Keys are those of the entry that are changed; in a list that has an order,
	// order. They are empty for what is added or removed.
	Keys []string
}

// The values of [Change.Change].
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Changes lists what the model says otherwise than the one before, in the order
// of the document, and of ids.
func Changes(before, after *Model) []Change { return changes(before.canonical, after.canonical) }

// wording are the keys, of the document and its entries, that change nothing.
var wording = map[string]bool{"title": true, "about": true, "rule": true, "ceiling_rule": true, "confirm_rule": true}

// ordered are the keys of lists whose first entry means something.
var ordered = map[string]bool{"values": true, "member_kinds": true, "editions": true}

// changes compares canonical forms.
func changes(before, after []byte) []Change {
	var was, is map[string]any
	if json.Unmarshal(before, &was) != nil || json.Unmarshal(after, &is) != nil {
		return nil // which no canonical form is
	}
	var list []Change
	for _, field := range reflect.VisibleFields(reflect.TypeFor[document]()) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if wording[key] {
			continue
		}
		if field.Type.Kind() == reflect.Slice {
			list = append(list, entryChanges(key, was[key], is[key])...)
			continue
		}
		if field.Type.Kind() == reflect.Struct {
			if keys := changedKeys(object(was[key]), object(is[key])); len(keys) > 0 {
				list = append(list, Change{Change: Changed, What: key, Keys: keys})
			}
		} else if !same(key, was[key], is[key]) {
			list = append(list, Change{Change: Changed, What: key})
		}
	}
	return list
}

// entryChanges compares the entries of one list.
func entryChanges(key string, before, after any) []Change {
	was, first := namedIn(key, before)
	is, next := namedIn(key, after)
	var list []Change
	for id, entry := range was {
		if other, stays := is[id]; !stays {
			list = append(list, Change{Change: Removed, What: key, ID: id})
		} else if keys := changedKeys(entry, other); len(keys) > 0 {
			list = append(list, Change{Change: Changed, What: key, ID: id, Keys: keys})
		}
	}
	for id := range is {
		if _, had := was[id]; !had {
			list = append(list, Change{Change: Added, What: key, ID: id})
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	if ordered[key] && first != next && first != "" && next != "" {
		list = append(list, Change{Change: Changed, What: key, Keys: []string{"order"}})
	}
	return list
}

// namedIn are the entries of a list, by what names them, and the first one's name.
func namedIn(key string, list any) (byID map[string]map[string]any, first string) {
	byID = map[string]map[string]any{}
	entries, _ := list.([]any)
	for i, entry := range entries {
		e := object(entry)
		name := "id"
		switch key {
		case "scopes":
			name = "kind"
		case "sections":
			name = "title"
		}
		id, _ := e[name].(string)
		if byID[id] = e; i == 0 {
			first = id
		}
	}
	return byID, first
}

// changedKeys lists the keys that say something else, by name.
func changedKeys(before, after map[string]any) []string {
	var keys []string
	for key, value := range before {
		if !wording[key] && !same(key, value, after[key]) {
			keys = append(keys, key)
		}
	}
	for key := range after {
		if _, had := before[key]; !had && !wording[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func same(key string, a, b any) bool { return reflect.DeepEqual(bare(key, a), bare(key, b)) }

// bare is a value without its wording, and lists without an order that means
// nothing.
func bare(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for k, v := range value {
			if !wording[k] {
				kept[k] = bare(k, v)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, v := range value {
			kept[i] = bare("", v)
		}
		if !ordered[key] {
			slices.SortFunc(kept, func(a, b any) int { return cmp.Compare(text(a), text(b)) })
		}
		return kept
	}
	return value
}

// text is a value's JSON, whose keys are sorted.
func text(value any) string {
	b, _ := json.Marshal(value) //nolint:errchkjson // it was read from JSON
	return string(b)
}

func object(value any) map[string]any {
	o, _ := value.(map[string]any)
	return o
}
