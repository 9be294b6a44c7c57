//go:build ignore

// Program channel writes the kernels that treat the columns of a matrix apart.
// It stands apart from the generator of the other kernels, so that neither's
// output depends on the other.
//
//	cd plugins/internal/nn/kern/gen
//	go run channel.go -out ../channel_amd64.s -stubs ../channel_stubs_amd64.go -pkg kern
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func ptr(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// isa is an instruction set; a group of 16 columns is one ZMM register or two
// YMM registers.
type isa struct {
	suffix string
	wide   bool // AVX-512
}

func (s isa) one() reg.VecVirtual {
	if s.wide {
		return ZMM()
	}
	return YMM()
}

func (s isa) load(m Mem) []reg.VecVirtual {
	var v []reg.VecVirtual
	for p := range s.parts() {
		r := s.one()
		VMOVUPS(at(m, p), r)
		v = append(v, r)
	}
	return v
}

func (s isa) parts() int {
	if s.wide {
		return 1
	}
	return 2
}

// at is the address of part p of a group of columns at m.
func at(m Mem, p int) Mem { m.Disp += 32 * p; return m }

// columns emits the loop over groups of 16 columns, and in it one over the
// rows. The matrices' pointers move down the rows; vectors are read before and
// may be written after. There is a row, and a column.
func (s isa) columns(matrices, vectors []reg.GPVirtual, before func(vector []Mem), row func(matrix []Mem), after func(vector []Mem)) {
	rows, d := ptr("rows"), ptr("d")
	ld := GP64()
	MOVQ(d, ld)
	SHLQ(Imm(2), ld)
	SHRQ(Imm(4), d)
	var at, down []Mem
	var moving []reg.GPVirtual
	for _, m := range vectors {
		at = append(at, Mem{Base: m})
	}
	for range matrices {
		r := GP64()
		moving = append(moving, r)
		down = append(down, Mem{Base: r})
	}
	Label("columns")
	before(at)
	n := GP64()
	MOVQ(rows, n)
	for i, m := range matrices {
		MOVQ(m, moving[i])
	}
	Label("rows")
	row(down)
	for _, m := range moving {
		ADDQ(ld, m)
	}
	DECQ(n)
	JNZ(LabelRef("rows"))
	if after != nil {
		after(at)
	}
	for _, r := range append(append([]reg.GPVirtual{}, matrices...), vectors...) {
		ADDQ(Imm(64), r)
	}
	DECQ(d)
	JNZ(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

func (s isa) sums() {
	TEXT("channelSums"+s.suffix, NOSPLIT, "func(rows, d int, x, y, sum, dot *float32)")
	Pragma("noescape")
	var sum, dot []reg.VecVirtual
	s.columns([]reg.GPVirtual{ptr("x"), ptr("y")}, []reg.GPVirtual{ptr("sum"), ptr("dot")},
		func(v []Mem) { sum, dot = s.load(v[0]), s.load(v[1]) },
		func(m []Mem) {
			y := s.load(m[1])
			for p := range y {
				VADDPS(y[p], sum[p], sum[p])
				VFMADD231PS(at(m[0], p), y[p], dot[p])
			}
		},
		func(v []Mem) {
			for p := range sum {
				VMOVUPS(sum[p], at(v[0], p))
				VMOVUPS(dot[p], at(v[1], p))
			}
		})
}

func (s isa) affine() {
	TEXT("channelAffine"+s.suffix, NOSPLIT, "func(rows, d int, x, a, c, z *float32)")
	Pragma("noescape")
	var a, c []reg.VecVirtual
	s.columns([]reg.GPVirtual{ptr("x"), ptr("z")}, []reg.GPVirtual{ptr("a"), ptr("c")},
		func(v []Mem) { a, c = s.load(v[0]), s.load(v[1]) },
		func(m []Mem) {
			x := s.load(m[0])
			for p := range x {
				VFMADD213PS(c[p], a[p], x[p])
				VMOVUPS(x[p], at(m[1], p))
			}
		}, nil)
}

func (s isa) mix() {
	TEXT("channelMix"+s.suffix, NOSPLIT, "func(rows, d int, x, y, a, b, c, z *float32)")
	Pragma("noescape")
	var a, b, c []reg.VecVirtual
	s.columns([]reg.GPVirtual{ptr("x"), ptr("y"), ptr("z")}, []reg.GPVirtual{ptr("a"), ptr("b"), ptr("c")},
		func(v []Mem) { a, b, c = s.load(v[0]), s.load(v[1]), s.load(v[2]) },
		func(m []Mem) {
			x := s.load(m[0])
			y := s.load(m[1])
			for p := range x {
				VFMADD213PS(c[p], a[p], x[p])
				VFMADD231PS(b[p], y[p], x[p])
				VMOVUPS(x[p], at(m[2], p))
			}
		}, nil)
}

func main() {
	ConstraintExpr("amd64")
	for _, s := range []isa{{"512", true}, {"256", false}} {
		s.sums()
		s.affine()
		s.mix()
	}
	Generate()
}
