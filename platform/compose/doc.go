// Package compose is the algebra of compositions: an expression over base
// models, and what it means.
//
// An expression is text ("qed & sa"), parsed into a tree of [Expr] and compiled
// into a [Composition], a positive function of path densities. Write P_i for
// the probability of a finished path under model i and B for that of its
// backward path under the kernel all models share; p_i(x) = P_i/B is the density
// of a balanced model at the end point x. The target on paths is
//
//	gamma = B * G(P_1/B, ..., P_m/B)
//
// for the composition G of densities; where G is homogeneous of degree one, as
// mixtures, harmonic means, contrasts and all observation lists are, B drops
// out. The sum of gamma over all paths is the evidence of the composition.
//
//	a & b           a b / (a + b)               harmonic mean: both
//	a &{t} b        a b / (t a + (1-t) b)       t to 0 gives a, t to 1 gives b
//	a & b & c       a b c / (a + b + c)^2       n-ary, not (a & b) & c
//	a - b           a^2 / (a + b)               contrast: a and not b
//	a -{t} b        a^2 / (t a + (1-t) b)       t = 1 gives a, t to 0 gives a^2 / b
//	a | b           (a + b) / 2                 mixture
//	0.7 a | 0.3 b   0.7 a + 0.3 b               weights are normalised, and may be 0
//	obs(a, a; over a, b, c)                     any list of observations
//	obs(a^2, b{0.3})                            exponents, and a prior per observation
//	harmonic(a, b, c)       1 / (1/a + 1/b + 1/c)
//	harmonic(2 a, 1 b)      1 / (2/a + 1/b)
//	product(a, b)           a b
//	a^2                     a power
//	product(a^0.5, b^0.5)   their geometric mean, homogeneous again
//
// Precedence is ^, then & and - (mixing these two needs parentheses), then |.
// Parentheses nest, and a nested composition is normalised, so that it is a
// density like those of the models; its evidence has to be known, see
// [Normalisers]. Only inside products and powers it is not, where that would
// change a constant factor. There is no "not b" by itself: what is not like b has
// to be taken from something, a - b.
//
// The constants of & and - and obs are those of the observation model: p(x, y) =
// p(x) prod_k p(y_k|x), with p the mixture of the universe and p(y_k|x) the
// posterior of label y_k under the prior alpha_k (Garipov et al. 2023,
// arXiv 2309.16115, equations 5 to 12). Their evidence is the probability of
// the observations, a number between 0 and 1.
//
// The package knows nothing of spaces, plugins or sampling. Expressions and
// compositions are immutable and safe for concurrent use.
package compose
