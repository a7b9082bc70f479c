package rolemodel

import (
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"
)

// What an expression can name, besides the attributes of the target. Their types
// are text and truth values.
const (
	TargetKind       = "target.kind"
	TargetParent     = "target.parent"
	TargetArchived   = "target.archived"
	PersonGiven      = "person.given"
	PersonSelf       = "person.self"
	PersonMember     = "person.member"
	PersonActive     = "person.active"
	PersonInvited    = "person.invited"
	PersonMemberKind = "person.member_kind"
	PersonMemberHere = "person.member_here"
	HolderMemberKind = "holder.member_kind"
	EditionInForce   = "edition"
)

var names = []struct {
	name string
	kind *cel.Type
}{
	{TargetKind, cel.StringType},
	{TargetParent, cel.StringType},
	{TargetArchived, cel.BoolType},
	{PersonGiven, cel.BoolType},
	{PersonSelf, cel.BoolType},
	{PersonMember, cel.BoolType},
	{PersonActive, cel.BoolType},
	{PersonInvited, cel.BoolType},
	{PersonMemberKind, cel.StringType},
	{PersonMemberHere, cel.BoolType},
	{HolderMemberKind, cel.StringType},
	{EditionInForce, cel.StringType},
}

const (
	attributePrefix = "target.attributes."
	holderName      = "holder"
	personName      = "person"
	holdsFunction   = "holds"
	// mostCost bounds what a condition can cost, in CEL's own units: a name or an
	// operator is about one.
	mostCost = 500
	// deepest bounds how deep parentheses, lists and macros nest: the type
	// checker's time grows with the depth faster than one would think.
	deepest = 16
)

// language is what expressions use of CEL: truth values, comparisons, texts,
// and macros over lists. What is left out could give another answer on another
// machine (time zones), take long to prepare (regular expressions), or go wrong
// at run time alone (conversions, positions in lists).
var language = sync.OnceValues(func() (*cel.Env, error) {
	subset := &env.LibrarySubset{
		IncludeMacros: []string{operators.All, operators.Exists, operators.ExistsOne, operators.Filter, operators.Map},
	}
	for _, name := range []string{
		operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.NotStrictlyFalse,
		operators.Equals, operators.NotEquals, operators.In, operators.Add,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		overloads.Size, overloads.Contains, overloads.StartsWith, overloads.EndsWith,
	} {
		subset.IncludeFunctions = append(subset.IncludeFunctions, &env.Function{Name: name})
	}
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)),
		cel.HomogeneousAggregateLiterals(),
		cel.ParserRecursionLimit(deepest),
		// An expression that was cheap enough once stays so, whatever the library
		// learns about costs: the ledger keeps it.
		cel.CostModelVersion(1),
		cel.Variable(holderName, principalType),
		cel.Variable(personName, principalType),
		cel.Function(holdsFunction, cel.MemberOverload("principal_holds_string", []*cel.Type{principalType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(who, role ref.Val) ref.Val {
				return types.Bool(who.(principal).holds(string(role.(types.String))))
			}))),
	}
	for _, n := range names {
		options = append(options, cel.Variable(n.name, n.kind))
	}
	return cel.NewCustomEnv(options...)
})

// principalType is the type of holder and person in expressions.
var principalType = cel.OpaqueType("principal")

// environment is what the model's expressions are compiled in: the language, and
// the attributes that the model declares.
func environment(d *document) (*cel.Env, error) {
	base, err := language()
	if err != nil {
		return nil, err
	}
	var options []cel.EnvOption
	for _, id := range attributesOf(d) {
		options = append(options, cel.Variable(attributePrefix+string(id), cel.StringType))
	}
	return base.Extend(options...)
}

// attributesOf lists the attributes of all kinds of scope, each once.
func attributesOf(d *document) []attributeID {
	var ids []attributeID
	for _, scope := range d.Scopes {
		for _, attribute := range scope.Attributes {
			if attribute.ID != "" && !slices.Contains(ids, attribute.ID) {
				ids = append(ids, attribute.ID)
			}
		}
	}
	return ids
}

// condition checks one expression: its syntax and types, what it names, and its
// cost; and makes its program.
func (v *validator) condition(env *cel.Env, e *conditionEntry) {
	at := v.places[&e.When]
	refused := func(issues *cel.Issues) bool {
		for _, issue := range issues.Errors() {
			message, _, _ := strings.Cut(issue.Message, "\n")
			v.problem(v.within(at, issue.Location), "condition %q: %s", e.ID, shortenedTo(message, 200))
		}
		return len(issues.Errors()) > 0
	}
	parsed, issues := env.Parse(string(e.When))
	if refused(issues) || !v.named(parsed.NativeRep(), e, at) {
		return
	}
	checked, issues := env.Check(parsed)
	if refused(issues) {
		return
	}
	if checked.OutputType() != cel.BoolType {
		v.problem(at, "condition %q is %s; it must be true or false", e.ID, A(shortenedTo(checked.OutputType().String(), 60)))
		return
	}
	if !v.sensible(checked.NativeRep(), e, at) {
		return
	}
	switch estimate, err := env.EstimateCost(checked, sizes{}); {
	case err != nil:
		v.problem(at, "condition %q: what it costs cannot be told: %s", e.ID, shortenedTo(err.Error(), 200))
		return
	case estimate.Max > mostCost:
		v.problem(at, "condition %q can cost %d; at most %d is allowed", e.ID, estimate.Max, mostCost)
		return
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		v.problem(at, "condition %q: %s", e.ID, shortenedTo(err.Error(), 200))
		return
	}
	v.programs[e.ID] = program
}

// named says whether the parts of target, person and holder in an expression are
// those that there are.
func (v *validator) named(ast *celast.AST, e *conditionEntry, at *yaml.Node) bool {
	before := len(v.problems)
	inner := map[int64]bool{}
	celast.PreOrderVisit(ast.Expr(), celast.NewExprVisitor(func(expr celast.Expr) {
		if expr.Kind() != celast.SelectKind || inner[expr.ID()] {
			return
		}
		root, path := expr, ""
		for root.Kind() == celast.SelectKind {
			path = "." + root.AsSelect().FieldName() + path
			root = root.AsSelect().Operand()
			inner[root.ID()] = true
		}
		if root.Kind() != celast.IdentKind {
			return
		}
		if known := v.namesUnder(root.AsIdent()); len(known) > 0 && !slices.Contains(known, root.AsIdent()+path) {
			place := v.within(at, ast.SourceInfo().GetStartLocation(root.ID()))
			v.problem(place, "condition %q: unknown name %s; known: %s", e.ID, quoted(root.AsIdent()+path), listed(known))
		}
	}))
	return len(v.problems) == before
}

// namesUnder lists the names that an expression can use of target, person or
// holder.
func (v *validator) namesUnder(root string) []string {
	var known []string
	for _, n := range names {
		if strings.HasPrefix(n.name, root+".") {
			known = append(known, n.name)
		}
	}
	if strings.HasPrefix(attributePrefix, root+".") {
		for _, attribute := range attributesOf(v.document) {
			known = append(known, attributePrefix+string(attribute))
		}
	}
	return known
}

// sensible says whether an expression speaks of what there is: roles of the
// model, and values that what they are compared with can have. Holder and person
// stand for nothing by themselves: they are asked which roles they hold.
func (v *validator) sensible(ast *celast.AST, e *conditionEntry, at *yaml.Node) bool {
	before := len(v.problems)
	asked, local := map[int64]bool{}, map[string]bool{}
	// Where a part stands is looked for when there is a problem with it: a file
	// may be one long line.
	place := func(expr celast.Expr) *yaml.Node {
		return v.within(at, ast.SourceInfo().GetStartLocation(expr.ID()))
	}
	visit := func(expr celast.Expr) {
		switch expr.Kind() {
		case celast.ComprehensionKind:
			local[expr.AsComprehension().IterVar()] = true
		case celast.IdentKind:
			if name := expr.AsIdent(); ast.GetType(expr.ID()).IsExactType(principalType) && !asked[expr.ID()] {
				v.problem(place(expr), "condition %q: write %s.holds(ROLE); nothing else can be done with %[2]s", e.ID, name)
			}
		case celast.CallKind:
			call := expr.AsCall()
			if call.FunctionName() == holdsFunction {
				if call.Target().Kind() == celast.IdentKind {
					asked[call.Target().ID()] = true
				}
				v.asks(call.Args()[0], e, place)
				return
			}
			for _, pair := range compared(call) {
				if pair[0].Kind() == celast.IdentKind && !local[pair[0].AsIdent()] {
					v.can(pair[0].AsIdent(), pair[1], e, place)
				}
			}
		}
	}
	celast.PreOrderVisit(ast.Expr(), celast.NewExprVisitor(visit))
	return len(v.problems) == before
}

// asks checks the role that holds is asked about.
func (v *validator) asks(argument celast.Expr, e *conditionEntry, place func(celast.Expr) *yaml.Node) {
	id, literal := textOf(argument)
	switch {
	case !literal || id == "":
		v.problem(place(argument), "condition %q: holds takes the id of a role, in quotes", e.ID)
	case v.roles[roleID(id)] == nil:
		v.role(roleID(id), place(argument))
	case !slices.Contains(v.asked[e.ID], roleID(id)):
		v.asked[e.ID] = append(v.asked[e.ID], roleID(id))
	}
}

// compared lists what a call compares with each other, in both orders.
func compared(call celast.CallExpr) (pairs [][2]celast.Expr) {
	args := call.Args()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		pairs = append(pairs, [2]celast.Expr{args[0], args[1]}, [2]celast.Expr{args[1], args[0]})
	case operators.In:
		if args[1].Kind() != celast.ListKind {
			return nil
		}
		for _, element := range args[1].AsList().Elements() {
			pairs = append(pairs, [2]celast.Expr{args[0], element}, [2]celast.Expr{element, args[0]})
		}
	}
	return pairs
}

// textOf is the text that an expression is; false where it is none.
func textOf(expr celast.Expr) (string, bool) {
	if expr.Kind() != celast.LiteralKind {
		return "", false
	}
	text, is := expr.AsLiteral().Value().(string)
	return text, is
}

// can refuses to compare a name with a text that it never is.
func (v *validator) can(name string, other celast.Expr, e *conditionEntry, place func(celast.Expr) *yaml.Node) {
	text, literal := textOf(other)
	if !literal || !v.legible {
		return
	}
	values, closed := v.valuesOf(name)
	if closed && !slices.Contains(values, text) {
		for i := range values {
			values[i] = quoted(values[i])
		}
		v.problem(place(other), "condition %q: %s is never %s; it can be: %s", e.ID, name, quoted(text), listed(values))
	}
}

// valuesOf lists what a name of an expression can be, and says whether it is
// nothing else.
func (v *validator) valuesOf(name string) (values []string, closed bool) {
	if id, is := strings.CutPrefix(name, attributePrefix); is {
		for i := range v.Scopes {
			if attribute := v.Scopes[i].attribute(attributeID(id)); attribute != nil {
				for _, value := range attribute.Values {
					values = append(values, string(value))
				}
			}
		}
		return append(values, ""), true
	}
	switch name {
	case TargetKind, TargetParent:
		for i := range v.Scopes {
			values = append(values, string(v.Scopes[i].Kind))
		}
		if name == TargetParent {
			values = append(values, "")
		}
	case PersonMemberKind, HolderMemberKind:
		if v.root == nil {
			return nil, false
		}
		for _, kind := range v.root.MemberKinds {
			values = append(values, string(kind.ID))
		}
		values = append(values, "")
	case EditionInForce:
		for _, edition := range v.Editions {
			values = append(values, string(edition.ID))
		}
		if len(values) == 0 {
			values = append(values, "")
		}
	default:
		return nil, false
	}
	return values, true
}

// listed writes values for a message, the first of them where there are many.
func listed(values []string) string {
	const most = 16
	if len(values) > most {
		values = append(slices.Clip(values[:most]), "…")
	}
	return strings.Join(values, ", ")
}

// sizes bounds the texts that an expression can meet: ids and values of the
// model.
type sizes struct{}

// EstimateSize implements [cost.Estimator].
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if len(node.Path()) == 0 {
		return nil
	}
	return &cost.SizeEstimate{Min: 0, Max: 31}
}

// EstimateCallCost implements [cost.Estimator].
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if function != holdsFunction {
		return nil
	}
	return cost.NewCallEstimate(cost.Estimate{Min: 10, Max: 10}, nil)
}
