// A TURN server on pion, on 127.0.0.1: time-limited credentials over UDP and TCP. Prints its port.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

func main() {
	secret := flag.String("secret", "", "the shared secret")
	denyPeers := flag.Bool("deny-peers", false, "whether no peer is permitted")
	lifetime := flag.Duration("allocation-lifetime", 10*time.Minute, "for how long an allocation lasts without a refresh")
	flag.Parse()
	if err := serve(*secret, *denyPeers, *lifetime); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(secret string, denyPeers bool, lifetime time.Duration) error {
	// Outgoing connections take TCP ports, but hardly anything takes UDP ports.
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp4", tcp.Addr().String())
	if err != nil {
		return err
	}
	relays := &turn.RelayAddressGeneratorStatic{
		RelayAddress: net.ParseIP("127.0.0.1"),
		Address:      "127.0.0.1",
	}
	permit := func(net.Addr, net.IP) bool { return !denyPeers }
	logger := logging.NewDefaultLoggerFactory().NewLogger("turn")
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:              "turn.test",
		AllocationLifetime: lifetime,
		AuthHandler:        turn.LongTermTURNRESTAuthHandler(secret, logger),
		PacketConnConfigs: []turn.PacketConnConfig{
			{PacketConn: udp, RelayAddressGenerator: relays, PermissionHandler: permit},
		},
		ListenerConfigs: []turn.ListenerConfig{
			{Listener: tcp, RelayAddressGenerator: relays, PermissionHandler: permit},
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(udp.LocalAddr().(*net.UDPAddr).Port)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	return server.Close()
}
