package aggregate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// shape is an organization of any model, with what the model has: scopes in
// several levels, groups and their members, custom roles, and people who hold a
// few roles each.
type shape struct {
	model  *rolemodel.Model
	levels int
	random *rand.Rand

	events []events.Event
	scopes []events.ScopeID
	roles  map[string][]events.RoleID
	people []events.PrincipalID
}

// shaped builds an organization of 200 people.
func shaped(t testing.TB, model *rolemodel.Model, levels int) (State, *shape) {
	t.Helper()
	s := &shape{model: model, levels: levels, random: rand.New(rand.NewPCG(1, 2)), roles: map[string][]events.RoleID{}}
	root := events.Scope(model.Root, string(acme))
	for _, role := range model.Roles {
		if !role.Automatic && !role.Client && len(role.TransferredBy) == 0 {
			s.roles[role.Kind] = append(s.roles[role.Kind], events.RoleID(role.Name))
		}
	}
	s.scopes = []events.ScopeID{root}
	kind, _ := model.Kind(model.Root)
	s.below(root, kind, levels)
	for i, template := range model.Templates {
		role := events.RoleID(fmt.Sprintf("custom%d", i))
		s.add(events.RoleDefined{Role: role, Scope: root, Template: template.ID(), Title: events.Sealed("sealed")})
		for index := range template.Choices.All() {
			if index%2 == 0 {
				s.add(events.PermissionAdded{Role: role, Permission: events.PermissionID(model.Permissions[index].ID)})
			}
		}
		s.roles[template.Kind] = append(s.roles[template.Kind], role)
	}
	for i := range 200 {
		who := person(i)
		s.people = append(s.people, who)
		s.add(registered(who))
		s.person(who, i)
	}
	state := given(founding(model, acme), s.events).applied(t)
	return state, s
}

func (s *shape) add(list ...events.Event) { s.events = append(s.events, list...) }

// below adds scopes: two of every kind that may stand there, as far down as the
// levels go. A group gives all that it can.
func (s *shape) below(parent events.ScopeID, kind *rolemodel.Kind, levels int) {
	if levels == 0 {
		return
	}
	for _, child := range s.model.Kinds {
		if !child.MayStandUnder(kind) {
			continue
		}
		for range 2 {
			id := events.Scope(child.Name, fmt.Sprintf("s%d", len(s.scopes)))
			s.scopes = append(s.scopes, id)
			s.add(created(id, parent))
			for index := range child.Carries.All() {
				s.add(events.PermissionAdded{Scope: id, Permission: events.PermissionID(s.model.Permissions[index].ID)})
			}
			s.below(id, child, levels-1)
		}
	}
}

// person makes somebody a member of the organization and of some scopes, with
// roles on some others.
func (s *shape) person(who events.PrincipalID, i int) {
	root := s.scopes[0]
	if i == 0 {
		s.add(started(who, root), granted(who, events.RoleID(s.model.Highest.Name), root))
		return
	}
	s.add(started(who, root))
	held := map[string]bool{}
	for range 5 {
		on := s.scopes[s.random.IntN(len(s.scopes))]
		if kind, _ := s.model.Kind(on.Kind()); kind.Membership && on != root && !held[string(on)] {
			held[string(on)] = true
			s.add(started(who, on))
		}
	}
	for range 4 {
		on := s.scopes[s.random.IntN(len(s.scopes))]
		if roles := s.roles[on.Kind()]; len(roles) > 0 {
			role := roles[s.random.IntN(len(roles))]
			if key := string(role) + string(on); !held[key] {
				held[key] = true
				s.add(granted(who, role, on))
			}
		}
	}
}

// questions are random ones that fit, about permissions which depend on
// conditions, or about those that do not.
func (s *shape) questions(state State, conditional bool) []Question {
	depend := map[int]bool{}
	for _, role := range s.model.Roles {
		for _, list := range [][]rolemodel.Dependent{role.OwnIf, role.BelowIf} {
			for _, d := range list {
				depend[d.Permission] = true
			}
		}
		if role.Ceiling != nil {
			for _, d := range role.Ceiling.If {
				depend[d.Permission] = true
			}
		}
	}
	byKind := map[string][]*rolemodel.Permission{}
	for _, p := range state.Model.Permissions {
		if depend[p.Index] == conditional {
			byKind[p.Kind] = append(byKind[p.Kind], p)
		}
	}
	var list []Question
	for range 1 << 16 {
		on := s.scopes[s.random.IntN(len(s.scopes))]
		if permissions := byKind[on.Kind()]; len(permissions) > 0 {
			list = append(list, Question{Who: s.people[s.random.IntN(len(s.people))], Permission: permissions[s.random.IntN(len(permissions))], On: on})
		}
		if len(list) == 1<<12 {
			break
		}
	}
	return list
}

// bySize are the role models with the fewest and with the most permissions.
func bySize() (smallest, largest *rolemodel.Model) {
	for _, model := range rolemodel.List() {
		if smallest == nil || len(model.Permissions) < len(smallest.Permissions) {
			smallest = model
		}
		if largest == nil || len(model.Permissions) > len(largest.Permissions) {
			largest = model
		}
	}
	return smallest, largest
}

// TestNoModelMakesCheckingAllocate: where no condition is evaluated, a
// permission question does not allocate, whatever the model and the
// organization.
func TestNoModelMakesCheckingAllocate(t *testing.T) {
	for _, model := range append(rolemodel.List(), studio, works) {
		t.Run(model.ID, func(t *testing.T) {
			state, shape := shaped(t, model, 4)
			list := shape.questions(state, false)
			yes, i := 0, 0
			for _, q := range list {
				if state.Allowed(q) {
					yes++
				}
			}
			if yes == 0 || yes == len(list) {
				t.Fatalf("of %d questions %d are answered with yes", len(list), yes)
			}
			if n := testing.AllocsPerRun(len(list), func() {
				state.Allowed(list[i%len(list)])
				i++
			}); n != 0 {
				t.Errorf("%v allocations a question", n)
			}
		})
	}
}

// BenchmarkModels asks the same organizations of a role model, with four levels
// of scopes, groups and custom roles where it has them, and of the smallest one,
// with one level, in turns. Reported: a check in the one as a multiple of a check
// in the other, and one whose permission depends on a condition.
func BenchmarkModels(b *testing.B) {
	smallest, largest := bySize()
	few, fewShape := shaped(b, smallest, 1)
	small := fewShape.questions(few, false)
	for _, model := range rolemodel.List() {
		name := model.ID
		if model == largest {
			name += ",largest"
		}
		b.Run(name, func(b *testing.B) {
			many, shape := shaped(b, model, 4)
			large, conditional := shape.questions(many, false), shape.questions(many, true)
			var times [3]time.Duration
			ask := func(i int, state State, list []Question) {
				began := time.Now()
				for _, q := range list {
					state.Allowed(q)
				}
				times[i] += time.Since(began)
			}
			rounds := 0
			for b.Loop() {
				ask(0, few, small)
				ask(1, many, large)
				ask(2, many, conditional)
				rounds++
			}
			each := func(i int, list []Question) float64 {
				return float64(times[i].Nanoseconds()) / float64(rounds*max(len(list), 1))
			}
			b.ReportMetric(each(1, large)/each(0, small), "times-smallest")
			b.ReportMetric(each(0, small), "ns/smallest")
			b.ReportMetric(each(1, large), "ns/check")
			if len(conditional) > 0 {
				b.ReportMetric(each(2, conditional), "ns/conditional")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
