//go:build !amd64

package kern

func machineChannels(string) *channels { return nil }
