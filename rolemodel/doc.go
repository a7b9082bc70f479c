// Package rolemodel says who may do what: role models as data, one YAML file
// each, loaded, validated and compiled to bit sets.
//
// A [Model] names the kinds of scope and how they nest, the permissions on each
// kind, and the roles: what each gives on the scope where it is held and on
// those below, whose membership it needs, how many may hold it, and who grants
// or transfers it. A [Condition] says on what some of that depends: it is a CEL
// expression over the scope asked about, the person concerned and who asks. A
// [Ceiling] bounds what else the holder of a role has. A [Kind] can be a group,
// which carries permissions for its members, and a [Template] is what an
// organization makes roles of its own from. A [Feature] switches some of that
// on, and an [Edition] is a set of features. A [Designation] marks one of the
// holders. An [Audience] gets messages, a [Resolver] finds who is responsible, a
// [Fact] can be put on record, a [Section] is some roles' alone, and the
// [Posture] says how the holders of the highest role are judged.
//
// What the engine itself does is named by an [Act]; a permission lists the acts
// that it authorizes. What the engine tells is a [Message]. No Go code names a
// model, a role or a permission: another product is another file under models.
//
// The package promises:
//
//   - [Parse] either returns a model in which every reference resolves and
//     every rule of the format holds, or [Problems]: all that was found wrong,
//     each with file, line and column. Hostile input (aliases, deep nesting,
//     more than a mebibyte, expressions that take long) is refused; none panics.
//   - A model never changes after Parse. It may be read by any number of
//     goroutines, and look-ups and set reads do not allocate.
//   - [Model.Canonical] is the same for the same document, however it was laid
//     out or commented, and [Parse] reads it back to an equal model. The ledger
//     keeps these bytes, so what parses today must parse for ever: the format
//     grows by optional keys only.
//
// The format is described in docs/models.md, for people who write a model.
// schema.json is its JSON Schema, for completion in editors. It is generated
// from the same Go structs that Parse reads into:
//
//	go test ./rolemodel -run TestSchemaIsCurrent -update
//
// The package imports nothing else of this module and does no I/O.
package rolemodel
