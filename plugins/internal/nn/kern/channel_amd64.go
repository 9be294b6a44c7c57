package kern

var (
	channels256 = channels{channelSums256, channelAffine256, channelMix256}
	channels512 = channels{channelSums512, channelAffine512, channelMix512}
)

// machineChannels is the part of the named implementation for channels, nil
// where it has none.
func machineChannels(name string) *channels {
	switch name {
	case "avx512":
		return &channels512
	case "avx2":
		return &channels256
	}
	return nil
}
