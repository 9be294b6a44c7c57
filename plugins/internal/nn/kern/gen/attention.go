package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// attention emits one head of width 16 over one tree of n <= 16 tokens. Rows
// of probs, ds and rel are 16 wide; rel[i][j] picks the bias out of a table of
// 16, whose last entry belongs to the padding and is very negative.
func (s isa) attention() {
	TEXT("attend"+s.suffix, NOSPLIT, "func(n int, q, k, v *float32, ld int, rel *int32, table *float32, scale float32, probs *float32, out *float32, ldo int)")
	Pragma("noescape")
	n, q, k, v, ld := ptr("n"), ptr("q"), ptr("k"), ptr("v"), ptr("ld")
	rel, table, probs, out, ldo := ptr("rel"), ptr("table"), ptr("probs"), ptr("out"), ptr("ldo")
	scale := s.param("scale")
	i, j, kj := GP64(), GP64(), GP64()
	MOVQ(n, i)
	Label("row")
	{
		qi := s.load(Mem{Base: q})
		s.store(s.zero(), Mem{Base: probs})
		s.pairs("score", n, j, kj, k, ld, probs, qi)
		// softmax
		x := s.load(Mem{Base: probs})
		b := s.lookup(table, rel)
		for p := range x {
			VFMADD213PS(b[p], scale[p], x[p])
		}
		m := s.spread(s.max(x))
		for p := range x {
			VSUBPS(m[p], x[p], x[p])
		}
		s.exp(x)
		sum := s.spread(s.sum(x))
		for p := range x {
			VDIVPS(sum[p], x[p], x[p])
		}
		s.store(x, Mem{Base: probs})
		// out = sum_j p_j v_j
		acc := s.zero()
		s.combine("value", n, j, kj, v, ld, probs, 4, acc)
		s.store(acc, Mem{Base: out})
	}
	ADDQ(ld, q)
	ADDQ(Imm(64), probs)
	ADDQ(Imm(64), rel)
	ADDQ(ldo, out)
	DECQ(i)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()

	TEXT("attendGradQ"+s.suffix, NOSPLIT, "func(n int, k, v *float32, ld int, scale float32, probs, dout *float32, ldo int, ds, dq *float32)")
	Pragma("noescape")
	n, k, v, ld = ptr("n"), ptr("k"), ptr("v"), ptr("ld")
	probs, ldo = ptr("probs"), ptr("ldo")
	dout, ds, dq := ptr("dout"), ptr("ds"), ptr("dq")
	scale = s.param("scale")
	i, j, kj = GP64(), GP64(), GP64()
	MOVQ(n, i)
	Label("row")
	{
		do := s.load(Mem{Base: dout})
		s.store(s.zero(), Mem{Base: ds})
		s.pairs("score", n, j, kj, v, ld, ds, do)
		d, pr := s.load(Mem{Base: ds}), s.load(Mem{Base: probs})
		t := s.vec()
		for p := range t {
			VMULPS(d[p], pr[p], t[p])
		}
		sum := s.spread(s.sum(t))
		for p := range d {
			VSUBPS(sum[p], d[p], d[p])
			VMULPS(pr[p], d[p], d[p])
		}
		s.store(d, Mem{Base: ds})
		acc := s.zero()
		s.combine("value", n, j, kj, k, ld, ds, 4, acc)
		for p := range acc {
			VMULPS(scale[p], acc[p], acc[p])
		}
		s.store(acc, Mem{Base: dq})
	}
	ADDQ(Imm(64), probs)
	ADDQ(Imm(64), ds)
	ADDQ(ldo, dout)
	ADDQ(ld, dq)
	DECQ(i)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()

	TEXT("attendGradKV"+s.suffix, NOSPLIT, "func(n int, q *float32, ld int, scale float32, probs, ds, dout *float32, ldo int, dk, dv *float32)")
	Pragma("noescape")
	n, q, ld = ptr("n"), ptr("q"), ptr("ld")
	probs, ldo = ptr("probs"), ptr("ldo")
	dout, ds = ptr("dout"), ptr("ds")
	dk, dv := ptr("dk"), ptr("dv")
	scale = s.param("scale")
	i, j, kj = GP64(), GP64(), GP64()
	MOVQ(n, i)
	Label("row")
	{
		acc := s.zero()
		s.combine("key", n, j, kj, q, ld, ds, 64, acc)
		for p := range acc {
			VMULPS(scale[p], acc[p], acc[p])
		}
		s.store(acc, Mem{Base: dk})
		s.clear(acc)
		s.combine("value", n, j, kj, dout, ldo, probs, 64, acc)
		s.store(acc, Mem{Base: dv})
	}
	ADDQ(Imm(4), probs)
	ADDQ(Imm(4), ds)
	ADDQ(ld, dk)
	ADDQ(ld, dv)
	DECQ(i)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// pairs writes dst[j] = x . row_j for j < n.
func (s isa) pairs(label string, n, j, row, rows, ld, dst reg.Register, x vec) {
	MOVQ(rows, row)
	XORQ(j, j)
	Label(label)
	t := s.vec()
	for p := range t {
		VMULPS(at(Mem{Base: row}, p), x[p], t[p])
	}
	VMOVSS(s.sum(t), Mem{Base: dst, Index: j, Scale: 4})
	ADDQ(ld, row)
	INCQ(j)
	CMPQ(j, n)
	JL(LabelRef(label))
}

// combine adds sum_j w[j*stride] * row_j to acc.
func (s isa) combine(label string, n, j, row, rows, ld, w reg.Register, stride int, acc vec) {
	wj := GP64()
	MOVQ(w, wj)
	MOVQ(rows, row)
	MOVQ(n, j)
	Label(label)
	b := s.one()
	VBROADCASTSS(Mem{Base: wj}, b)
	for p := range acc {
		VFMADD231PS(at(Mem{Base: row}, p), b, acc[p])
	}
	ADDQ(ld, row)
	ADDQ(Imm(uint64(stride)), wj)
	DECQ(j)
	JNZ(LabelRef(label))
}

// lookup gathers table[rel[0..15]] from 16 entries.
func (s isa) lookup(table, rel reg.Register) vec {
	idx := s.load(Mem{Base: rel})
	v := s.vec()
	if s.wide {
		VPERMPS(Mem{Base: table}, idx[0], v[0])
		return v
	}
	for p := range v {
		hi := YMM()
		VPERMPS(Mem{Base: table}, idx[p], v[p])
		VPERMPS(Mem{Base: table, Disp: 32}, idx[p], hi)
		VPSLLD(Imm(28), idx[p], idx[p]) // bit 3 to the sign
		VBLENDVPS(idx[p], hi, v[p], v[p])
	}
	return v
}
