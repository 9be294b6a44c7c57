package kern

// Attend computes one attention head, 16 wide, over the n tokens of one tree.
// Row i of q, k and v starts at i*ld. rel holds n rows of 16 indices into
// table, which gives the bias of a pair; entries for j >= n must point to a
// very negative one. The attention weights go to probs (n rows of 16), the
// result to rows of out that are ldo apart.
func Attend(n int, q, k, v []float32, ld int, rel []int32, table []float32, scale float32, probs, out []float32, ldo int) {
	if n < 1 || n > MaxTokens || len(rel) < n*Lane || len(table) < Lane || len(probs) < n*Lane {
		panic("kern: attention over a tree of wrong size")
	}
	last := (n-1)*ld + Lane - 1
	_, _, _, _ = q[last], k[last], v[last], out[(n-1)*ldo+Lane-1]
	active.attend(n, &q[0], &k[0], &v[0], 4*ld, &rel[0], &table[0], scale, &probs[0], &out[0], 4*ldo)
}

// AttendGrad is the gradient of Attend: dq, dk and dv have the layout of q, k
// and v and are written; ds receives the gradient of the biases, n rows of 16.
func AttendGrad(n int, q, k, v []float32, ld int, scale float32, probs, dout []float32, ldo int, ds, dq, dk, dv []float32) {
	if n < 1 || n > MaxTokens || len(probs) < n*Lane || len(ds) < n*Lane {
		panic("kern: attention over a tree of wrong size")
	}
	last := (n-1)*ld + Lane - 1
	_, _, _, _, _, _, _ = q[last], k[last], v[last], dq[last], dk[last], dv[last], dout[(n-1)*ldo+Lane-1]
	active.attendGradQ(n, &k[0], &v[0], 4*ld, scale, &probs[0], &dout[0], 4*ldo, &ds[0], &dq[0])
	active.attendGradKV(n, &q[0], 4*ld, scale, &probs[0], &ds[0], &dout[0], 4*ldo, &dk[0], &dv[0])
}
