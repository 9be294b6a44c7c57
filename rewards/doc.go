// Package rewards says what a molecule is worth: scoring functions, curves that
// turn their values into desirabilities, and profiles that join several
// desirabilities into one number to rank by.
//
// A Function gives a molecule a value in the function's own unit (QED has none,
// a weight has Da). An Objective adds what one wants of it: a Goal and a Curve
// that maps the value to a desirability from 0 (useless) to 1 (as good as can
// be). A Profile is a list of weighted objectives; its overall desirability is
// the weighted geometric mean (Derringer and Suich, J. Qual. Technol. 1980, 12,
// 214), so that one useless property cannot be outweighed by the others.
//
// A score may be missing: the scorer failed, ran out of time, or does not apply.
// Missing is never zero. See Assessment for how such candidates rank.
package rewards
