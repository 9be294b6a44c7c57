// Command gen writes the assembly of package kern with avo. It is a module of
// its own so that the generator's dependencies stay out of the product's.
//
//	cd plugins/internal/nn/kern/gen && go run . -out ../kern_amd64.s -stubs ../stubs_amd64.go -pkg kern
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set; every vector kernel is written once, over logical
// vectors of 16 floats: one ZMM register or two YMM registers.
type isa struct {
	suffix string
	wide   bool // AVX-512
}

type vec []reg.VecVirtual

func (s isa) one() reg.VecVirtual {
	if s.wide {
		return ZMM()
	}
	return YMM()
}

func (s isa) parts() int {
	if s.wide {
		return 1
	}
	return 2
}

func (s isa) vec() vec {
	v := make(vec, s.parts())
	for i := range v {
		v[i] = s.one()
	}
	return v
}

func (s isa) zero() vec {
	v := s.vec()
	s.clear(v)
	return v
}

func (s isa) clear(v vec) {
	for _, r := range v {
		if s.wide {
			VPXORD(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// at is the address of part p of a logical vector at m.
func at(m Mem, p int) Mem { m.Disp += 32 * p; return m }

func (s isa) load(m Mem) vec {
	v := s.vec()
	for p := range v {
		VMOVUPS(at(m, p), v[p])
	}
	return v
}

func (s isa) store(v vec, m Mem) {
	for p := range v {
		VMOVUPS(v[p], at(m, p))
	}
}

func (s isa) broadcastMem(m Mem) vec {
	v := s.vec()
	for p := range v {
		VBROADCASTSS(m, v[p])
	}
	return v
}

// param broadcasts a float32 argument. The parts of the result are one
// register, so it must not be written to.
func (s isa) param(name string) vec {
	x := XMM()
	Load(Param(name), x)
	r := s.one()
	VBROADCASTSS(x, r)
	v := make(vec, s.parts())
	for p := range v {
		v[p] = r
	}
	return v
}

func ptr(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

var consts = map[string]Mem{}

// constant is the address of 16 copies of a float.
func constant(v float32) Mem {
	name := fmt.Sprintf("c%08x", bitsOf(v))
	if m, ok := consts[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16) // RODATA|NOPTR
	for i := range 16 {
		DATA(4*i, F32(v))
	}
	consts[name] = m
	return m
}

func intConstant(v uint32) Mem {
	name := fmt.Sprintf("i%08x", v)
	if m, ok := consts[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16)
	for i := range 16 {
		DATA(4*i, U32(v))
	}
	consts[name] = m
	return m
}

// sum leaves the sum of all lanes in lane 0 of the returned register.
func (s isa) sum(v vec) reg.VecVirtual { return s.reduce(v, VADDPS) }

func (s isa) max(v vec) reg.VecVirtual { return s.reduce(v, VMAXPS) }

func (s isa) reduce(v vec, op func(...Op)) reg.VecVirtual {
	y := YMM()
	if s.wide {
		VEXTRACTF64X4(Imm(1), v[0], y)
		op(v[0].(reg.Vec).AsY(), y, y)
	} else {
		op(v[0], v[1], y)
	}
	x, t := XMM(), XMM()
	if s.wide { // reaches all 32 registers
		VEXTRACTF32X4(Imm(1), y, x)
	} else {
		VEXTRACTF128(Imm(1), y, x)
	}
	op(y.AsX(), x, x)
	VPERMILPS(Imm(0x4e), x, t)
	op(t, x, x)
	VPERMILPS(Imm(0xb1), x, t)
	op(t, x, x)
	return x
}

// spread copies lane 0 of x to all lanes.
func (s isa) spread(x reg.VecVirtual) vec {
	r := s.one()
	VBROADCASTSS(x, r)
	v := make(vec, s.parts())
	for p := range v {
		v[p] = r
	}
	return v
}

func main() {
	ConstraintExpr("amd64")
	for mr := 1; mr <= 12; mr++ {
		gemm512(mr)
	}
	for mr := 1; mr <= 6; mr++ {
		gemm256(mr)
	}
	for _, s := range []isa{{"512", true}, {"256", false}} {
		s.elementwise()
		s.reductions()
		s.adam()
		s.layerNorm()
		s.attention()
	}
	Generate()
}
