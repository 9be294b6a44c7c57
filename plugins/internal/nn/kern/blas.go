package kern

import (
	"math"
	"sync"
)

// tileFunc computes C[mr x cols] = alpha*A*B + beta*C over k terms, where rows
// of B are ldb apart and at least nr long. Strides are in bytes; C is not read
// where beta is 0.
type tileFunc func(k int, a *float32, rsA, csA int, b *float32, ldb int, c *float32, ldc, cols int, alpha, beta float32)

// tiles is the part of an implementation that general products need.
type tiles struct {
	mr, nr int
	tile   []tileFunc // tile[m] computes m rows, m in 1..mr
	depth  int        // terms that are added up before C is read and written: nr*depth floats of B stay in the first-level cache
	// Where the distance between columns of A is a multiple of crowded floats,
	// they crowd in a few sets of the caches, and it pays to copy a block of A
	// first. The figures are measured.
	crowded int
	// copyRows copies k > 0 rows of nr floats, ld bytes apart, to rows that are
	// ldd bytes apart.
	copyRows func(k int, src *float32, ld int, dst *float32, ldd int)
	// transpose8 writes the transpose of 8 rows of 8*blocks floats, ld bytes
	// apart, as rows of 8 floats, ldd bytes apart; blocks > 0.
	transpose8 func(blocks int, src *float32, ld int, dst *float32, ldd int)
	// fma runs rounds of independent multiply-adds, perRound operations each.
	fma      func(rounds int)
	perRound int
}

// never is a distance of which no other is a multiple.
const never = math.MaxInt

var genericTiles = tiles{mr: 1, nr: 16, depth: 256, crowded: never, tile: []tileFunc{nil, genericTile}}

func activeTiles() *tiles {
	if t := machineTiles(active.name); t != nil {
		return t
	}
	return &genericTiles
}

// Sizes of a product's blocks. A panel of B, depth x nr, stays in the
// first-level cache (32 KB with AVX-512) while rows of A pass by;
// rowsOfBlock x depth of A (24 KB) and the packed block of B, depth x
// colsOfBlock (256 KB), stay in the second-level cache. See Goto and van de
// Geijn, Anatomy of high-performance matrix multiplication, 2008. So few rows of
// A, and of C, need few entries of the table of pages.
const (
	maxDepth    = 384
	rowsOfBlock = 24 // a multiple of every mr
	colsOfBlock = 256
	// Products of at most so many rows read B where it lies: packing would cost
	// more than it saves.
	rowsUnpacked = 48
	// A task has at least so many rows where there are more.
	rowsOfTask = 96
	// A product of fewer multiply-adds stays on one thread; to wake another
	// takes longer than to compute a part of it.
	minShared = 1 << 21
)

// product is a product of matrices while it is computed: a grid of tasks, each
// a block of C.
type product struct {
	m, n, k     int
	alpha, beta float32
	a, b, c     []float32
	rsA, csA    int
	ldb, ldc    int
	transposed  bool

	tiles      *tiles
	rows, cols int         // of C in a task
	down, all  int         // tasks below each other; tasks
	task       func(i int) // kept, so that a product allocates nothing
}

// block holds what a goroutine packs.
type block struct{ a, b []float32 }

var (
	products = sync.Pool{New: func() any {
		p := &product{}
		p.task = p.block
		return p
	}}
	blocks = sync.Pool{New: func() any {
		return &block{
			a: align(make([]float32, maxDepth*rowsOfBlock+Lane)),
			b: align(make([]float32, maxDepth*colsOfBlock+Lane)),
		}
	}}
)

// Product computes C = alpha*A*B + beta*C for an m x k matrix A, a k x n matrix
// B and an m x n matrix C of any sizes. Element (i, l) of A is a[i*rsA+l*csA],
// so that a transpose is a matter of strides; rows of B are ldb apart, or
// columns are where transposed is set; rows of C are ldc apart. Where beta is 0
// C is written only; where alpha or k is 0 A and B are not read.
//
// Up to threads goroutines work. They share out C, never a sum: an element of C
// is added up in the order of l in blocks of 256 or, with AVX2, 384, whatever the number of
// threads, the other sizes or the place of the element.
func Product(threads, m, n, k int, alpha float32, a []float32, rsA, csA int, b []float32, ldb int, transposed bool, beta float32, c []float32, ldc int) {
	if m <= 0 || n <= 0 {
		return
	}
	_ = c[(m-1)*ldc+n-1]
	if alpha == 0 || k <= 0 {
		rescale(m, n, beta, c, ldc)
		return
	}
	_ = a[(m-1)*rsA+(k-1)*csA]
	if transposed {
		_ = b[(n-1)*ldb+k-1]
	} else {
		_ = b[(k-1)*ldb+n-1]
	}
	p := products.Get().(*product)
	p.m, p.n, p.k, p.alpha, p.beta = m, n, k, alpha, beta
	p.a, p.b, p.c = a, b, c
	p.rsA, p.csA, p.ldb, p.ldc, p.transposed = rsA, csA, ldb, ldc, transposed
	p.tiles = activeTiles()
	if float64(m)*float64(n)*float64(k) < minShared {
		threads = 1
	}
	p.divide(threads)
	Par(threads, p.all, p.task)
	p.a, p.b, p.c = nil, nil, nil
	products.Put(p)
}

// rescale sets C = beta*C.
func rescale(m, n int, beta float32, c []float32, ldc int) {
	for i := range m {
		row := c[i*ldc:][:n]
		switch beta {
		case 0:
			clear(row)
		case 1:
			return
		default:
			for j := range row {
				row[j] *= beta
			}
		}
	}
}

// divide chooses the grid of tasks: columns first, for every task packs its own
// part of B, and rows where that does not give two tasks a thread. Small
// products have narrow tasks.
func (p *product) divide(threads int) {
	p.rows, p.cols = p.m, colsOfBlock
	if threads > 1 {
		want := 2 * threads
		for p.cols > colsOfBlock/4 && ceilDiv(p.n, p.cols)*ceilDiv(p.m, 2*rowsOfTask) < 4*want {
			p.cols /= 2
		}
		down := min(ceilDiv(want, ceilDiv(p.n, p.cols)), ceilDiv(p.m, rowsOfTask))
		p.rows = ceilDiv(ceilDiv(p.m, down), p.tiles.mr) * p.tiles.mr
	}
	p.down = ceilDiv(p.m, p.rows)
	p.all = p.down * ceilDiv(p.n, p.cols)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// block computes task i: rows r0 to r1 of columns c0 to c1 of C.
func (p *product) block(i int) {
	r0, c0 := i%p.down*p.rows, i/p.down*p.cols
	r1, c1 := min(p.m, r0+p.rows), min(p.n, c0+p.cols)
	packed := blocks.Get().(*block)
	defer blocks.Put(packed)
	nr := p.tiles.nr
	direct := !p.transposed && r1-r0 <= rowsUnpacked
	beta := p.beta
	for k0 := 0; k0 < p.k; k0 += p.tiles.depth {
		depth := min(p.tiles.depth, p.k-k0)
		for j := c0; j < c1; j += nr {
			if cols := min(nr, c1-j); !direct || cols < nr {
				p.pack(packed.b[(j-c0)*depth:][:depth*nr], k0, depth, j, cols)
			}
		}
		for i0 := r0; i0 < r1; i0 += rowsOfBlock {
			i1 := min(r1, i0+rowsOfBlock)
			a, rs, cs := p.rowsOfA(i0, i1, k0, depth, packed)
			for j := c0; j < c1; j += nr {
				cols := min(nr, c1-j)
				b, ldb := packed.b[(j-c0)*depth:], nr
				if direct && cols == nr {
					b, ldb = p.b[k0*p.ldb+j:], p.ldb
				}
				for i := i0; i < i1; i += p.tiles.mr {
					p.tiles.tile[min(p.tiles.mr, i1-i)](depth, &a[(i-i0)*rs], 4*rs, 4*cs, &b[0], 4*ldb,
						&p.c[i*p.ldc+j], 4*p.ldc, cols, p.alpha, beta)
				}
			}
		}
		beta = 1
	}
}

// rowsOfA is the block of A of rows i0 to i1 and depth columns from k0 on, with
// its strides; where it lies, or copied where that pays.
func (p *product) rowsOfA(i0, i1, k0, depth int, packed *block) (a []float32, rs, cs int) {
	a = p.a[i0*p.rsA+k0*p.csA:]
	if p.rsA != 1 || p.csA%p.tiles.crowded != 0 {
		return a, p.rsA, p.csA
	}
	for l := range depth {
		copy(packed.a[l*rowsOfBlock:][:i1-i0], a[l*p.csA:])
	}
	return packed.a, 1, rowsOfBlock
}

// pack lays out cols columns of B, from column j and row k0 on, as depth rows
// of nr floats, filled up with zeros.
func (p *product) pack(dst []float32, k0, depth, j, cols int) {
	t := p.tiles
	nr := t.nr
	if !p.transposed {
		src := p.b[k0*p.ldb+j:]
		if cols == nr && t.copyRows != nil {
			t.copyRows(depth, &src[0], 4*p.ldb, &dst[0], 4*nr)
			return
		}
		packRows(dst, nr, src, p.ldb, depth, cols)
		return
	}
	src := p.b[j*p.ldb+k0:]
	if cols < nr {
		clear(dst)
	}
	i := 0
	if eights := depth / 8; eights > 0 && t.transpose8 != nil {
		for ; i+8 <= cols; i += 8 {
			t.transpose8(eights, &src[i*p.ldb], 4*p.ldb, &dst[i], 4*nr)
			for l := 8 * eights; l < depth; l++ {
				for h := i; h < i+8; h++ {
					dst[l*nr+h] = src[h*p.ldb+l]
				}
			}
		}
	}
	for ; i < cols; i++ {
		for l, v := range src[i*p.ldb:][:depth] {
			dst[l*nr+i] = v
		}
	}
}

func genericTile(k int, a *float32, _, csA int, b *float32, ldb int, c *float32, _, cols int, alpha, beta float32) {
	as, bs, cs := view(a, (k-1)*csA/4+1), view(b, (k-1)*ldb/4+16), view(c, cols)
	var acc [16]float32
	for l := range k {
		f := as[l*csA/4]
		for j, v := range bs[l*ldb/4:][:16] {
			acc[j] += f * v
		}
	}
	for j := range cs {
		s := alpha * acc[j]
		if beta != 0 {
			s += beta * cs[j]
		}
		cs[j] = s
	}
}
