// Package train is the loop that trains a network, and the pieces of it that
// trainers with a loop of their own share: [Schedule], [Keep] and [State].
//
// A [Loop] repeats: the [Task] draws a batch and leaves the gradients of its
// loss in the parameters, AdamW moves the parameters along them, and a running
// average follows. Every so many updates the task measures the averages, and
// the best so far are kept. A run is a function of its configuration, its seed
// and its task: interrupted at any update and resumed from a snapshot it gives
// the same weights, bit for bit, on one instruction set.
//
// Random numbers need no state: an update's generator follows from the seed and
// the update's number.
package train
