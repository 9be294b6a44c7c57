// Package seh predicts how well a molecule docks to soluble epoxide hydrolase
// (sEH), as a plugin that scores: the proxy of Bengio et al. (2021, Flow network
// based generative models for non-iterative diverse candidate generation), whose
// answer is the reward of many experiments, among them those of Garipov et al.
// (2023, Compositional sculpting of iterative generative processes). It says
// what AutoDock Vina would say, not what an assay would: of 1,786 compounds with
// a measured IC50 in ChEMBL it orders pIC50 with a rank correlation of 0.28
// +- 0.02 (variant orig 0.18), as the number of heavy atoms does (0.28); at equal
// numbers of heavy atoms 0.25 is left. Package rewards/assay says how that is measured.
//
// # Outputs
//
//   - raw is the network's answer, a standardised docking score: about
//     4 - (E + 8.6)/1.1 for an energy E in kcal/mol. Drug-like molecules have
//     3.6 +- 1.2; higher is better.
//   - reward is raw, clipped to 0.0001 to 100, over 8: the reward of Garipov et
//     al., of which a power is taken.
//
// # Weights
//
// The weights are not a part of this program. They are in the repository
// github.com/GFNOrg/gflownet (MIT licence), file
// mols/data/pretrained_proxy/best_params.pkl.gz: a list of 22 arrays, which this
// Python program converts:
//
//	import gzip, pickle
//	from safetensors.numpy import save_file
//	names = """lin0.weight lin0.bias conv.root conv.bias
//	  conv.nn.0.weight conv.nn.0.bias conv.nn.2.weight conv.nn.2.bias
//	  gru.weight_ih_l0 gru.weight_hh_l0 gru.bias_ih_l0 gru.bias_hh_l0
//	  - - - - set2set.lstm.weight_ih_l0 set2set.lstm.weight_hh_l0
//	  set2set.lstm.bias_ih_l0 set2set.lstm.bias_hh_l0 lin3.weight lin3.bias""".split()
//	arrays = pickle.load(gzip.open("best_params.pkl.gz"))
//	save_file({n: a for n, a in zip(names, arrays) if n != "-"}, "seh_proxy.safetensors")
//
// A plugin that is loaded without weights says so.
//
// # In a campaign
//
// An objective of a campaign names the plugin, and so does the reward of a
// training file, where the output is the function:
//
//	objectives:
//	  - name: seh
//	    reward: reward # or raw
//	    plugin: core/seh
//	    weights: seh_proxy.safetensors
//	    options: {variant: port}
//	    goal: maximize
//	    curve: [[0, 0], [1, 1]]
//
// With this in seh.yaml, "molsculpt score compounds.smi --campaign seh.yaml"
// scores compounds.
//
// # Variants
//
// The network was trained with a version of PyTorch Geometric that multiplies
// the state of an atom by the matrix conv.root; the port of the network that
// published rewards since come from multiplies by its transpose. The option
// variant chooses: "port", the default, reproduces those rewards; "orig" is the
// network as it was trained. They differ by 0.4 on average.
//
// # What it can score
//
// Molecules of the elements H to Ba with single, double, triple and aromatic
// bonds. Others are not applicable, with the reason. Parts that are not
// connected are scored together; an atom without bonds gets no messages, but
// that a molecule without any bond has an edge from its first atom to itself.
//
// # Network
//
// An atom's vector (71 columns) is embedded in 64 numbers; 12 steps of message
// passing (NNConv and GRU, Gilmer et al. 2017) with the same weights change
// them; Set2Set (Vinyals et al. 2016) reads the atoms out in 3 steps, and a
// linear layer scores. NNConv's matrix depends on the kind of bond alone, so
// there are five of them, made once.
package seh

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
)

// Name is the plugin's name in campaign files.
const Name = "core/seh"

// Version is the plugin's version.
const Version = "0.1.0"

// Plugin is the proxy as a plugin: a scorer.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: Name, Version: Version,
		Summary:      "predicted docking score for soluble epoxide hydrolase (Bengio et al. 2021)",
		ConfigSchema: []byte(schema),
		Scorer:       scorer{},
		// The device names what the numbers depend on: it enters a campaign's
		// numeric id.
		Health: func(context.Context) sdk.Health {
			return sdk.Health{State: sdk.Ready, Device: fmt.Sprintf("cpu %s/%d", kern.Active(), kern.Version)}
		},
	}
}
