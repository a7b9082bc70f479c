package aggregate

import "tenure/events"

// SwitchFeature turns a feature of the role model on or off.
type SwitchFeature struct {
	Feature events.FeatureID
	On      bool
}

// RecordFact puts on record what the actor did elsewhere.
type RecordFact struct {
	Fact     events.FactID
	Scope    events.ScopeID
	Quantity uint64
	// Subject is whom it concerned; empty for nobody in particular.
	Subject events.PrincipalID
}

// Name implements [Command].
func (c SwitchFeature) Name() string {
	if c.On {
		return "feature.enable"
	}
	return "feature.disable"
}

// Name implements [Command].
func (RecordFact) Name() string { return "fact.record" }

func (c SwitchFeature) propose(d *draft) {
	feature, known := d.state.Model.Feature(string(c.Feature))
	switch {
	case !known:
		var have []string
		for _, f := range d.state.Model.Features {
			have = append(have, f.ID)
		}
		d.refuse(Refusal{Code: CodeUnknown, Event: -1,
			Message: "There is no feature " + short(c.Feature) + " in the model " + d.state.Model.ID + "; there is " + anyOf(have) + ".",
			Help:    "tenure models show " + d.state.Model.ID})
	case d.state.Enabled(feature) == c.On:
		d.already(events.FeatureEnabled{Feature: c.Feature})
	case c.On:
		d.emit(events.FeatureEnabled{Feature: c.Feature})
	default:
		d.emit(events.FeatureDisabled{Feature: c.Feature})
	}
}

func (c RecordFact) propose(d *draft) {
	if _, exists := d.scope(c.Scope); !exists {
		return
	}
	if _, known := d.state.Model.Fact(c.Scope.Kind(), string(c.Fact)); !known {
		d.refuse(unknown("fact", string(c.Fact)+" on "+string(c.Scope), "tenure models show "+d.state.Model.ID))
		return
	}
	if c.Subject != "" {
		if _, known := d.person(c.Subject); !known {
			return
		}
	}
	d.emit(events.FactRecorded{Fact: c.Fact, Scope: c.Scope, Quantity: c.Quantity, Subject: c.Subject})
}
