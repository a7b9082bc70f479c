package rolemodel

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write schema.json anew")

const schemaFile = "schema.json"

func TestSchemaIsCurrent(t *testing.T) {
	schema, err := json.MarshalIndent(documentSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	schema = append(schema, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, schema, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, schema) {
		t.Error("schema.json is stale: go test ./rolemodel -run TestSchemaIsCurrent -update")
	}
}

func TestSchemaAcceptsModels(t *testing.T) {
	schema := storedSchema(t)
	for _, m := range List() {
		source, err := files.ReadFile("models/" + m.ID + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"YAML": source, "canonical form": m.Canonical()} {
			value, err := instance(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s of %s: %v", name, m.ID, err)
			}
		}
	}
}

// What is wrong with the shape of a document, an editor shows while it is
// written. What is not, the schema must let pass.
func TestSchemaRefusesBrokenShapes(t *testing.T) {
	schema := storedSchema(t)
	for _, c := range broken {
		value, err := instance([]byte(c.source(t)))
		if err != nil {
			continue
		}
		err = schema.Validate(value)
		if refused := err != nil; refused != c.shape {
			t.Errorf("%s: refused %v, want %v: %v", c.name, refused, c.shape, err)
		}
	}
}

func storedSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	source, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(source, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// instance is the first YAML document as JSON has it, where it can.
func instance(source []byte) (any, error) {
	var value any
	if err := yaml.Unmarshal(source, &value); err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return value, json.Unmarshal(text, &value)
}

// documentSchema derives the schema from the document and its shapes.
func documentSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	known := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[Act]():     actSchema(),
		reflect.TypeFor[Message](): messageSchema(),
		reflect.TypeFor[count]():   {Type: "integer", Minimum: jsonschema.Ptr(1.0), Maximum: jsonschema.Ptr(float64(mostCount))},
	}
	for shaped, shape := range shapes {
		known[shaped] = &jsonschema.Schema{Type: "string", Pattern: shape.pattern.String(), MaxLength: jsonschema.Ptr(shape.longest)}
	}
	schema, err := jsonschema.For[document](&jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		t.Fatal(err)
	}
	boundLists(schema, reflect.TypeFor[document]())
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	schema.Title = "Role model"
	return schema
}

func actSchema() *jsonschema.Schema {
	var names []any
	for _, a := range acts {
		names = append(names, string(a.act))
	}
	var withArgument []string
	for _, p := range prefixes {
		withArgument = append(withArgument, regexp.QuoteMeta(p.prefix))
	}
	return &jsonschema.Schema{Type: "string", AnyOf: []*jsonschema.Schema{
		{Enum: names},
		{Pattern: "^(" + strings.Join(withArgument, "|") + ")" + word + "$"},
	}}
}

func messageSchema() *jsonschema.Schema {
	var names []any
	for _, m := range messages {
		names = append(names, string(m.message))
	}
	return &jsonschema.Schema{Type: "string", Enum: names}
}

// boundLists says of lists what Go types do not: none is null, how long they
// may be, and that references stand in them once.
func boundLists(schema *jsonschema.Schema, of reflect.Type) {
	for _, field := range reflect.VisibleFields(of) {
		name, required := keyOf(field)
		if field.Type.Kind() == reflect.Struct {
			boundLists(schema.Properties[name], field.Type)
		}
		if field.Type.Kind() != reflect.Slice {
			continue
		}
		list := schema.Properties[name]
		list.Type, list.Types = "array", nil
		if required {
			list.MinItems = jsonschema.Ptr(1)
		}
		if most := mostOf(field); most < mostBytes {
			list.MaxItems = jsonschema.Ptr(most)
		}
		if entry := field.Type.Elem(); entry.Kind() == reflect.Struct {
			boundLists(list.Items, entry)
		} else {
			list.UniqueItems = true
		}
	}
}
