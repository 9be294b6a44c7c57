package kern

import (
	"math"
	"unsafe"
)

// generic is the reference: plain Go, one row of a product at a time.
var generic = set{
	name: "generic", mr: 1, nr: 16,
	gemm: []gemmFunc{nil, genericGemm},
	exp: func(n int, x, y *float32) {
		xs, ys := view(x, n), view(y, n)
		for i, v := range xs {
			ys[i] = exp32(v)
		}
	},
	gelu: func(n int, x, y *float32) {
		xs, ys := view(x, n), view(y, n)
		for i, v := range xs {
			ys[i] = v * geluGate(v)
		}
	},
	geluGrad: func(n int, x, dy, dx *float32) {
		xs, ds, ys := view(x, n), view(dy, n), view(dx, n)
		for i, v := range xs {
			s := geluGate(v)
			du := geluC * (1 + 3*0.044715*v*v)
			ys[i] = ds[i] * s * (1 + v*du*(1-s))
		}
	},
	add: func(n int, a, b, y *float32) {
		as, bs, ys := view(a, n), view(b, n), view(y, n)
		for i := range ys {
			ys[i] = as[i] + bs[i]
		}
	},
	scale: func(n int, f float32, x, y *float32) {
		xs, ys := view(x, n), view(y, n)
		for i := range ys {
			ys[i] = f * xs[i]
		}
	},
	axpy: func(n int, f float32, x, y *float32) {
		xs, ys := view(x, n), view(y, n)
		for i := range ys {
			ys[i] += f * xs[i]
		}
	},
	maxAdd: func(n int, x, b *float32) float32 {
		xs, bs := view(x, n), view(b, n)
		m := float32(-3e38)
		for i, v := range xs {
			m = max(m, v+bs[i])
		}
		return m
	},
	dot: func(n int, x, b *float32) float32 {
		xs, bs := view(x, n), view(b, n)
		var s float32
		for i, v := range xs {
			s += v * bs[i]
		}
		return s
	},
	expAddSum: func(n int, m float32, x, b, y *float32) float32 {
		xs, bs, ys := view(x, n), view(b, n), view(y, n)
		var s float32
		for i, v := range xs {
			e := exp32(v + bs[i] - m)
			ys[i] = e
			s += e
		}
		return s
	},
	adam: func(n int, p, gr, m, v *float32, b1, b2, lr, eps, clip, decay float32) {
		ps, gs, ms, vs := view(p, n), view(gr, n), view(m, n), view(v, n)
		for i := range ps {
			g := gs[i] * clip
			ms[i] = b1*ms[i] + (1-b1)*g
			vs[i] = b2*vs[i] + (1-b2)*g*g
			ps[i] = ps[i]*decay - lr*ms[i]/(sqrt32(vs[i])+eps)
		}
	},
	norm:         genericNorm,
	normGrad:     genericNormGrad,
	attend:       genericAttend,
	attendGradQ:  genericAttendGradQ,
	attendGradKV: genericAttendGradKV,
}

const geluC = 1.5957691216057308 // 2 sqrt(2/pi)

func geluGate(x float32) float32 {
	return 1 / (1 + exp32(-geluC*x*(1+0.044715*x*x)))
}

func exp32(x float32) float32 {
	if x < -87.3 {
		return 0
	}
	return float32(math.Exp(float64(min(x, 88.3))))
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func view(p *float32, n int) []float32 { return unsafe.Slice(p, n) }

// step is the address n floats behind p.
func step(p *float32, n int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*n))
}

func genericGemm(k int, a *float32, _, csA int, b, c *float32, _, _, accum int, bias *float32) {
	var acc [16]float32
	cs := csA / 4
	bs := view(b, 16*k)
	for p := range k {
		x := *step(a, p*cs)
		row := bs[16*p : 16*p+16 : 16*p+16]
		for j, v := range row {
			acc[j] += x * v
		}
	}
	out := view(c, 16)
	if bias != nil {
		for j, v := range view(bias, 16) {
			acc[j] += v
		}
	}
	if accum != 0 {
		for j, v := range out {
			acc[j] += v
		}
	}
	copy(out, acc[:])
}

func genericNorm(rows, d int, x, gamma, beta, y, xhat, rstd *float32, invd, eps float32) {
	ga, be, rs := view(gamma, d), view(beta, d), view(rstd, rows)
	for r := range rows {
		xs, ys, hs := view(step(x, r*d), d), view(step(y, r*d), d), view(step(xhat, r*d), d)
		var mean, variance float32
		for _, v := range xs {
			mean += v
		}
		mean *= invd
		for _, v := range xs {
			variance += (v - mean) * (v - mean)
		}
		rs[r] = 1 / sqrt32(variance*invd+eps)
		for i, v := range xs {
			hs[i] = (v - mean) * rs[r]
			ys[i] = hs[i]*ga[i] + be[i]
		}
	}
}

func genericNormGrad(rows, d int, dy, xhat, rstd, gamma, dx, dgamma, dbeta *float32, invd float32) {
	ga, rs, dg, db := view(gamma, d), view(rstd, rows), view(dgamma, d), view(dbeta, d)
	for r := range rows {
		ds, hs, xs := view(step(dy, r*d), d), view(step(xhat, r*d), d), view(step(dx, r*d), d)
		var a, b float32
		for i, v := range ds {
			db[i] += v
			dg[i] += v * hs[i]
			a += v * ga[i]
			b += v * ga[i] * hs[i]
		}
		a *= invd
		b *= invd
		for i, v := range ds {
			xs[i] = (v*ga[i] - a - b*hs[i]) * rs[r]
		}
	}
}

func genericAttend(n int, q, k, v *float32, ld int, rel *int32, table *float32, scale float32, probs, out *float32, ldo int) {
	ld, ldo = ld/4, ldo/4
	tab := view(table, Lane)
	for i := range n {
		qi, pr := view(step(q, i*ld), Lane), view(step(probs, i*Lane), Lane)
		idx := unsafe.Slice((*int32)(unsafe.Add(unsafe.Pointer(rel), 4*i*Lane)), Lane)
		clear(pr)
		m := float32(-3e38)
		for j := range Lane {
			var s float32
			if j < n {
				for c, x := range view(step(k, j*ld), Lane) {
					s += qi[c] * x
				}
			}
			pr[j] = s*scale + tab[idx[j]]
			m = max(m, pr[j])
		}
		var sum float32
		for j := range pr {
			pr[j] = exp32(pr[j] - m)
			sum += pr[j]
		}
		o := view(step(out, i*ldo), Lane)
		clear(o)
		for j := range pr {
			pr[j] /= sum
			if j < n {
				for c, x := range view(step(v, j*ld), Lane) {
					o[c] += pr[j] * x
				}
			}
		}
	}
}

func genericAttendGradQ(n int, k, v *float32, ld int, scale float32, probs, dout *float32, ldo int, ds, dq *float32) {
	ld, ldo = ld/4, ldo/4
	for i := range n {
		do, pr, d := view(step(dout, i*ldo), Lane), view(step(probs, i*Lane), Lane), view(step(ds, i*Lane), Lane)
		clear(d)
		var sum float32
		for j := range n {
			for c, x := range view(step(v, j*ld), Lane) {
				d[j] += do[c] * x
			}
			sum += d[j] * pr[j]
		}
		o := view(step(dq, i*ld), Lane)
		clear(o)
		for j := range n {
			d[j] = pr[j] * (d[j] - sum)
			for c, x := range view(step(k, j*ld), Lane) {
				o[c] += d[j] * x * scale
			}
		}
	}
}

func genericAttendGradKV(n int, q *float32, ld int, scale float32, probs, ds, dout *float32, ldo int, dk, dv *float32) {
	ld, ldo = ld/4, ldo/4
	for j := range n {
		ok, ov := view(step(dk, j*ld), Lane), view(step(dv, j*ld), Lane)
		clear(ok)
		clear(ov)
		for i := range n {
			d, p := *step(ds, i*Lane+j), *step(probs, i*Lane+j)
			qi, do := view(step(q, i*ld), Lane), view(step(dout, i*ldo), Lane)
			for c := range ok {
				ok[c] += d * scale * qi[c]
				ov[c] += p * do[c]
			}
		}
	}
}
