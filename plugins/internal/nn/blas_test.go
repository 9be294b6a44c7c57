package nn

import (
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

func TestAGraphBringsItsMatrixProductsToGonum(t *testing.T) {
	NewGraph(NewParams(rand.New(rand.NewPCG(1, 2))), 1)
	if _, ours := blas32.Implementation().(blas.Implementation); !ours {
		t.Errorf("gonum's blas32 computes with a %T", blas32.Implementation())
	}
}
