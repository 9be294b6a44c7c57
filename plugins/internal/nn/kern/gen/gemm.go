package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const gemmSignature = "func(k int, a *float32, rsA, csA int, b *float32, c *float32, ldc int, wide, accum int, bias *float32)"

// gemmArgs holds what both micro-kernels set up alike: the bases of groups of
// three rows of A, addressed as base, base+rs, base+2*rs.
type gemmArgs struct {
	k, cs, rs, b reg.Register
	bases        []reg.Register
}

func loadGemm(mr int) gemmArgs {
	g := gemmArgs{k: ptr("k"), rs: ptr("rsA"), cs: ptr("csA"), b: ptr("b")}
	groups := (mr + 2) / 3
	g.bases = make([]reg.Register, groups)
	g.bases[0] = ptr("a")
	if groups > 1 {
		rs3 := GP64()
		LEAQ(Mem{Base: g.rs, Index: g.rs, Scale: 2}, rs3)
		for i := 1; i < groups; i++ {
			r := GP64()
			LEAQ(Mem{Base: g.bases[i-1], Index: rs3, Scale: 1}, r)
			g.bases[i] = r
		}
	}
	return g
}

func (g gemmArgs) row(i int) Mem {
	m := Mem{Base: g.bases[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = g.rs, uint8(i%3)
	}
	return m
}

// loop runs body over k in fours, then singly; width is the bytes of a row of
// the panel.
func (g gemmArgs) loop(width int, body func(off int)) {
	k4 := GP64()
	MOVQ(g.k, k4)
	SHRQ(Imm(2), k4)
	JZ(LabelRef("tail"))
	Label("loop")
	for u := range 4 {
		body(u * width)
	}
	ADDQ(U32(4*width), g.b)
	DECQ(k4)
	JNZ(LabelRef("loop"))
	Label("tail")
	ANDQ(Imm(3), g.k)
	JZ(LabelRef("store"))
	Label("single")
	body(0)
	ADDQ(U32(width), g.b)
	DECQ(g.k)
	JNZ(LabelRef("single"))
	Label("store")
}

// gemm512: C[mr x 32] (+)= A[mr x k] * panel[k x 32] + bias. Strides in bytes.
// With wide = 0 only the first 16 columns are stored.
func gemm512(mr int) {
	TEXT(fmt.Sprintf("gemm512x%d", mr), NOSPLIT, gemmSignature)
	Pragma("noescape")
	g := loadGemm(mr)
	acc := make([][2]reg.VecVirtual, mr)
	for i := range acc {
		acc[i][0], acc[i][1] = ZMM(), ZMM()
		VPXORD(acc[i][0], acc[i][0], acc[i][0])
		VPXORD(acc[i][1], acc[i][1], acc[i][1])
	}
	b0, b1 := ZMM(), ZMM()
	t := []reg.VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
	g.loop(128, func(off int) {
		VMOVUPS(Mem{Base: g.b, Disp: off}, b0)
		VMOVUPS(Mem{Base: g.b, Disp: off + 64}, b1)
		for i := range mr {
			x := t[i%4]
			VBROADCASTSS(g.row(i), x)
			VFMADD231PS(b0, x, acc[i][0])
			VFMADD231PS(b1, x, acc[i][1])
		}
		for _, r := range g.bases {
			ADDQ(g.cs, r)
		}
	})
	c, ldc := ptr("c"), ptr("ldc")
	wide := ptr("wide")
	mask := GP64()
	XORQ(mask, mask)
	SUBQ(wide, mask) // 0 or all ones
	k1 := K()
	KMOVW(mask.As32(), k1)
	bias := ptr("bias")
	TESTQ(bias, bias)
	JZ(LabelRef("nobias"))
	VMOVUPS(Mem{Base: bias}, b0)
	VMOVUPS_Z(Mem{Base: bias, Disp: 64}, k1, b1)
	for i := range mr {
		VADDPS(b0, acc[i][0], acc[i][0])
		VADDPS(b1, acc[i][1], acc[i][1])
	}
	Label("nobias")
	accum := ptr("accum")
	TESTQ(accum, accum)
	JZ(LabelRef("write"))
	cc := GP64()
	MOVQ(c, cc)
	for i := range mr {
		VMOVUPS_Z(Mem{Base: cc, Disp: 64}, k1, b1)
		VADDPS(Mem{Base: cc}, acc[i][0], acc[i][0])
		VADDPS(b1, acc[i][1], acc[i][1])
		ADDQ(ldc, cc)
	}
	Label("write")
	for i := range mr {
		VMOVUPS(acc[i][0], Mem{Base: c})
		VMOVUPS(acc[i][1], k1, Mem{Base: c, Disp: 64})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// gemm256: C[mr x 16] (+)= A[mr x k] * panel[k x 16] + bias. wide is ignored.
func gemm256(mr int) {
	TEXT(fmt.Sprintf("gemm256x%d", mr), NOSPLIT, gemmSignature)
	Pragma("noescape")
	g := loadGemm(mr)
	acc := make([][2]reg.VecVirtual, mr)
	for i := range acc {
		acc[i][0], acc[i][1] = YMM(), YMM()
		VXORPS(acc[i][0], acc[i][0], acc[i][0])
		VXORPS(acc[i][1], acc[i][1], acc[i][1])
	}
	b0, b1 := YMM(), YMM()
	t := []reg.VecVirtual{YMM(), YMM()}
	g.loop(64, func(off int) {
		VMOVUPS(Mem{Base: g.b, Disp: off}, b0)
		VMOVUPS(Mem{Base: g.b, Disp: off + 32}, b1)
		for i := range mr {
			x := t[i%2]
			VBROADCASTSS(g.row(i), x)
			VFMADD231PS(b0, x, acc[i][0])
			VFMADD231PS(b1, x, acc[i][1])
		}
		for _, r := range g.bases {
			ADDQ(g.cs, r)
		}
	})
	c, ldc := ptr("c"), ptr("ldc")
	bias := ptr("bias")
	TESTQ(bias, bias)
	JZ(LabelRef("nobias"))
	for i := range mr {
		VADDPS(Mem{Base: bias}, acc[i][0], acc[i][0])
		VADDPS(Mem{Base: bias, Disp: 32}, acc[i][1], acc[i][1])
	}
	Label("nobias")
	accum := ptr("accum")
	TESTQ(accum, accum)
	JZ(LabelRef("write"))
	cc := GP64()
	MOVQ(c, cc)
	for i := range mr {
		VADDPS(Mem{Base: cc}, acc[i][0], acc[i][0])
		VADDPS(Mem{Base: cc, Disp: 32}, acc[i][1], acc[i][1])
		ADDQ(ldc, cc)
	}
	Label("write")
	for i := range mr {
		VMOVUPS(acc[i][0], Mem{Base: c})
		VMOVUPS(acc[i][1], Mem{Base: c, Disp: 32})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}
