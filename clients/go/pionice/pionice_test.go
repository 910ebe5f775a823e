package pionice_test

import (
	"testing"

	"github.com/pion/webrtc/v4"

	iceservice "example.com/ice-service/clients/go"
	"example.com/ice-service/clients/go/pionice"
)

var list = &iceservice.List{Servers: []iceservice.Server{
	{URLs: []string{"stun:stun.example.com", "stun:[2001:db8::7]:3478"}},
	{
		URLs: []string{
			"turn:turn.example.com?transport=tcp",
			"turns:turn.example.com:443?transport=tcp",
		},
		Username:   "1748390400:webrtc-gateway",
		Credential: "9zTyyX25Poj85Sz3pqWpCdHwsHE=",
	},
}}

func TestICEServersArePionsOwn(t *testing.T) {
	connection, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: pionice.ICEServers(list)})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	got := connection.GetConfiguration().ICEServers
	if len(got) != 2 || got[1].Credential != list.Servers[1].Credential || got[0].Credential != nil {
		t.Errorf("got %+v", got)
	}
}

func TestSetICEServersKeepsTheRest(t *testing.T) {
	connection, err := webrtc.NewPeerConnection(webrtc.Configuration{
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
		BundlePolicy:       webrtc.BundlePolicyMaxBundle,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := pionice.SetICEServers(connection, pionice.ICEServers(list)); err != nil {
		t.Fatal(err)
	}
	got := connection.GetConfiguration()
	if len(got.ICEServers) != 2 || got.ICETransportPolicy != webrtc.ICETransportPolicyRelay ||
		got.BundlePolicy != webrtc.BundlePolicyMaxBundle {
		t.Errorf("got %+v", got)
	}
}
