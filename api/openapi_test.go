package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const documentPath = "../docs/openapi.json"

// TestDocumentIsCurrent compares docs/openapi.json with the operations as they
// are:
//
//	go test ./api -run TestDocumentIsCurrent -update
func TestDocumentIsCurrent(t *testing.T) {
	text, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var current bytes.Buffer
	if err := json.Indent(&current, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	current.WriteByte('\n')
	if *update {
		if err := os.WriteFile(documentPath, current.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, current.Bytes()) {
		t.Errorf("%s is not current: run go test ./api -run TestDocumentIsCurrent -update", documentPath)
	}
	again, err := OpenAPI()
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the description differs from one time to the next, %v", err)
	}
}

// TestDescription: the description is valid, and says something of everything.
func TestDescription(t *testing.T) {
	document := described(t)
	if document.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %s", document.OpenAPI)
	}
	if err := document.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Errorf("it is not valid: %v", err)
	}
	if document.Info.Title == "" || document.Info.Description == "" || document.Info.Version != Version {
		t.Errorf("it introduces itself as %+v", document.Info)
	}
	ids := map[string]bool{}
	for path, item := range document.Paths.Map() {
		if !strings.HasPrefix(path, "/"+Version+"/") {
			t.Errorf("%s has no version", path)
		}
		for method, o := range item.Operations() {
			name := method + " " + path
			if o.OperationID == "" || ids[o.OperationID] || o.Summary == "" || len(o.Tags) != 1 {
				t.Errorf("%s is %q, %q, %v", name, o.OperationID, o.Summary, o.Tags)
			}
			ids[o.OperationID] = true
			for _, p := range o.Parameters {
				if p.Value.Description == "" {
					t.Errorf("%s says nothing of %s", name, p.Value.Name)
				}
			}
			changes := method != http.MethodGet
			if len(o.Tags) == 1 && (o.Tags[0] == "Backups" || o.OperationID == "retry-notice") {
				continue // it is no command of an organization's, and no question
			}
			if has := func(name string) bool {
				return slices.ContainsFunc(o.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == name })
			}; changes && o.OperationID != "import-timeline" && (!has("Idempotency-Key") || !has("If-Match")) {
				t.Errorf("%s takes no Idempotency-Key or If-Match", name)
			}
			if (o.RequestBody != nil) != changes {
				t.Errorf("%s has a body: %t", name, o.RequestBody != nil)
			}
			for status, response := range o.Responses.Map() {
				if status == "200" {
					if (response.Value.Headers["ETag"] != nil) != changes || response.Value.Content["application/json"] == nil {
						t.Errorf("%s answers with %v, %v", name, response.Value.Headers, response.Value.Content)
					}
				} else if response.Value.Content["application/problem+json"] == nil {
					t.Errorf("%s answers %s with %v", name, status, response.Value.Content)
				}
			}
		}
	}
	for name, schema := range document.Components.Schemas {
		for field, property := range schema.Value.Properties {
			if property.Value.Description == "" && property.Ref == "" {
				t.Errorf("%s says nothing of %s", name, field)
			}
		}
	}
	if document.Components.SecuritySchemes["key"] == nil || len(document.Security) != 1 {
		t.Error("it does not say that a key is needed")
	}
}
