// Print-list prints the list, and with -watch every list that replaces it, one a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	iceservice "example.com/ice-service/clients/go"
)

func main() {
	log.SetFlags(0)
	ttl := flag.Duration("ttl", 0, "life of the credentials; the service's default if 0")
	watch := flag.Bool("watch", false, "print every list that replaces it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, iceservice.Request{TTL: *ttl}, *watch); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, request iceservice.Request, watch bool) error {
	address, token := os.Getenv("ICE_URL"), os.Getenv("TOKEN")
	if address == "" || token == "" {
		return errors.New("set ICE_URL and TOKEN to what npm start has printed")
	}
	client, err := iceservice.NewClient(address, iceservice.Options{
		Token: iceservice.StaticToken(token),
		OnRetry: func(err error, delay time.Duration) {
			log.Printf("watching again in %v: %v", delay.Round(time.Millisecond), err)
		},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if !watch {
		list, err := client.Get(ctx, request)
		if err != nil {
			return err
		}
		return printServers(list)
	}
	for list, err := range client.Watch(ctx, request) {
		if err != nil {
			return err
		}
		if err := printServers(list); err != nil {
			return err
		}
	}
	return nil
}

// printServers prints what a browser's RTCPeerConnection takes as iceServers.
func printServers(list *iceservice.List) error {
	servers, err := json.Marshal(list.Servers)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(servers))
	return err
}
