package events

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gateOpened is an event that has come to its third version.
type gateOpened struct {
	By    PrincipalID `json:"by,omitempty"`
	Gate  ScopeID     `json:"gate"`
	Times uint64      `json:"times"`
}

type gateOpenedV1 struct {
	Door string `json:"door"`
}

type gateOpenedV2 struct {
	Gate ScopeID `json:"gate"`
}

func (gateOpened) Concern() Concern   { return Concern{} }
func (gateOpenedV1) Concern() Concern { return Concern{} }
func (gateOpenedV2) Concern() Concern { return Concern{} }

func doorToGate(old map[string]any) (map[string]any, error) {
	door, ok := old["door"].(string)
	if !ok {
		return nil, errors.New("there is no door")
	}
	return map[string]any{"gate": "gate:" + door}, nil
}

// countGates leaves an optional field empty, as upcasters may.
func countGates(old map[string]any) (map[string]any, error) {
	old["times"], old["by"] = 1, ""
	return old, nil
}

var gates = map[int]*registry{
	1: newRegistry(declare[gateOpenedV1]("gate.opened", 1, "")),
	2: newRegistry(declare[gateOpenedV2]("gate.opened", 2, "").from(1, doorToGate)),
	3: newRegistry(declare[gateOpened]("gate.opened", 3, "").from(2, countGates).from(1, doorToGate)),
}

func TestUpcast(t *testing.T) {
	for _, test := range []struct {
		version int
		written Event
		want    Event
	}{
		{1, gateOpenedV1{Door: "a"}, gateOpened{Gate: "gate:a", Times: 1}},
		{2, gateOpenedV2{Gate: "gate:b"}, gateOpened{Gate: "gate:b", Times: 1}},
		{3, gateOpened{By: "x", Gate: "gate:c", Times: 9}, gateOpened{By: "x", Gate: "gate:c", Times: 9}},
	} {
		t.Run(fmt.Sprint("version ", test.version), func(t *testing.T) {
			// The same event twice: the second is read after the first was lifted.
			c := goldenCommit(test.written, test.written)
			data, err := encode(commitForm, gates[test.version], reflect.ValueOf(&c).Elem())
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeCommit(data, gates[3])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(goldenCommit(test.want, test.want), got); diff != "" {
				t.Error(diff)
			}
			if test.version == 3 {
				if _, err := decodeCommit(data, gates[2]); !errors.Is(err, ErrUnknown) {
					t.Errorf("an older build reads version 3: %v", err)
				}
			}
		})
	}
}

func TestUpcastRefuses(t *testing.T) {
	var c Commit
	c.Events = Events{gateOpenedV1{Door: "a"}}
	data, err := encode(commitForm, gates[1], reflect.ValueOf(&c).Elem())
	if err != nil {
		t.Fatal(err)
	}
	to := func(up Upcaster) *registry {
		return newRegistry(declare[gateOpenedV2]("gate.opened", 2, "").from(1, up))
	}
	returns := func(fields map[string]any) Upcaster {
		return func(map[string]any) (map[string]any, error) { return fields, nil }
	}
	for name, test := range map[string]struct {
		up   Upcaster
		says string
	}{
		"an error":        {func(map[string]any) (map[string]any, error) { return nil, errors.New("rusty") }, "gate.opened: lift from version 1: rusty"},
		"nothing":         {returns(nil), "want a map"},
		"an old field":    {returns(map[string]any{"door": "a", "gate": "b"}), `unknown field "door"`},
		"a missing field": {returns(map[string]any{}), `field "gate" is missing`},
		"a wrong type":    {returns(map[string]any{"gate": 1}), "want a string"},
		"an odd value":    {returns(map[string]any{"gate": struct{ X int }{}}), "gate: malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decodeCommit(data, to(test.up)); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v\nwant one saying %q", err, test.says)
			}
		})
	}
}

// TestUpcastIsNoWayAround: data of an older version is held to the same depth,
// and reading it leaves nothing behind that would make the next commit pass.
func TestUpcastIsNoWayAround(t *testing.T) {
	c := Commit{Events: Events{gateOpenedV1{Door: "DOOR"}}}
	data, err := encode(commitForm, gates[1], reflect.ValueOf(&c).Elem())
	if err != nil {
		t.Fatal(err)
	}
	types := newRegistry(declare[gateOpenedV2]("gate.opened", 2, "").from(1,
		func(map[string]any) (map[string]any, error) { return map[string]any{"gate": "a"}, nil }))
	for lists, want := range map[int]bool{8: true, 9: false, 12: false} {
		deep := bytes.Replace(data, []byte("\xa4DOOR"), append(bytes.Repeat([]byte("\x91"), lists), 0xc0), 1)
		if _, err := decodeCommit(deep, types); (err == nil) != want || (Scan(deep) == nil) != want {
			t.Errorf("%d lists within each other: Decode %v, Scan %v", lists, err, Scan(deep))
		}
	}

	var fields map[string]any
	if err := Unmarshal(mustEncode(t, Commit{}), &fields); err != nil {
		t.Fatal(err)
	}
	fields["ticket"] = ""
	odd, err := Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := decodeCommit(data, types); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(odd); !errors.Is(err, ErrMalformed) {
			t.Fatalf("an empty ticket after an upcast: %v", err)
		}
	}
}

func TestRegistryRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		declare func()
		says    string
	}{
		"two of a name":      {func() { newRegistry(declare[RoleGranted]("a.b", 1, ""), declare[RoleRevoked]("a.b", 1, "")) }, "a.b is declared twice"},
		"two of a struct":    {func() { newRegistry(declare[RoleGranted]("a.b", 1, ""), declare[RoleGranted]("a.c", 1, "")) }, "a.c is declared twice"},
		"no version":         {func() { newRegistry(declare[RoleGranted]("a.b", 0, "")) }, "version 0"},
		"a missing upcaster": {func() { newRegistry(declare[gateOpened]("a.b", 3, "").from(2, countGates)) }, "no upcaster from version 1"},
	} {
		t.Run(name, func(t *testing.T) { checkPanic(t, test.declare, test.says) })
	}
}

func checkPanic(t *testing.T, run func(), says string) {
	t.Helper()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, says) {
			t.Errorf("panic %q, want one saying %q", got, says)
		}
	}()
	run()
}

func TestCatalogueNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)
	for _, typ := range Catalogue() {
		if !form.MatchString(typ.Name) {
			t.Errorf("%q is not noun.past_participle", typ.Name)
		}
		if got := Name(reflect.Zero(typ.Struct).Interface().(Event)); got != typ.Name {
			t.Errorf("Name of a %s is %q, want %q", typ.Struct, got, typ.Name)
		}
	}
	if got := Name(gateOpened{}) + Name(nil); got != "" {
		t.Errorf("Name of unknown events: %q", got)
	}
	Catalogue()[0].Name = "changed"
	if Catalogue()[0].Name == "changed" {
		t.Error("a caller can change the catalogue")
	}
}

// TestConcern sets every field of an event and looks for those that it should
// be found by.
func TestConcern(t *testing.T) {
	for _, row := range golden {
		v, c := reflect.ValueOf(row.event), reflect.ValueOf(row.event.Concern())
		for i := range c.NumField() {
			name := c.Type().Field(i).Name
			field := v.FieldByName(name)
			if name == "Item" {
				for _, other := range []string{"Credential", "Designation", "Feature", "Edition", "Fact", "Invitation", "Reminder", "Hold", "Permission", "Attribute", "Manager", "Into"} {
					if f := v.FieldByName(other); f.IsValid() {
						field = f.Convert(reflect.TypeFor[string]())
					}
				}
			}
			if field.IsValid() && field.Interface() != c.Field(i).Interface() {
				t.Errorf("Concern of %s: %s is %v, want %v", row.file, name, c.Field(i), field)
			}
			if !field.IsValid() && !c.Field(i).IsZero() {
				t.Errorf("Concern of %s: %s is %v, which the event does not have", row.file, name, c.Field(i))
			}
		}
	}
}
