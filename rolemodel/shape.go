package rolemodel

import (
	"reflect"
	"regexp"
)

// shape is what a kind of text must look like. Reader and schema both go by it.
type shape struct {
	pattern *regexp.Regexp
	longest int // characters
	want    string
}

const (
	word    = `[a-z][a-z0-9_]{0,30}`
	segment = `[a-z][a-z0-9_]{0,62}`
	suffix  = `( if ` + word + `)?`
	// Letters, marks, numbers, punctuation and symbols; with blanks between.
	// Control and invisible characters stay out: they would let two titles
	// look alike, and some of them cannot be written as YAML.
	visible = `\p{L}\p{M}\p{N}\p{P}\p{S}`
)

func newShape(expression string, longest int, want string) shape {
	return shape{regexp.MustCompile("^" + expression + "$"), longest, want}
}

var shapes = map[reflect.Type]shape{
	reflect.TypeFor[modelID]():        newShape(word, 31, "a model id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[kindName]():       newShape(word, 31, "a scope kind: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[roleID]():         newShape(word+`\.`+segment, 95, "a role id: KIND.NAME, each of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[permissionID]():   newShape(word+`(\.`+segment+`)+`, 128, "a permission id: KIND.SEGMENT, more segments as needed, each of a-z, 0-9 and _, a letter first, up to 128 characters"),
	reflect.TypeFor[featureID]():      newShape(word, 31, "a feature id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[designationID]():  newShape(word+`\.`+segment, 95, "a designation id: KIND.NAME, each of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[audienceID]():     newShape(word, 31, "an audience id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[resolverID]():     newShape(word, 31, "a resolver id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[factID]():         newShape(word+`\.`+segment, 95, "a fact id: KIND.NAME, each of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[beneficiary]():    newShape(`(background|creator)`, 10, "background or creator, those that roles are given to automatically"),
	reflect.TypeFor[grantorID]():      newShape(word+`(\.`+segment+`)+`+suffix, 163, "the id of a role or of a permission, perhaps with: if CONDITION"),
	reflect.TypeFor[permissionRef]():  newShape(word+`(\.`+segment+`)+`+suffix, 163, "a permission id, perhaps with: if CONDITION"),
	reflect.TypeFor[conditionID]():    newShape(word, 31, "a condition id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[editionID]():      newShape(word, 31, "an edition id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[attributeID]():    newShape(word, 31, "an attribute id: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[attributeValue](): newShape(word, 31, "a value: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[memberKindID]():   newShape(word, 31, "a kind of member: up to 31 of a-z, 0-9 and _, a letter first"),
	reflect.TypeFor[holderID]():       newShape(`(person|client)`, 6, "person or client"),
	reflect.TypeFor[confirmation]():   newShape(`[A-Za-z]{1,31}`, 31, "a word of up to 31 letters"),
	reflect.TypeFor[expression]():     newShape(`[`+visible+`]([`+visible+`\p{Zs}\n]*[`+visible+`])?\n*`, 1000, "a CEL expression of up to 1000 visible characters, no blanks around it"),
	reflect.TypeFor[ruleID]():         newShape(`[A-Z][A-Za-z0-9.-]{0,15}`, 16, "the number of a rule, for instance G01"),
	reflect.TypeFor[line]():           newShape(`[`+visible+`]([`+visible+`\p{Zs}]*[`+visible+`])?`, 200, "a line of up to 200 visible characters, no blanks around it"),
	reflect.TypeFor[prose]():          newShape(`[`+visible+`]([`+visible+`\p{Zs}\n]*[`+visible+`])?\n*`, 2000, "a paragraph of up to 2000 visible characters, no blanks around it"),
}

// mostCount is the largest count that a document may give.
const mostCount = 1_000_000
