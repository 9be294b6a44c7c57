// Package kern holds the float32 kernels that the networks run on: matrix
// products, exponentials and softmax pieces, GELU, layer norm, attention over
// small trees, and Adam.
//
// Every kernel exists three times: in generic Go, and in assembly for AVX2
// with FMA and for AVX-512, generated with avo by the module in gen. The best
// one that the machine has is chosen at start; the environment variable
// MOLSCULPT_KERNELS (generic, avx2, avx512) forces one, [Use] does so in tests.
//
// Two promises hold for each of the three. A row of an output is computed by
// the same operations in the same order wherever the row stands, whatever else
// is in the batch and however many threads work; so results are equal bit for
// bit between batch sizes. And reductions over rows run in a fixed order that
// does not depend on the number of threads. Between instruction sets results
// differ by rounding.
//
// Widths (columns of matrices, lengths of vectors) are multiples of [Lane];
// callers pad. A wrong length is a programmer's error and panics.
package kern
