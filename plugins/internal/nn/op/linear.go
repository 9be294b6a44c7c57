package op

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// rowsAtOnce is how many rows a task of a matrix product takes.
const rowsAtOnce = 96

// Linear is y = f(x W + b) + r: inputs x (rows x K), W (K x N), b (1 x N) and,
// with Residual, r (rows x N); f is GELU or nothing. K and N are multiples of 16.
type Linear struct {
	Env      *Env
	Label    string
	Rows     *Rows
	K, N     int
	Gelu     bool
	Residual bool

	forward, backward weight
	z, dz, sums       []float32
	packed            kern.Packed

	run      func(from, to int) // forwardRows, of:
	in       [][]float32
	out, pre []float32
	w        *kern.Packed
}

// Name implements Op.
func (o *Linear) Name() string { return "linear " + o.Label }

// Check implements Op.
func (o *Linear) Check(in []Shape) error {
	expected := []Shape{{o.Rows, o.K}, {Fixed(o.K), o.N}, {Fixed(1), o.N}}
	if o.Residual {
		expected = append(expected, Shape{o.Rows, o.N})
	}
	return want(o.Name(), in, expected...)
}

// Shape implements Op.
func (o *Linear) Shape() Shape { return Shape{o.Rows, o.N} }

// Forward implements Op.
func (o *Linear) Forward(in [][]float32, out []float32) {
	m, n := o.Rows.Live, o.N
	o.in, o.out, o.pre = in, out, out
	o.w = o.forward.get(o.Env, in[1], o.K, n, false)
	if o.Gelu && o.Env.Train {
		o.pre = grow(&o.z, m*n)
	}
	if o.run == nil {
		o.run = o.forwardRows
	}
	o.Env.rows(m, rowsAtOnce, o.run)
}

func (o *Linear) forwardRows(from, to int) {
	k, n := o.K, o.N
	kern.Gemm(to-from, o.in[0][from*k:], k, 1, o.w, o.pre[from*n:], n, false, o.in[2])
	y := o.out[from*n : to*n]
	if o.Gelu {
		kern.Gelu(o.pre[from*n:to*n], y)
	}
	if o.Residual {
		kern.Add(y, o.in[3][from*n:to*n], y)
	}
}

// Backward implements Op.
func (o *Linear) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	m, k, n := o.Rows.Live, o.K, o.N
	dz := dout
	if o.Gelu {
		dz = grow(&o.dz, m*n)
		o.Env.rows(m, rowsAtOnce, func(from, to int) {
			kern.GeluGrad(o.z[from*n:to*n], dout[from*n:to*n], dz[from*n:to*n])
		})
	}
	if din[0] != nil {
		w := o.backward.get(o.Env, in[1], n, k, true)
		o.Env.rows(m, rowsAtOnce, func(from, to int) {
			kern.Gemm(to-from, dz[from*n:], n, 1, w, din[0][from*k:], k, false, nil)
		})
	}
	if din[1] != nil {
		weightGrad(o.Env, m, k, n, in[0], dz, din[1], &o.packed)
	}
	if din[2] != nil {
		columnSums(o.Env, m, n, dz, din[2], &o.sums)
	}
	if o.Residual && din[3] != nil {
		copy(din[3][:m*n], dout[:m*n])
	}
}

// weightGrad writes dw = x^T dz for m rows.
func weightGrad(e *Env, m, k, n int, x, dz, dw []float32, packed *kern.Packed) {
	if m == 0 {
		clear(dw[:k*n])
		return
	}
	packed.Pack(e.Threads, dz, n, m, n, false)
	kern.ParRows(e.Threads, k, kern.Even(e.Threads, k, k), func(from, to int) {
		kern.Gemm(to-from, x[from:], 1, k, packed, dw[from*n:], n, false, nil)
	})
}

// Norm is layer norm: inputs x (rows x D), gamma and beta (1 x D).
type Norm struct {
	Env   *Env
	Label string
	Rows  *Rows
	D     int

	xhat, rstd, partial, unwanted []float32

	run func(from, to int) // forwardRows, of:
	in  [][]float32
	out []float32
}

// Name implements Op.
func (o *Norm) Name() string { return "norm " + o.Label }

// Check implements Op.
func (o *Norm) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Rows, o.D}, Shape{Fixed(1), o.D}, Shape{Fixed(1), o.D})
}

// Shape implements Op.
func (o *Norm) Shape() Shape { return Shape{o.Rows, o.D} }

// Forward implements Op.
func (o *Norm) Forward(in [][]float32, out []float32) {
	m, d := o.Rows.Live, o.D
	grow(&o.xhat, m*d)
	grow(&o.rstd, m)
	o.in, o.out = in, out
	if o.run == nil {
		o.run = o.forwardRows
	}
	o.Env.rows(m, sumPart, o.run)
}

func (o *Norm) forwardRows(from, to int) {
	d := o.D
	kern.Norm(to-from, d, o.in[0][from*d:], o.in[1], o.in[2], o.out[from*d:], o.xhat[from*d:], o.rstd[from:])
}

// Backward implements Op.
func (o *Norm) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	m, d := o.Rows.Live, o.D
	parts := (m + sumPart - 1) / sumPart
	partial := grow(&o.partial, 2*parts*d)
	dx := din[0]
	if dx == nil {
		dx = grow(&o.unwanted, m*d)
	}
	kern.ParRows(o.Env.Threads, m, sumPart, func(from, to int) {
		i := from / sumPart
		dg, db := partial[i*d:(i+1)*d], partial[(parts+i)*d:(parts+i+1)*d]
		clear(dg)
		clear(db)
		kern.NormGrad(to-from, d, dout[from*d:], o.xhat[from*d:], o.rstd[from:], in[1], dx[from*d:], dg, db)
	})
	addParts(parts, d, partial, din[1])
	addParts(parts, d, partial[parts*d:], din[2])
}
