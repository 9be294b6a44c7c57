package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// layerNorm emits the forward and the backward pass over rows of d floats, d a
// multiple of 16.
func (s isa) layerNorm() {
	TEXT("norm"+s.suffix, NOSPLIT, "func(rows, d int, x, gamma, beta, y, xhat, rstd *float32, invd, eps float32)")
	Pragma("noescape")
	rows, d, x, ga, be, y, xh, rs := ptr("rows"), ptr("d"), ptr("x"), ptr("gamma"), ptr("beta"), ptr("y"), ptr("xhat"), ptr("rstd")
	SHLQ(Imm(2), d)
	invd := s.param("invd")
	o := GP64()
	each := func(label string, body func(addr func(r reg.Register) Mem)) {
		XORQ(o, o)
		Label(label)
		body(func(r reg.Register) Mem { return Mem{Base: r, Index: o, Scale: 1} })
		ADDQ(Imm(64), o)
		CMPQ(o, d)
		JL(LabelRef(label))
	}
	TESTQ(rows, rows)
	JZ(LabelRef("end"))
	Label("row")
	acc := s.zero()
	each("mean", func(addr func(reg.Register) Mem) {
		for p := range acc {
			VADDPS(at(addr(x), p), acc[p], acc[p])
		}
	})
	mx := s.sum(acc)
	VMULPS(invd[0].(reg.Vec).AsX(), mx, mx)
	mean := s.spread(mx)
	s.clear(acc)
	each("variance", func(addr func(reg.Register) Mem) {
		t := s.load(addr(x))
		for p := range t {
			VSUBPS(mean[p], t[p], t[p])
			VFMADD231PS(t[p], t[p], acc[p])
		}
	})
	vx, ex, one := s.sum(acc), XMM(), XMM()
	Load(Param("eps"), ex)
	VFMADD132SS(invd[0].(reg.Vec).AsX(), ex, vx) // vx*invd + eps
	VSQRTSS(vx, vx, vx)
	VMOVSS(constant(1), one)
	VDIVSS(vx, one, vx)
	VMOVSS(vx, Mem{Base: rs})
	rstd := s.spread(vx)
	each("write", func(addr func(reg.Register) Mem) {
		t := s.load(addr(x))
		for p := range t {
			VSUBPS(mean[p], t[p], t[p])
			VMULPS(rstd[p], t[p], t[p])
		}
		s.store(t, addr(xh))
		w := s.load(addr(ga))
		for p := range w {
			VFMADD213PS(at(addr(be), p), t[p], w[p])
		}
		s.store(w, addr(y))
	})
	ADDQ(d, x)
	ADDQ(d, xh)
	ADDQ(d, y)
	ADDQ(Imm(4), rs)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Label("end")
	VZEROUPPER()
	RET()

	// dgamma and dbeta are added to; dx is written.
	TEXT("normGrad"+s.suffix, NOSPLIT, "func(rows, d int, dy, xhat, rstd, gamma, dx, dgamma, dbeta *float32, invd float32)")
	Pragma("noescape")
	rows, d = ptr("rows"), ptr("d")
	dy, dx, dg, db := ptr("dy"), ptr("dx"), ptr("dgamma"), ptr("dbeta")
	xh, rs, ga = ptr("xhat"), ptr("rstd"), ptr("gamma")
	SHLQ(Imm(2), d)
	invd = s.param("invd")
	o = GP64()
	TESTQ(rows, rows)
	JZ(LabelRef("end"))
	Label("row")
	a, b := s.zero(), s.zero()
	each("sums", func(addr func(reg.Register) Mem) {
		for p := range s.parts() {
			t, h, u := s.one(), s.one(), s.one()
			VMOVUPS(at(addr(dy), p), t)
			VMOVUPS(at(addr(xh), p), h)
			VADDPS(at(addr(db), p), t, u)
			VMOVUPS(u, at(addr(db), p))
			VMOVUPS(at(addr(dg), p), u)
			VFMADD231PS(t, h, u)
			VMOVUPS(u, at(addr(dg), p))
			VMULPS(at(addr(ga), p), t, t)
			VADDPS(t, a[p], a[p])
			VFMADD231PS(t, h, b[p])
		}
	})
	ax, bx := s.sum(a), s.sum(b)
	VMULSS(invd[0].(reg.Vec).AsX(), ax, ax)
	VMULSS(invd[0].(reg.Vec).AsX(), bx, bx)
	am, bm := s.spread(ax), s.spread(bx)
	r := s.broadcastMem(Mem{Base: rs})
	each("write", func(addr func(reg.Register) Mem) {
		for p := range s.parts() {
			t, h := s.one(), s.one()
			VMOVUPS(at(addr(dy), p), t)
			VMULPS(at(addr(ga), p), t, t)
			VSUBPS(am[p], t, t)
			VMOVUPS(at(addr(xh), p), h)
			VFNMADD231PS(bm[p], h, t)
			VMULPS(r[p], t, t)
			VMOVUPS(t, at(addr(dx), p))
		}
	})
	ADDQ(d, dy)
	ADDQ(d, xh)
	ADDQ(d, dx)
	ADDQ(Imm(4), rs)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Label("end")
	VZEROUPPER()
	RET()
}
