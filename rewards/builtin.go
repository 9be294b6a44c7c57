package rewards

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem/descriptor"
)

// builtin lists the built-in functions. Curves without a source of their own
// are 1 within the rules of Lipinski (1997) or Veber (2002) and reach 0 at
// twice the limit.
var builtin = []Function{
	{
		Name: "qed", About: "drug-likeness (Bickerton 2012)", Low: 0, High: 1,
		Goal: Maximize, Curve: Rising(0, 1),
		Scorer: property((*descriptor.Analysis).QED),
	},
	{
		Name: "sa", About: "synthetic accessibility, 1 easy to 10 hard (Ertl and Schuffenhauer 2009)", Low: 1, High: 10,
		Goal: Minimize, Curve: Falling(1, 10),
		Scorer: property((*descriptor.Analysis).SA),
	},
	{
		Name: "mw", Unit: "Da", About: "molecular weight", Low: 0, High: 1000,
		Goal: Minimize, Curve: Falling(300, 1000),
		Scorer: property(func(a *descriptor.Analysis) float64 { return descriptor.MolWt(a.Mol()) }),
	},
	{
		Name: "logp", About: "octanol-water partition coefficient, decimal logarithm (Wildman and Crippen 1999)", Low: -3, High: 7,
		Goal: Range, Curve: Plateau(1, 3, 2),
		Scorer: property((*descriptor.Analysis).LogP),
	},
	{
		Name: "tpsa", Unit: "A2", About: "topological polar surface area (Ertl 2000)", Low: 0, High: 280,
		Goal: Minimize, Curve: Falling(140, 280),
		Scorer: property((*descriptor.Analysis).TPSA),
	},
	{
		Name: "hbd", About: "hydrogen-bond donors", Low: 0, High: 10,
		Goal: Minimize, Curve: Falling(5, 10),
		Scorer: count((*descriptor.Analysis).HBD),
	},
	{
		Name: "hba", About: "hydrogen-bond acceptors", Low: 0, High: 20,
		Goal: Minimize, Curve: Falling(10, 20),
		Scorer: count((*descriptor.Analysis).HBA),
	},
	{
		Name: "rotb", About: "rotatable bonds", Low: 0, High: 20,
		Goal: Minimize, Curve: Falling(10, 20),
		Scorer: count((*descriptor.Analysis).RotatableBonds),
	},
	{
		Name: "esol", Unit: "log mol/l", About: "aqueous solubility, decimal logarithm (Delaney 2004, with Wildman-Crippen logP)", Low: -8, High: 0,
		Goal: Maximize, Curve: Rising(-8, 0),
		Scorer: property((*descriptor.Analysis).ESOL),
	},
}

func count(f func(*descriptor.Analysis) int) property {
	return func(a *descriptor.Analysis) float64 { return float64(f(a)) }
}

// Builtin lists the built-in functions.
func Builtin() []Function { return slices.Clone(builtin) }

// Find is the built-in function with a name.
func Find(name string) (Function, bool) {
	for _, f := range builtin {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// Names lists the names of the built-in functions.
func Names() []string {
	names := make([]string, len(builtin))
	for i, f := range builtin {
		names[i] = f.Name
	}
	return names
}
