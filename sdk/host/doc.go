// Package host is the platform's side of the plugin protocol: typed clients
// that trust nothing. Every answer is checked for shape and numbers, masked by
// the rules of the space and normalised here; what is wrong comes back as an
// *sdk.Error that names the plugin, the call and the place.
//
// A [Client] works over any gRPC connection. Package platform/supervise starts
// processes and keeps them alive; tests connect in memory.
package host
