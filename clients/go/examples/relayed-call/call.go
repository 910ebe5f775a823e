package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"example.com/ice-service/clients/go/pionice"
)

const messageInterval = 100 * time.Millisecond

// A call has a caller who sends numbers to a callee.
type call struct {
	caller, callee *webrtc.PeerConnection
	numbers        *webrtc.DataChannel
	sent           int64
	received       atomic.Int64
}

func newCall(servers []webrtc.ICEServer) (*call, error) {
	configuration := webrtc.Configuration{
		ICEServers: servers,
		// As if both were behind firewalls that let nothing through but TURN.
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	}
	call := &call{}
	var err error
	if call.caller, err = webrtc.NewPeerConnection(configuration); err != nil {
		return nil, err
	}
	if call.callee, err = webrtc.NewPeerConnection(configuration); err != nil {
		return nil, err
	}
	if call.numbers, err = call.caller.CreateDataChannel("numbers", nil); err != nil {
		return nil, err
	}
	call.callee.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(message webrtc.DataChannelMessage) {
			if number, err := strconv.ParseInt(string(message.Data), 10, 64); err == nil {
				call.received.Store(number)
			}
		})
	})
	return call, nil
}

func (c *call) hangUp() {
	_ = c.caller.Close()
	_ = c.callee.Close()
}

func (c *call) setServers(servers []webrtc.ICEServer) error {
	return errors.Join(
		pionice.SetICEServers(c.caller, servers),
		pionice.SetICEServers(c.callee, servers),
	)
}

// negotiate does what two peers do over their signaling channel.
func (c *call) negotiate(ctx context.Context, restart bool) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	offer, err := c.caller.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return err
	}
	if err := describe(ctx, c.caller, offer, c.callee); err != nil {
		return err
	}
	answer, err := c.callee.CreateAnswer(nil)
	if err != nil {
		return err
	}
	return describe(ctx, c.callee, answer, c.caller)
}

// describe sets a description, waits for its candidates, and hands it to the other side.
func describe(
	ctx context.Context, from *webrtc.PeerConnection, description webrtc.SessionDescription, to *webrtc.PeerConnection,
) error {
	gathered := webrtc.GatheringCompletePromise(from)
	if err := from.SetLocalDescription(description); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	return to.SetRemoteDescription(*from.LocalDescription())
}

// untilReceived waits until a pair is selected and a message that was sent after that has arrived, and
// returns the pair.
func (c *call) untilReceived(ctx context.Context) (*webrtc.ICECandidatePair, error) {
	transport := c.caller.SCTP().Transport().ICETransport()
	ticker := time.NewTicker(messageInterval)
	defer ticker.Stop()
	for first := int64(0); ; {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no message arrived: %w", ctx.Err())
		case <-ticker.C:
		}
		pair, err := transport.GetSelectedCandidatePair()
		if err != nil {
			return nil, err
		}
		// None is selected while ICE restarts.
		if pair == nil || c.numbers.ReadyState() != webrtc.DataChannelStateOpen {
			first = 0
			continue
		}
		if first > 0 && c.received.Load() >= first {
			return pair, nil
		}
		c.sent++
		if first == 0 {
			first = c.sent
		}
		if err := c.numbers.SendText(strconv.FormatInt(c.sent, 10)); err != nil {
			return nil, err
		}
	}
}
