package iceservice_test

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	iceservice "example.com/ice-service/clients/go"
)

func ExampleSource() {
	client, err := iceservice.NewClient("https://ice.example.com", iceservice.Options{
		Token: iceservice.StaticToken(os.Getenv("TOKEN")),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	source := iceservice.NewSource(client, iceservice.Request{TTL: time.Hour})
	list, err := source.Get(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	// What a browser's RTCPeerConnection takes as iceServers.
	if err := json.NewEncoder(os.Stdout).Encode(list.Servers); err != nil {
		log.Fatal(err)
	}
}

func ExampleClient_Watch() {
	client, err := iceservice.NewClient("https://ice.example.com", iceservice.Options{
		Token: iceservice.StaticToken(os.Getenv("TOKEN")),
		OnRetry: func(err error, delay time.Duration) {
			log.Printf("watching again in %v: %v", delay, err)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	for list, err := range client.Watch(context.Background(), iceservice.Request{}) {
		if err != nil {
			log.Fatal(err)
		}
		log.Printf("%d servers, for %v", len(list.Servers), list.Remaining())
	}
}
