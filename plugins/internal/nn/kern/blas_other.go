//go:build !amd64

package kern

func machineTiles(string) *tiles { return nil }
