// Package verify holds every way of sampling a composition against the truth.
//
// A [Domain] is a space small enough to enumerate, with models whose laws are
// known exactly. A [Target] is a composition of its models with its closed form.
// A [Method] looks at one target and says what it found as a list of [Result]s:
// what is exact, what came out, the error, and the bound that it had to keep.
// [Verify] tries every method on every target, from dynamic programming alone,
// which must agree to rounding, to samplers, which must lie within the errors of
// their own size. Negative controls are methods that are
// known to be wrong: they pass where they fail by more than a right method could.
//
// To add a target, add its expression to the list of its domain in ladder.go; to
// add a method, write a function of a target that returns results and add it to
// the list there.
//
// # Bounds
//
// What must be exact is allowed 1e-12. What is sampled is allowed what a right
// sampler exceeds with the probability that every result carries (FalseAlarm):
// an evidence 4 standard errors, which are those between independent
// populations (Student's t); an L1 distance the mean of that of independent draws
// of the same information and 5 of its standard deviations (normal); a chi-square
// statistic its quantile. Draws from trained models are allowed 1.25 times the mean
// of an L1 distance. Where they are drawn from the composite on paths and held
// against that on states, the distance of the two is added. What is trained is held
// against what others reached, or against a bar. The draws depend on the seed and on
// nothing else, so that a run that passes once passes always.
package verify
