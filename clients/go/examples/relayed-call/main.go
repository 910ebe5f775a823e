// Relayed-call connects two peers in this process through TURN relays only, sends messages from one to the
// other, and restarts ICE with each list that the service sends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	iceservice "example.com/ice-service/clients/go"
	"example.com/ice-service/clients/go/pionice"
)

// How long the two peers may take to connect, and to connect again.
const connectTimeout = time.Minute

func main() {
	log.SetFlags(0)
	ttl := flag.Duration("ttl", 0, "life of the credentials; the service's default if 0")
	lists := flag.Int("lists", 1, "hang up after this many lists")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, iceservice.Request{TTL: *ttl}, *lists); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, request iceservice.Request, lists int) error {
	address, token := os.Getenv("ICE_URL"), os.Getenv("TOKEN")
	if address == "" || token == "" {
		return errors.New("set ICE_URL and TOKEN to what npm start has printed")
	}
	client, err := iceservice.NewClient(address, iceservice.Options{Token: iceservice.StaticToken(token)})
	if err != nil {
		return err
	}
	defer client.Close()

	var call *call
	used := 0
	for list, err := range client.Watch(ctx, request) {
		if err != nil {
			return err
		}
		servers := pionice.ICEServers(list)
		if call == nil {
			if call, err = newCall(servers); err != nil {
				return err
			}
			defer call.hangUp()
			err = call.negotiate(ctx, false)
		} else {
			if err = call.setServers(servers); err == nil {
				err = call.negotiate(ctx, true)
			}
		}
		if err != nil {
			return err
		}
		if err := exchange(ctx, call); err != nil {
			return err
		}
		if used++; used == lists {
			return nil
		}
	}
	return ctx.Err()
}

// exchange waits until a message that is sent from now on has arrived, and prints the way that it took.
func exchange(ctx context.Context, call *call) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	pair, err := call.untilReceived(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("a message went from %s to %s\n", pair.Local.Typ, pair.Remote.Typ)
	return err
}
