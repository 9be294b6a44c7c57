//go:build !amd64

package kern

func machineSets() []*set { return nil }
