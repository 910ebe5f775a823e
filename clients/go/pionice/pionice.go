// Package pionice gives lists of ice-service to pion/webrtc.
package pionice

import (
	"github.com/pion/webrtc/v4"

	iceservice "example.com/ice-service/clients/go"
)

// ICEServers returns the servers of a list as webrtc.Configuration takes them.
func ICEServers(list *iceservice.List) []webrtc.ICEServer {
	servers := make([]webrtc.ICEServer, 0, len(list.Servers))
	for _, server := range list.Servers {
		converted := webrtc.ICEServer{URLs: server.URLs}
		if server.Credential != "" {
			converted.Username = server.Username
			converted.Credential = server.Credential
		}
		servers = append(servers, converted)
	}
	return servers
}

// SetICEServers gives a running connection new servers, and keeps the rest of its configuration. The
// connection uses them from its next ICE restart on. Call it on both sides, and then make an offer with
// webrtc.OfferOptions{ICERestart: true} on one.
func SetICEServers(connection *webrtc.PeerConnection, servers []webrtc.ICEServer) error {
	configuration := connection.GetConfiguration()
	configuration.ICEServers = servers
	return connection.SetConfiguration(configuration)
}
