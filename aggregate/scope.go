package aggregate

import "tenure/events"

// CreateScope adds a scope below another.
type CreateScope struct {
	Scope  events.ScopeID
	Parent events.ScopeID
	// Title is sealed under the scope's own key, or empty.
	Title events.Sealed
}

// RenameScope gives a scope another title; its handle stays.
type RenameScope struct {
	Scope events.ScopeID
	Title events.Sealed
}

// MoveScope puts a scope, and all below it, under another parent.
type MoveScope struct {
	Scope  events.ScopeID
	Parent events.ScopeID
}

// DeleteScope ends a scope, the scopes below it, and what was held on them
// (G04).
type DeleteScope struct{ Scope events.ScopeID }

// Name implements [Command].
func (CreateScope) Name() string { return "scope.create" }

// Name implements [Command].
func (RenameScope) Name() string { return "scope.rename" }

// Name implements [Command].
func (MoveScope) Name() string { return "scope.move" }

// Name implements [Command].
func (DeleteScope) Name() string { return "scope.delete" }

func (c CreateScope) propose(d *draft) {
	if _, exists := d.scope(c.Parent); !exists {
		return
	}
	if _, known := d.state.Model.Kind(c.Scope.Kind()); !known {
		d.refuse(unknown("scope kind", c.Scope.Kind()+" in the model "+d.state.Model.ID, "tenure models show "+d.state.Model.ID))
		return
	}
	d.emit(events.ScopeCreated{Scope: c.Scope, Parent: c.Parent, Title: c.Title, Cause: d.cause})
}

func (c RenameScope) propose(d *draft) {
	if _, exists := d.scope(c.Scope); exists {
		d.emit(events.ScopeRenamed{Scope: c.Scope, Title: c.Title})
	}
}

func (c MoveScope) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	if _, exists := d.scope(c.Parent); exists && scope.Parent != c.Parent {
		d.emit(events.ScopeMoved{Scope: c.Scope, Parent: c.Parent, Cause: d.cause})
	}
}

func (c DeleteScope) propose(d *draft) {
	if _, exists := d.scope(c.Scope); exists {
		d.deleteScope(c.Scope, d.cause)
	}
}
