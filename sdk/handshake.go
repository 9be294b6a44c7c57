package sdk

import (
	"github.com/hashicorp/go-plugin"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
)

const (
	// MaxMessage is the largest message that either side accepts, in bytes.
	MaxMessage = wire.MaxMessage

	// SocketDirPrefix begins the name of every folder that a host makes for a
	// plugin's socket. A plugin whose host died removes its folder by that name.
	SocketDirPrefix = "molsculpt-"

	// ServiceName is the key of the one go-plugin service set.
	ServiceName = "molsculpt"
)

// Handshake tells a host's child from a program that was started by hand. It
// is no protection: that is what the certificates of the connection are for.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "MOLSCULPT_PLUGIN",
	MagicCookieValue: "7c1f6d0e9b5a4d38a2e4b7f0c3d91e56",
}
