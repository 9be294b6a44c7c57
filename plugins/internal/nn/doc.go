// Package nn defines, trains and runs the networks of the bundled plugins.
//
// A model is defined once, by a function that calls a [Builder]. Built with a
// [Graph] it becomes a gorgonia graph that is trained; built with a [Runner]
// the same operations run directly, without a graph, for sampling. The pieces,
// from the bottom up: package kern has the kernels, package op the operations
// and their gradients; here are the parameters, the two builders, the optimiser
// and the averages; package train has the loop that trains; package safetensors
// stores weights.
//
// # A new layer in an hour
//
// Most layers are calls of others: a function that takes a Builder and values
// and gives a value, as [Block] does. Names of parameters are the layer's name
// and a suffix; they are what weights files know them by.
//
//	func MLP(b nn.Builder, name string, x nn.Value, n int) nn.Value {
//		h := nn.Linear(b, name+".wide", x, 4*n, true, 1) // with GELU
//		return nn.Linear(b, name+".narrow", nn.Norm(b, name+".norm", h), n, false, 1)
//	}
//
// What cannot be put together from what is there is a new operation. The
// example of this package adds one, a gated linear unit, and trains a
// classifier with it; read it beside these steps.
//
//  1. Write down the operation in float64, in the plainest way: the definition.
//     Its inputs and its output are matrices. Say which rows each has: those of
//     a parameter (op.Fixed), or one of the ragged families of the batch (an
//     op.Rows whose Live the caller sets before every run).
//  2. Write a type that implements op.Op. It needs an *op.Env, a label for
//     errors, the Rows and the widths. Check compares the inputs' shapes with
//     what the operation expects; Forward computes the live rows of the output
//     and may keep in the value what Backward needs; Backward overwrites the
//     gradients of the inputs, of which a nil one is not wanted. Use package
//     kern for what is long and kern.ParRows for the rows. A sum over rows must
//     have one order, whatever Env.Threads is.
//  3. Prove it with optest.Check, which compares Forward with the definition
//     and Backward with central differences of it, on every instruction set, and
//     looks for the usual mistakes: gradients that are added to, rows read
//     beyond the live ones, results that depend on the threads.
//  4. Put a function in front that declares its parameters and applies it. A
//     parameter is read by one operation: what two need is the output of one
//     that both read.
//
// Widths are multiples of 16. Pad the columns of inputs with zeros, and tell a
// loss how many columns count.
//
// # Training a model
//
// Build the model with a Graph, end it with a loss (op.CrossEntropy or
// op.Balance, or one of your own: a column with a row for each part of the sum)
// and call [Graph.Minimize]. Then either run the graph and the optimiser
// yourself, or implement train.Task and let a train.Loop do it: schedules,
// averages, validation, checkpoints and exact resumption are its work. Build
// the model again with a Runner over the averages to use it.
//
// # When something is wrong
//
// A wrong shape is an error with the layer's name, when the model is built, and
// so is a parameter that is used twice or does not count. A loss that is not
// finite ends a train.Loop. For a whole network that learns badly, compose the
// forms of package optest into a float64 reference of it and compare loss and
// slopes, as network_test.go does for the network of the GFlowNet.
package nn
