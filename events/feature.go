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
