package events

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// valueTypes says how each Go type of a field is named and written.
var valueTypes = []struct {
	goType        reflect.Type
	name, meaning string
}{
	{reflect.TypeFor[OrgID](), "organization", "string: the organization's handle, 2 to 39 of `a-z`, `0-9` and `-`, not starting with `-`. Public; it must not name a person."},
	{reflect.TypeFor[PrincipalID](), "principal", "string: a ULID for persons and API clients, or one of the built-in `operator`, `import` and `background`."},
	{reflect.TypeFor[ScopeID](), "scope", "string: `KIND:HANDLE`, for instance `team:sig-etcd`. Public; it must not name a person."},
	{reflect.TypeFor[RoleID](), "role", "string: a role's id within the roles of its scope's kind."},
	{reflect.TypeFor[CommitID](), "commit", "string: a ULID."},
	{reflect.TypeFor[CredentialID](), "credential", "string: a ULID."},
	{reflect.TypeFor[DesignationID](), "designation", "string: a designation's id within those of its scope's kind."},
	{reflect.TypeFor[FeatureID](), "feature", "string: a feature's id within the role model."},
	{reflect.TypeFor[PermissionID](), "permission", "string: a permission's id within the role model."},
	{reflect.TypeFor[AttributeID](), "attribute", "string: an attribute's id within those of its scope's kind."},
	{reflect.TypeFor[MemberKindID](), "member kind", "string: a kind of member within those of its scope's kind."},
	{reflect.TypeFor[EditionID](), "edition", "string: an edition's id within the role model."},
	{reflect.TypeFor[FactID](), "fact", "string: a fact's id within those of its scope's kind."},
	{reflect.TypeFor[InvitationID](), "invitation", "string: a ULID."},
	{reflect.TypeFor[ReminderID](), "reminder", "string: a ULID."},
	{reflect.TypeFor[HoldID](), "hold", "string: a ULID."},
	{reflect.TypeFor[Revision](), "revision", "unsigned integer: a commit's sequence in the ledger, from 1."},
	{reflect.TypeFor[Cause](), "cause", "string: one of the causes below."},
	{reflect.TypeFor[Sealed](), "sealed", "binary: an encrypted value. Only the vault can open it, until its key is destroyed."},
	{reflect.TypeFor[time.Time](), "time", "timestamp extension (type -1), in UTC, the years 1 to 9999."},
	{reflect.TypeFor[Events](), "events", "array of maps of `data`, `type` and `v`: the fields, name and version of each event."},
	{reflect.TypeFor[[]byte](), "bytes", "binary."},
	{reflect.TypeFor[string](), "text", "string."},
	{reflect.TypeFor[bool](), "flag", "boolean."},
	{reflect.TypeFor[uint64](), "number", "unsigned integer."},
}

// typeName names a field's type for the catalogue.
func typeName(t reflect.Type) (string, error) {
	for _, v := range valueTypes {
		if v.goType == t {
			return v.name, nil
		}
	}
	if t.Kind() == reflect.Slice {
		element, err := typeName(t.Elem())
		return "list of " + element, err
	}
	return "", fmt.Errorf("events: the type %s is not described in valueTypes", t)
}

// WriteCatalogue writes the description of the written language, in Markdown:
// the commit, then every event type with its fields. It is taken from the
// structs, so it says what is written.
func WriteCatalogue(w io.Writer) error {
	page := &strings.Builder{}
	page.WriteString(`# Events

<!-- Written by events.WriteCatalogue from the structs in events/.
     After a change there: go test ./events -run TestCataloguePage -update -->

What can stand in the ledger. One message is one **commit**: what one command
changed, all of it or nothing. It holds **events**, in order.

A commit is a msgpack map. Keys are sorted, lengths, numbers and times have
their shortest form, an optional field that is empty is left out and every
other one is there: so equal commits are equal bytes, and anything else is
refused. A *sealed* field is encrypted under the key of the person or scope it
describes and is unreadable for ever once that key is destroyed; nothing
personal stands in any other field.

## Types of values

| type | written as |
|---|---|
`)
	for _, v := range valueTypes {
		fmt.Fprintf(page, "| %s | %s |\n", v.name, v.meaning)
	}
	page.WriteString("\n## The commit\n\n")
	if err := writeFields(page, reflect.TypeFor[Commit]()); err != nil {
		return err
	}
	fmt.Fprintf(page, "\nReasons: %s.\n", codeList(Reasons))
	fmt.Fprintf(page, "\nCauses, of events that follow from another change: %s.\n", codeList(Causes))

	page.WriteString("\n## The events\n\n| event | version | meaning |\n|---|---|---|\n")
	for _, t := range catalogue.types {
		anchor := strings.ReplaceAll(t.Name, ".", "")
		fmt.Fprintf(page, "| [%s](#%s) | %d | %s |\n", t.Name, anchor, t.Version, t.Meaning)
	}
	for _, t := range catalogue.types {
		fmt.Fprintf(page, "\n### %s\n\n%s Version %d.\n\n", t.Name, t.Meaning, t.Version)
		if err := writeFields(page, t.Struct); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, page.String())
	return err
}

// writeFields writes the table of a struct's fields.
func writeFields(page *strings.Builder, t reflect.Type) error {
	page.WriteString("| field | type | required | sealed | meaning |\n|---|---|---|---|---|\n")
	for _, f := range fieldsOf(t) {
		structField := t.Field(f.index)
		name, err := typeName(structField.Type)
		if err != nil {
			return err
		}
		doc := structField.Tag.Get("doc")
		if doc == "" {
			return fmt.Errorf("events: %s.%s has no doc tag", t, structField.Name)
		}
		fmt.Fprintf(page, "| %s | %s | %s | %s | %s |\n", f.name, name,
			yes(!f.optional), yes(strings.HasSuffix(name, "sealed")), doc)
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func codeList[S ~string](codes []S) string {
	quoted := make([]string, len(codes))
	for i, c := range codes {
		quoted[i] = "`" + string(c) + "`"
	}
	return strings.Join(quoted, ", ")
}
