// Opens a connection with servers that reject it, gives it those of standard input as docs/refresh.md
// does, and prints how many relay candidates it had before and after.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/pion/webrtc/v4"
)

func useICEServers(connection *webrtc.PeerConnection, servers []webrtc.ICEServer) (webrtc.SessionDescription, error) {
	configuration := connection.GetConfiguration()
	configuration.ICEServers = servers
	if err := connection.SetConfiguration(configuration); err != nil {
		return webrtc.SessionDescription{}, err
	}
	return connection.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// negotiate gathers, answers with other, and returns the number of relay candidates.
func negotiate(connection, other *webrtc.PeerConnection, offer webrtc.SessionDescription) int {
	gathered := webrtc.GatheringCompletePromise(connection)
	check(connection.SetLocalDescription(offer))
	<-gathered
	check(other.SetRemoteDescription(*connection.LocalDescription()))
	answer, err := other.CreateAnswer(nil)
	check(err)
	check(other.SetLocalDescription(answer))
	check(connection.SetRemoteDescription(answer))
	return strings.Count(connection.LocalDescription().SDP, " typ relay ")
}

func main() {
	var servers []webrtc.ICEServer
	check(json.NewDecoder(os.Stdin).Decode(&servers))
	wrong := []webrtc.ICEServer{{URLs: servers[0].URLs, Username: "1:expired", Credential: "wrong"}}
	connection, err := webrtc.NewPeerConnection(webrtc.Configuration{
		ICEServers:         wrong,
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	})
	check(err)
	other, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	check(err)
	_, err = connection.CreateDataChannel("data", nil)
	check(err)
	first, err := connection.CreateOffer(nil)
	check(err)
	before := negotiate(connection, other, first)
	second, err := useICEServers(connection, servers)
	check(err)
	after := negotiate(connection, other, second)
	fmt.Printf("before %d, after %v, policy %s\n", before, after > 0, connection.GetConfiguration().ICETransportPolicy)
}
