package events

// FeatureEnabled switches on a feature of the role model.
type FeatureEnabled struct {
	Feature FeatureID `json:"feature" doc:"The feature."`
}

// FeatureDisabled switches a feature of the role model off. Roles that wait
// for it stay held and give nothing.
type FeatureDisabled struct {
	Feature FeatureID `json:"feature" doc:"The feature."`
}

// Concern implements [Event].
func (e FeatureEnabled) Concern() Concern { return Concern{Item: string(e.Feature)} }

// Concern implements [Event].
func (e FeatureDisabled) Concern() Concern { return Concern{Item: string(e.Feature)} }

// EditionSet puts an edition of the role model in force, which turns features
// on and off.
type EditionSet struct {
	Edition EditionID `json:"edition" doc:"The edition."`
}

// Concern implements [Event].
func (e EditionSet) Concern() Concern { return Concern{Item: string(e.Edition)} }
