package rolemodel

import "strings"

// conditional is what stands between an id and the condition that it depends
// on.
const conditional = " if "

// split takes a reference apart: the id, and the condition, empty where there is
// none.
func split[Ref ~string, ID ~string](ref Ref) (id ID, condition conditionID) {
	head, tail, _ := strings.Cut(string(ref), conditional)
	return ID(head), conditionID(tail)
}

// id is the permission that is referred to.
func (r permissionRef) id() permissionID {
	id, _ := split[permissionRef, permissionID](r)
	return id
}

// id is the role or permission that is referred to.
func (g grantorID) id() grantorID {
	id, _ := split[grantorID, grantorID](g)
	return id
}

// depends checks the condition of a reference, and marks it as used.
func depends[Ref ~string](v *validator, list []Ref, used map[conditionID]bool) {
	for i := range list {
		_, condition := split[Ref, permissionID](list[i])
		used[condition] = true
		resolve(v, v.conditions, condition, v.places[&list[i]], conditions)
	}
}

// repeated refuses a reference with a condition beside the same one without.
func repeated[Ref ~string](v *validator, list []Ref) {
	plain := map[string]bool{}
	for _, ref := range list {
		plain[string(ref)] = true
	}
	for i := range list {
		if id, condition := split[Ref, string](list[i]); condition != "" && plain[id] {
			v.problem(v.places[&list[i]], "%q stands in this list without a condition too, so the condition has no effect", id)
		}
	}
}
