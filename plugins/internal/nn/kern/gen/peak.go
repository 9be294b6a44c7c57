//go:build ignore

// Program peak writes the kernels behind BLAS and the one that measures the
// peak to hold them against. It stands apart from the generator of the
// networks' kernels, so that neither's output depends on the other.
//
//	cd plugins/internal/nn/kern/gen
//	go run peak.go -set blas -out ../blas_amd64.s -stubs ../blas_stubs_amd64.go -pkg kern
//	go run peak.go -set peak -out ../peak_amd64.s -stubs ../peak_stubs_amd64.go -pkg kern
package main

import (
	"flag"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func ptr(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// rows addresses rows of a strided matrix in groups of three: base, base+rs,
// base+2*rs.
type rows struct {
	rs, cs reg.Register
	bases  []reg.Register
}

func newRows(n int, base, rs, cs reg.Register) rows {
	a := rows{rs: rs, cs: cs, bases: []reg.Register{base}}
	if n > 3 {
		rs3 := GP64()
		LEAQ(Mem{Base: rs, Index: rs, Scale: 2}, rs3)
		for i := 3; i < n; i += 3 {
			r := GP64()
			LEAQ(Mem{Base: a.bases[i/3-1], Index: rs3, Scale: 1}, r)
			a.bases = append(a.bases, r)
		}
	}
	return a
}

func (a rows) at(i int) Mem {
	m := Mem{Base: a.bases[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = a.rs, uint8(i%3)
	}
	return m
}

func (a rows) next() {
	for _, r := range a.bases {
		ADDQ(a.cs, r)
	}
}

// loop runs body k times, four at a time as long as that goes.
func loop(k reg.Register, body func()) {
	k4 := GP64()
	MOVQ(k, k4)
	SHRQ(Imm(2), k4)
	JZ(LabelRef("tail"))
	Label("loop")
	for range 4 {
		body()
	}
	DECQ(k4)
	JNZ(LabelRef("loop"))
	Label("tail")
	ANDQ(Imm(3), k)
	JZ(LabelRef("store"))
	Label("single")
	body()
	DECQ(k)
	JNZ(LabelRef("single"))
	Label("store")
}

// tile is a micro-kernel: C[mr x cols] = alpha*A*B + beta*C with A[mr x k] of
// any strides, B[k x 2 vectors] and cols at most two vectors. Strides are in
// bytes. C is not read where beta is 0.
func tile(wide bool, mr int) {
	bits, vector, size := 256, YMM, 32
	if wide {
		bits, vector, size = 512, ZMM, 64
	}
	TEXT(fmt.Sprintf("sgemm%dx%d", bits, mr), NOSPLIT,
		"func(k int, a *float32, rsA, csA int, b *float32, ldb int, c *float32, ldc, cols int, alpha, beta float32)")
	Pragma("noescape")
	k, b, ldb := ptr("k"), ptr("b"), ptr("ldb")
	a := newRows(mr, ptr("a"), ptr("rsA"), ptr("csA"))
	acc := make([][2]reg.VecVirtual, mr)
	for i := range acc {
		for j := range acc[i] {
			acc[i][j] = vector()
			if wide {
				VPXORD(acc[i][j], acc[i][j], acc[i][j])
			} else {
				VXORPS(acc[i][j], acc[i][j], acc[i][j])
			}
		}
	}
	b0, b1 := vector(), vector()
	t := []reg.VecVirtual{vector(), vector()}
	if wide {
		t = append(t, vector(), vector())
	}
	loop(k, func() {
		VMOVUPS(Mem{Base: b}, b0)
		VMOVUPS(Mem{Base: b, Disp: size}, b1)
		ADDQ(ldb, b)
		for i := range mr {
			x := t[i%len(t)]
			VBROADCASTSS(a.at(i), x)
			VFMADD231PS(b0, x, acc[i][0])
			VFMADD231PS(b1, x, acc[i][1])
		}
		a.next()
	})
	alpha, beta := t[0], t[1]
	VBROADCASTSS(NewParamAddr("alpha", 72), alpha)
	VBROADCASTSS(NewParamAddr("beta", 76), beta)
	for i := range mr {
		VMULPS(alpha, acc[i][0], acc[i][0])
		VMULPS(alpha, acc[i][1], acc[i][1])
	}
	c, ldc, cols := ptr("c"), ptr("ldc"), ptr("cols")
	nonzero := GP32()
	MOVL(NewParamAddr("beta", 76), nonzero)
	ADDL(nonzero, nonzero) // without the sign
	if wide {
		mask, one := GP64(), GP64()
		shift := reg.RCX
		MOVQ(cols, shift)
		MOVQ(U32(1), one)
		SHLQ(reg.CL, one)
		LEAQ(Mem{Base: one, Disp: -1}, mask)
		k1, k2 := K(), K()
		KMOVW(mask.As32(), k1)
		SHRQ(Imm(16), mask)
		KMOVW(mask.As32(), k2)
		TESTL(nonzero, nonzero)
		JZ(LabelRef("write"))
		cc := GP64()
		MOVQ(c, cc)
		for i := range mr {
			VMOVUPS_Z(Mem{Base: cc}, k1, b0)
			VMOVUPS_Z(Mem{Base: cc, Disp: size}, k2, b1)
			VFMADD231PS(b0, beta, acc[i][0])
			VFMADD231PS(b1, beta, acc[i][1])
			ADDQ(ldc, cc)
		}
		Label("write")
		for i := range mr {
			VMOVUPS(acc[i][0], k1, Mem{Base: c})
			VMOVUPS(acc[i][1], k2, Mem{Base: c, Disp: size})
			ADDQ(ldc, c)
		}
		VZEROUPPER()
		RET()
		return
	}
	cc := GP64()
	MOVQ(c, cc)
	CMPQ(cols, Imm(16))
	JNE(LabelRef("masked"))
	TESTL(nonzero, nonzero)
	JZ(LabelRef("write"))
	for i := range mr {
		VFMADD231PS(Mem{Base: cc}, beta, acc[i][0])
		VFMADD231PS(Mem{Base: cc, Disp: size}, beta, acc[i][1])
		ADDQ(ldc, cc)
	}
	Label("write")
	for i := range mr {
		VMOVUPS(acc[i][0], Mem{Base: c})
		VMOVUPS(acc[i][1], Mem{Base: c, Disp: size})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
	Label("masked")
	ones := GP64()
	LEAQ(lanes, ones)
	SHLQ(Imm(2), cols)
	SUBQ(cols, ones)
	m0, m1 := t[0], b0 // alpha is done with
	VMOVUPS(Mem{Base: ones, Disp: 64}, m0)
	VMOVUPS(Mem{Base: ones, Disp: 96}, m1)
	TESTL(nonzero, nonzero)
	JZ(LabelRef("maskedwrite"))
	for i := range mr {
		VMASKMOVPS(Mem{Base: cc}, m0, b1)
		VFMADD231PS(b1, beta, acc[i][0])
		VMASKMOVPS(Mem{Base: cc, Disp: size}, m1, b1)
		VFMADD231PS(b1, beta, acc[i][1])
		ADDQ(ldc, cc)
	}
	Label("maskedwrite")
	for i := range mr {
		VMASKMOVPS(acc[i][0], m0, Mem{Base: c})
		VMASKMOVPS(acc[i][1], m1, Mem{Base: c, Disp: size})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// lanes is 16 set lanes and 16 clear ones; what begins n lanes before the
// middle is the mask of n columns.
var lanes Mem

func laneTable() {
	lanes = GLOBL("sgemmLanes", 8|16) // RODATA|NOPTR
	for i := range 32 {
		v := U32(0xffffffff)
		if i >= 16 {
			v = 0
		}
		DATA(4*i, v)
	}
}

// copyRows copies k rows of two vectors, ld bytes apart, to rows that are ldd
// bytes apart.
func copyRows(wide bool) {
	bits, vector, size := 256, YMM, 32
	if wide {
		bits, vector, size = 512, ZMM, 64
	}
	TEXT(fmt.Sprintf("copyRows%d", bits), NOSPLIT, "func(k int, src *float32, ld int, dst *float32, ldd int)")
	Pragma("noescape")
	k, src, ld, dst, ldd := ptr("k"), ptr("src"), ptr("ld"), ptr("dst"), ptr("ldd")
	x, y := vector(), vector()
	Label("loop")
	VMOVUPS(Mem{Base: src}, x)
	VMOVUPS(Mem{Base: src, Disp: size}, y)
	VMOVUPS(x, Mem{Base: dst})
	VMOVUPS(y, Mem{Base: dst, Disp: size})
	ADDQ(ld, src)
	ADDQ(ldd, dst)
	DECQ(k)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose8 writes the transpose of 8 rows of 8*blocks floats, ld bytes
// apart, as rows of 8 floats that are ldd bytes apart. It transposes squares of
// 8 by pairs, then fours, then halves.
func transpose8() {
	TEXT("transpose8", NOSPLIT, "func(blocks int, src *float32, ld int, dst *float32, ldd int)")
	Pragma("noescape")
	blocks, ld, dst, ldd := ptr("blocks"), ptr("ld"), ptr("dst"), ptr("ldd")
	eight := GP64()
	MOVQ(U32(32), eight)
	src := newRows(8, ptr("src"), ld, eight)
	Label("loop")
	var x, y [8]reg.VecVirtual
	for i := range x {
		x[i], y[i] = YMM(), YMM()
	}
	// Row i of the upper four shares a register with row i+4.
	for i := range 4 {
		VMOVUPS(src.at(i), x[i].AsX())
		VINSERTF128(Imm(1), src.at(i+4), x[i], x[i])
		m := src.at(i)
		m.Disp = 16
		VMOVUPS(m, x[i+4].AsX())
		m = src.at(i + 4)
		m.Disp = 16
		VINSERTF128(Imm(1), m, x[i+4], x[i+4])
	}
	src.next()
	for h := 0; h < 8; h += 4 {
		VUNPCKLPS(x[h+1], x[h], y[h])
		VUNPCKHPS(x[h+1], x[h], y[h+1])
		VUNPCKLPS(x[h+3], x[h+2], y[h+2])
		VUNPCKHPS(x[h+3], x[h+2], y[h+3])
		for q, p := range [][3]int{{0, 2, 0x44}, {0, 2, 0xee}, {1, 3, 0x44}, {1, 3, 0xee}} {
			out := x[h+q]
			VSHUFPS(Imm(uint64(p[2])), y[h+p[1]], y[h+p[0]], out)
			VMOVUPS(out, Mem{Base: dst})
			ADDQ(ldd, dst)
		}
	}
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// peak runs rounds of independent multiply-adds in all registers that a
// micro-kernel sums in.
func peak(wide bool, chains int) {
	bits, vector := 256, YMM
	if wide {
		bits, vector = 512, ZMM
	}
	TEXT(fmt.Sprintf("fma%d", bits), NOSPLIT, "func(rounds int)")
	n := ptr("rounds")
	acc := make([]reg.VecVirtual, chains)
	f := vector()
	VXORPS(f.AsX(), f.AsX(), f.AsX())
	for i := range acc {
		acc[i] = vector()
		VXORPS(acc[i].AsX(), acc[i].AsX(), acc[i].AsX())
	}
	Label("loop")
	for i := range acc {
		VFMADD231PS(f, f, acc[i])
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func main() {
	set := flag.String("set", "blas", "kernels to write: blas or peak")
	flag.Parse()
	ConstraintExpr("amd64")
	switch *set {
	case "blas":
		laneTable()
		for mr := 1; mr <= 12; mr++ {
			tile(true, mr)
		}
		for mr := 1; mr <= 6; mr++ {
			tile(false, mr)
		}
		copyRows(true)
		copyRows(false)
		transpose8()
	case "peak":
		peak(true, 24)
		peak(false, 12)
	}
	Generate()
}
