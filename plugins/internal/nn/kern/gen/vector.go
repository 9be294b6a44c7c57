package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func bitsOf(v float32) uint32 { return math.Float32bits(v) }

// exp replaces x by e^x, 0 below -87.3 (Cephes' polynomial, relative error
// below 2e-7).
func (s isa) exp(x vec) {
	for _, r := range x {
		s.exp1(r)
	}
}

func (s isa) exp1(x reg.VecVirtual) {
	lo, hi := constant(-87.3), constant(88.3)
	fx, p := s.one(), s.one()
	var keepK reg.OpmaskVirtual
	var keepY reg.VecVirtual
	if s.wide {
		keepK = K()
		VCMPPS(Imm(0x0d), lo, x, keepK)
	} else {
		keepY = YMM()
		VCMPPS(Imm(0x0d), lo, x, keepY)
	}
	VMAXPS(lo, x, x)
	VMINPS(hi, x, x)
	VMULPS(constant(1.44269504088896341), x, fx)
	if s.wide {
		VRNDSCALEPS(Imm(0), fx, fx)
	} else {
		VROUNDPS(Imm(0), fx, fx)
	}
	VFMADD231PS(constant(-0.693359375), fx, x)
	VFMADD231PS(constant(2.12194440e-4), fx, x)
	VMOVUPS(constant(1.9875691500e-4), p)
	for _, c := range []float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		VFMADD213PS(constant(c), x, p)
	}
	x2 := s.one()
	VMULPS(x, x, x2)
	VADDPS(constant(1), x, x)
	VFMADD231PS(p, x2, x)
	if s.wide {
		VSCALEFPS(fx, x, x)
		VMOVAPS_Z(x, keepK, x)
		return
	}
	VCVTPS2DQ(fx, fx)
	VPSLLD(Imm(23), fx, fx)
	VPADDD(fx, x, x)
	VANDPS(keepY, x, x)
}

// kernel1 emits a loop over n floats, n a multiple of 16.
func (s isa) kernel1(name, sig string, ptrs []string, body func(at func(i int) Mem)) {
	TEXT(name+s.suffix, NOSPLIT, sig)
	Pragma("noescape")
	s.loop16(ptrs, body)
	VZEROUPPER()
	RET()
}

func (s isa) loop16(ptrs []string, body func(at func(i int) Mem)) {
	n := ptr("n")
	rs := make([]reg.GPVirtual, len(ptrs))
	for i, p := range ptrs {
		rs[i] = ptr(p)
	}
	off := GP64()
	XORQ(off, off)
	SHLQ(Imm(2), n)
	JZ(LabelRef("end"))
	Label("loop")
	body(func(i int) Mem { return Mem{Base: rs[i], Index: off, Scale: 1} })
	ADDQ(Imm(64), off)
	CMPQ(off, n)
	JL(LabelRef("loop"))
	Label("end")
}

const geluC1 = 1.5957691216057308 // 2*sqrt(2/pi)

// sigmoid2u returns 1/(1+exp(-2u)) with 2u = c1*x*(1+0.044715 x^2).
func (s isa) sigmoid2u(x, x2 reg.VecVirtual) reg.VecVirtual {
	t := s.one()
	VMOVUPS(constant(-geluC1*0.044715), t)
	VFMADD213PS(constant(-geluC1), x2, t)
	VMULPS(x, t, t)
	s.exp1(t)
	one := s.one()
	VMOVUPS(constant(1), one)
	VADDPS(one, t, t)
	VDIVPS(t, one, t)
	return t
}

func (s isa) elementwise() {
	s.kernel1("exp", "func(n int, x, y *float32)", []string{"x", "y"}, func(at func(int) Mem) {
		x := s.load(at(0))
		s.exp(x)
		s.store(x, at(1))
	})
	s.kernel1("gelu", "func(n int, x, y *float32)", []string{"x", "y"}, func(addr func(int) Mem) {
		for p := range s.parts() {
			x, x2 := s.one(), s.one()
			VMOVUPS(at(addr(0), p), x)
			VMULPS(x, x, x2)
			g := s.sigmoid2u(x, x2)
			VMULPS(g, x, x)
			VMOVUPS(x, at(addr(1), p))
		}
	})
	s.kernel1("geluGrad", "func(n int, x, dy, dx *float32)", []string{"x", "dy", "dx"}, func(addr func(int) Mem) {
		for p := range s.parts() {
			x, x2 := s.one(), s.one()
			VMOVUPS(at(addr(0), p), x)
			VMULPS(x, x, x2)
			g := s.sigmoid2u(x, x2)
			d := s.one()
			VMOVUPS(constant(-3*geluC1*0.044715), d)
			VFMADD213PS(constant(-geluC1), x2, d) // -(2u)'
			VMULPS(x, d, d)
			one, q := s.one(), s.one()
			VMOVUPS(constant(1), one)
			VSUBPS(one, g, q) // g-1
			VMULPS(q, d, d)
			VADDPS(one, d, d)
			VMULPS(g, d, d)
			VMULPS(at(addr(1), p), d, d)
			VMOVUPS(d, at(addr(2), p))
		}
	})
	s.kernel1("add", "func(n int, a, b, y *float32)", []string{"a", "b", "y"}, func(addr func(int) Mem) {
		x := s.load(addr(0))
		for p := range x {
			VADDPS(at(addr(1), p), x[p], x[p])
		}
		s.store(x, addr(2))
	})
	for _, k := range []struct {
		name string
		add  bool
	}{{"scale", false}, {"axpy", true}} {
		TEXT(k.name+s.suffix, NOSPLIT, "func(n int, f float32, x, y *float32)")
		Pragma("noescape")
		f := s.param("f")
		s.loop16([]string{"x", "y"}, func(addr func(int) Mem) {
			for p := range s.parts() {
				r := s.one()
				if k.add {
					VMOVUPS(at(addr(1), p), r)
					VFMADD231PS(at(addr(0), p), f[p], r)
				} else {
					VMULPS(at(addr(0), p), f[p], r)
				}
				VMOVUPS(r, at(addr(1), p))
			}
		})
		VZEROUPPER()
		RET()
	}
}

func (s isa) reductions() {
	TEXT("maxAdd"+s.suffix, NOSPLIT, "func(n int, x, b *float32) float32")
	Pragma("noescape")
	m := s.vec()
	for p := range m {
		VMOVUPS(constant(-3e38), m[p])
	}
	s.loop16([]string{"x", "b"}, func(addr func(int) Mem) {
		x := s.load(addr(0))
		for p := range x {
			VADDPS(at(addr(1), p), x[p], x[p])
			VMAXPS(x[p], m[p], m[p])
		}
	})
	Store(s.max(m), ReturnIndex(0))
	VZEROUPPER()
	RET()

	TEXT("expAddSum"+s.suffix, NOSPLIT, "func(n int, m float32, x, b, y *float32) float32")
	Pragma("noescape")
	mm, sum := s.param("m"), s.zero()
	s.loop16([]string{"x", "b", "y"}, func(addr func(int) Mem) {
		x := s.load(addr(0))
		for p := range x {
			VADDPS(at(addr(1), p), x[p], x[p])
			VSUBPS(mm[p], x[p], x[p])
		}
		s.exp(x)
		for p := range x {
			VADDPS(x[p], sum[p], sum[p])
		}
		s.store(x, addr(2))
	})
	Store(s.sum(sum), ReturnIndex(0))
	VZEROUPPER()
	RET()

	TEXT("dot"+s.suffix, NOSPLIT, "func(n int, x, y *float32) float32")
	Pragma("noescape")
	acc := s.zero()
	s.loop16([]string{"x", "y"}, func(addr func(int) Mem) {
		x := s.load(addr(0))
		for p := range x {
			VFMADD231PS(at(addr(1), p), x[p], acc[p])
		}
	})
	Store(s.sum(acc), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// adam: m = b1*m + (1-b1)*c*g; v = b2*v + (1-b2)*(c*g)^2;
// p = p*decay - lr*m/(sqrt(v)+eps).
func (s isa) adam() {
	TEXT("adam"+s.suffix, NOSPLIT, "func(n int, p, gr, m, v *float32, b1, b2, lr, eps, clip, decay float32)")
	Pragma("noescape")
	b1, b2, lr, eps, clip, decay := s.param("b1"), s.param("b2"), s.param("lr"), s.param("eps"), s.param("clip"), s.param("decay")
	ob1, ob2 := s.one(), s.one()
	one := s.one()
	VMOVUPS(constant(1), one)
	VSUBPS(b1[0], one, ob1)
	VSUBPS(b2[0], one, ob2)
	s.loop16([]string{"p", "gr", "m", "v"}, func(addr func(int) Mem) {
		for i := range s.parts() {
			gr, m, v, t := s.one(), s.one(), s.one(), s.one()
			VMULPS(at(addr(1), i), clip[0], gr)
			VMULPS(at(addr(2), i), b1[0], m)
			VFMADD231PS(ob1, gr, m)
			VMOVUPS(m, at(addr(2), i))
			VMULPS(gr, gr, gr)
			VMULPS(at(addr(3), i), b2[0], v)
			VFMADD231PS(ob2, gr, v)
			VMOVUPS(v, at(addr(3), i))
			VSQRTPS(v, t)
			VADDPS(eps[0], t, t)
			VMULPS(lr[0], m, m)
			VDIVPS(t, m, m)
			VMULPS(at(addr(0), i), decay[0], t)
			VSUBPS(m, t, t)
			VMOVUPS(t, at(addr(0), i))
		}
	})
	VZEROUPPER()
	RET()
}
