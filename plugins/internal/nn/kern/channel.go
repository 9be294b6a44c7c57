package kern

// channels is the part of an implementation that treats the columns of a
// matrix, the channels of an image, apart. Rows and columns are more than none.
type channels struct {
	sums   func(rows, d int, x, y, sum, dot *float32)
	affine func(rows, d int, x, a, c, z *float32)
	mix    func(rows, d int, x, y, a, b, c, z *float32)
}

var genericChannels = channels{genericChannelSums, genericChannelAffine, genericChannelMix}

func activeChannels() *channels {
	if c := machineChannels(active.name); c != nil {
		return c
	}
	return &genericChannels
}

// ChannelSums adds the sums of the columns of y to sum, and those of the
// products of the entries of x and y to dot. x and y are rows x d and may be
// the same; rows are added one after another.
func ChannelSums(rows, d int, x, y, sum, dot []float32) {
	check(d, len(sum), len(dot))
	check(rows*d, len(x), len(y))
	c := activeChannels()
	for from := 0; rows > 0 && from < rows; from += rowsOfChunk(d) {
		c.sums(min(rowsOfChunk(d), rows-from), d, &x[from*d], &y[from*d], &sum[0], &dot[0])
	}
}

// ChannelAffine sets z = a*x + c, with an entry of a and c for each column of x
// and z, rows x d; z may be x.
func ChannelAffine(rows, d int, x, a, c, z []float32) {
	check(d, len(a), len(c))
	check(rows*d, len(x), len(z))
	k := activeChannels()
	for from := 0; rows > 0 && from < rows; from += rowsOfChunk(d) {
		k.affine(min(rowsOfChunk(d), rows-from), d, &x[from*d], &a[0], &c[0], &z[from*d])
	}
}

// ChannelMix sets z = a*x + b*y + c, with an entry of a, b and c for each
// column of x, y and z, rows x d; z may be x or y.
func ChannelMix(rows, d int, x, y, a, b, c, z []float32) {
	check(d, len(a), len(b), len(c))
	check(rows*d, len(x), len(y), len(z))
	k := activeChannels()
	for from := 0; rows > 0 && from < rows; from += rowsOfChunk(d) {
		k.mix(min(rowsOfChunk(d), rows-from), d, &x[from*d], &y[from*d], &a[0], &b[0], &c[0], &z[from*d])
	}
}

// rowsOfChunk is how many rows of d one call into assembly takes.
func rowsOfChunk(d int) int { return max(1, chunk/max(d, 1)) }

func genericChannelSums(rows, d int, x, y, sum, dot *float32) {
	xs, ys, sums, dots := view(x, rows*d), view(y, rows*d), view(sum, d), view(dot, d)
	for i := 0; i < rows*d; i += d {
		for j := range d {
			sums[j] += ys[i+j]
			dots[j] += xs[i+j] * ys[i+j]
		}
	}
}

func genericChannelAffine(rows, d int, x, a, c, z *float32) {
	xs, as, cs, zs := view(x, rows*d), view(a, d), view(c, d), view(z, rows*d)
	for i := 0; i < rows*d; i += d {
		for j := range d {
			zs[i+j] = as[j]*xs[i+j] + cs[j]
		}
	}
}

func genericChannelMix(rows, d int, x, y, a, b, c, z *float32) {
	xs, ys, zs := view(x, rows*d), view(y, rows*d), view(z, rows*d)
	as, bs, cs := view(a, d), view(b, d), view(c, d)
	for i := 0; i < rows*d; i += d {
		for j := range d {
			zs[i+j] = as[j]*xs[i+j] + bs[j]*ys[i+j] + cs[j]
		}
	}
}
