package rolemodel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChanges(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     []Change
	}{
		{"layout", "    at_most: 5\n", "\n    at_most: 5 # or so\n", nil},
		{"a title", "title: Use a desk", "title: Work at a desk", nil},
		{"the order of a list", "[company, office, desk]", "[desk, company, office]", nil},
		{"who grants a role", "granted_by: [office.edit]", "granted_by: [company.owner]", []Change{{Changed, "roles", "office.guest", []string{"granted_by"}}}},
		{"a bound", "at_most: 5", "at_most: 6", []Change{{Changed, "roles", "office.guest", []string{"at_most"}}}},
		{"no bound", "    at_most: 5\n", "", []Change{{Changed, "roles", "office.guest", []string{"at_most"}}}},
		{"a key more", "    at_most: 5\n", "    at_most: 5\n    membership: office\n", []Change{{Changed, "roles", "office.guest", []string{"membership"}}}},
		{"what a permission allows", "[directory.read]", "[directory.read, history.read]", []Change{{Changed, "permissions", "company.people", []string{"allows"}}}},
		{"a kind of scope", "    leave: true\n", "", []Change{{Changed, "scopes", "company", []string{"leave"}}}},
		{"another name", "company.staff", "company.crew", []Change{{Added, "roles", "company.crew", nil}, {Removed, "roles", "company.staff", nil}}},
		{"another model", "model: small", "model: other", []Change{{Changed, "model", "", nil}}},
		{"how posture is judged", "permissions:\n  - id: company.people", "posture: {rule: D08, dormant_days: 9}\npermissions:\n  - id: company.people", []Change{{Changed, "posture", "", []string{"dormant_days"}}}},
	}
	before := parse(t, "small.yaml", []byte(small))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(small, test.old) {
				t.Fatalf("%q is not in the model", test.old)
			}
			after := parse(t, "small.yaml", []byte(strings.ReplaceAll(small, test.old, test.new)))
			if diff := cmp.Diff(test.want, Changes(before, after)); diff != "" {
				t.Error(diff)
			}
		})
	}
	yard := func(editions string) []byte {
		return []byte(`{"editions":[` + editions + `]}`)
	}
	want := []Change{{Changed, "editions", "", []string{"order"}}}
	if diff := cmp.Diff(want, changes(yard(`{"id":"a"},{"id":"b"}`), yard(`{"id":"b"},{"id":"a"}`))); diff != "" {
		t.Error(diff)
	}
}

// Whatever key of a document says something else, it is a change, unless it is
// there for people alone.
func TestChangesOfEveryKey(t *testing.T) {
	paths, err := filepath.Glob("testdata/v1/every_key*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	tried := map[string]bool{}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(source, &d); err != nil {
			t.Fatal(err)
		}
		before, err := d.canonical()
		if err != nil {
			t.Fatal(err)
		}
		otherwise(reflect.ValueOf(&d).Elem(), "", func(name, key string) {
			after, err := d.canonical()
			if err != nil {
				t.Fatal(err)
			}
			// A section is known by its title.
			means := !slices.Contains([]string{"title", "about", "rule", "ceiling_rule", "confirm_rule"}, key) || name == "sectionEntry.title"
			if told := len(changes(before, after)) > 0; told != means {
				t.Errorf("%s: %s is told as a change: %t", path, name, told)
			}
			tried[name] = true
		})
	}
	for _, name := range []string{"document.highest", "roleEntry.transferred_by", "designationEntry.set_by", "factEntry.permission", "conditionEntry.when", "roleEntry.ceiling", "attributeEntry.values", "quorumEntry.at_least", "postureEntry.units"} {
		if !tried[name] {
			t.Errorf("%s was not tried: %v", name, len(tried))
		}
	}
}

// otherwise has every value of a document, one after the other, say something
// else, calls tell with the key, and puts it back.
func otherwise(v reflect.Value, name string, tell func(name, key string)) {
	_, key, _ := strings.Cut(name, ".")
	set := func(other reflect.Value) {
		old := reflect.ValueOf(v.Interface())
		v.Set(other)
		tell(name, key)
		v.Set(old)
	}
	switch v.Kind() {
	case reflect.String:
		set(reflect.ValueOf(v.String() + "x").Convert(v.Type()))
	case reflect.Int:
		set(reflect.ValueOf(v.Int() + 1).Convert(v.Type()))
	case reflect.Bool:
		set(reflect.ValueOf(!v.Bool()))
	case reflect.Slice:
		for i := range v.Len() {
			otherwise(v.Index(i), name, tell)
		}
		if v.Len() > 0 {
			set(v.Slice(0, v.Len()-1))
			set(reflect.Zero(v.Type()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			otherwise(v.Field(i), v.Type().Name()+"."+key, tell)
		}
	}
}
