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
	scores := s.products(n, j, kj, k, ld)
	MOVQ(n, i)
	Label("row")
	{
		// softmax
		x := scores("score", q, probs)
		b := s.lookup(table, rel)
		for p := range x {
			VFMADD213PS(b[p], scale[p], x[p])
		}
		m := s.spread(s.max(x))
		for p := range x {
			VSUBPS(m[p], x[p], x[p])
		}
		s.exp(x)
		sum, one := s.sum(x), XMM()
		VMOVSS(constant(1), one)
		VDIVSS(sum, one, one)
		share := s.spread(one)
		for p := range x {
			VMULPS(share[p], x[p], x[p])
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
	scores = s.products(n, j, kj, v, ld)
	MOVQ(n, i)
	Label("row")
	{
		d := scores("score", dout, ds)
		pr := s.load(Mem{Base: probs})
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

// products prepares the products of vectors with the n rows of a matrix: what
// it returns emits code that gives x . row_j for j < n and 0 beyond. With AVX-512
// the rows are transposed into 16 registers once, and a vector takes 16 fused
// multiply-adds; else each pair is a sum over lanes, gathered at scratch.
func (s isa) products(n, j, row, rows, ld reg.Register) func(label string, x, scratch reg.Register) vec {
	if !s.wide {
		return func(label string, x, scratch reg.Register) vec {
			v := s.load(Mem{Base: x})
			s.store(s.zero(), Mem{Base: scratch})
			s.pairs(label, n, j, row, rows, ld, scratch, v)
			return s.load(Mem{Base: scratch})
		}
	}
	columns := s.transposed(n, row, rows, ld)
	return func(_ string, x, _ reg.Register) vec {
		acc := make([]reg.VecVirtual, 4)
		for c, column := range columns {
			if c < len(acc) {
				acc[c] = ZMM()
				VMULPS_BCST(Mem{Base: x, Disp: 4 * c}, column, acc[c])
				continue
			}
			VFMADD231PS_BCST(Mem{Base: x, Disp: 4 * c}, column, acc[c%len(acc)])
		}
		VADDPS(acc[1], acc[0], acc[0])
		VADDPS(acc[3], acc[2], acc[2])
		VADDPS(acc[2], acc[0], acc[0])
		return vec{acc[0]}
	}
}

// transposed loads n <= 16 rows of 16, zeros beyond, and returns the 16 columns:
// pairs of rows are interleaved, then pairs of pairs, then the quarters of the
// registers are dealt out in two rounds.
func (s isa) transposed(n, row, rows, ld reg.Register) []reg.VecVirtual {
	r := make([]reg.VecVirtual, 16)
	for i := range r {
		r[i] = ZMM()
		VPXORD(r[i], r[i], r[i])
	}
	MOVQ(rows, row)
	for i := range r {
		if i > 0 {
			CMPQ(n, Imm(uint64(i)))
			JLE(LabelRef("loaded"))
			ADDQ(ld, row)
		}
		VMOVUPS(Mem{Base: row}, r[i])
	}
	Label("loaded")
	two := func(op func(...Op), f func(a, b, d reg.VecVirtual), a, b reg.VecVirtual) reg.VecVirtual {
		d := ZMM()
		if op != nil {
			op(b, a, d)
		} else {
			f(a, b, d)
		}
		return d
	}
	deal := func(imm uint64) func(a, b, d reg.VecVirtual) {
		return func(a, b, d reg.VecVirtual) { VSHUFF32X4(Imm(imm), b, a, d) }
	}
	t := make([]reg.VecVirtual, 16)
	for i := 0; i < 16; i += 2 {
		t[i] = two(VUNPCKLPS, nil, r[i], r[i+1])
		t[i+1] = two(VUNPCKHPS, nil, r[i], r[i+1])
	}
	for i := 0; i < 16; i += 4 { // r[i+k] has columns k, k+4, k+8, k+12 of rows i to i+3
		r[i] = two(VUNPCKLPD, nil, t[i], t[i+2])
		r[i+1] = two(VUNPCKHPD, nil, t[i], t[i+2])
		r[i+2] = two(VUNPCKLPD, nil, t[i+1], t[i+3])
		r[i+3] = two(VUNPCKHPD, nil, t[i+1], t[i+3])
	}
	for k := range 4 { // even and odd quarters of rows 0 to 7 and 8 to 15
		t[k] = two(nil, deal(0x88), r[k], r[4+k])
		t[4+k] = two(nil, deal(0xdd), r[k], r[4+k])
		t[8+k] = two(nil, deal(0x88), r[8+k], r[12+k])
		t[12+k] = two(nil, deal(0xdd), r[8+k], r[12+k])
	}
	for k := range 4 {
		r[k] = two(nil, deal(0x88), t[k], t[8+k])
		r[8+k] = two(nil, deal(0xdd), t[k], t[8+k])
		r[4+k] = two(nil, deal(0x88), t[4+k], t[12+k])
		r[12+k] = two(nil, deal(0xdd), t[4+k], t[12+k])
	}
	return r
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
