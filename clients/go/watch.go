package iceservice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

// A stream that is silent until this part of the life of its last list has passed has failed: the service
// sends the next list when three quarters have.
const silenceShare = 0.85

// The next list may have arrived while the last one was used, and must be read.
const minPatience = time.Second

// errSilent means that the connection, or something on the way, lets nothing through.
var errSilent = errors.New("the service has sent nothing for too long")

// Watch yields the list at once, again before its credentials expire, and whenever it changes:
//
//	for list, err := range client.Watch(ctx, iceservice.Request{}) {
//		if err != nil {
//			return err
//		}
//		use(list)
//	}
//
// It opens a new stream when one ends, after delays that grow from 2 to 30 seconds, and skips lists that it
// has yielded before. The loop ends without an error when ctx is done, so do not give it a deadline. An
// error means that the service rejects the request for good, or that the client is closed; the loop then ends.
func (c *Client) Watch(ctx context.Context, request Request) iter.Seq2[*List, error] {
	return func(yield func(*List, error) bool) {
		message, err := request.message()
		if err != nil {
			yield(nil, err)
			return
		}
		watch := &watch{client: c, yield: yield, request: &icev1.WatchIceServersRequest{
			Region:        message.GetRegion(),
			TtlSeconds:    message.GetTtlSeconds(),
			MaxUrls:       message.GetMaxUrls(),
			User:          message.GetUser(),
			ClientAddress: message.GetClientAddress(),
		}}
		watch.run(ctx)
	}
}

// A watch is the state of one loop over Watch.
type watch struct {
	client   *Client
	request  *icev1.WatchIceServersRequest
	yield    func(*List, error) bool
	last     *List
	failures int
	// Whether the loop's body has left it.
	left bool
}

func (w *watch) run(ctx context.Context) {
	for {
		opened := time.Now()
		received := false
		err := w.client.authorize(ctx, func(ctx context.Context) error {
			var err error
			received, err = w.follow(ctx)
			return err
		})
		if w.left || ctx.Err() != nil {
			return
		}
		// After a first list, the service has taken the token. It has ended since, and the next stream asks
		// for another one.
		tokenHasEnded := received && status.Code(err) == codes.Unauthenticated
		// gRPC makes this code of HTTP's 404. From where a list has come, a proxy sends that which has lost
		// its route while the service restarts.
		routeIsLost := w.last != nil && status.Code(err) == codes.Unimplemented
		canPass := isTransient(err) || tokenHasEnded || routeIsLost
		if !canPass || w.client.closed.Err() != nil {
			w.yield(nil, fmt.Errorf("iceservice: watch the list: %w", err))
			return
		}
		// Something that ends each stream at once must not be called every two seconds.
		if received && time.Since(opened) > maxDelay {
			w.failures = 0
		}
		w.failures++
		delay := findDelay(w.failures, err)
		w.client.onRetry(err, delay)
		select {
		case <-ctx.Done():
			return
		case <-w.client.closed.Done():
		case <-time.After(delay):
		}
	}
}

// follow yields the lists of one stream until it ends, and returns why. It returns whether there was one.
func (w *watch) follow(ctx context.Context) (received bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(w.client.timeout, func() { cancel(errSilent) })
	defer silence.Stop()
	stream, err := w.client.rpc.WatchIceServers(ctx, w.request)
	for err == nil {
		var response *icev1.WatchIceServersResponse
		response, err = stream.Recv()
		silence.Stop()
		if err != nil {
			break
		}
		received = true
		list := newList(response.GetResponse(), time.Now())
		if w.last == nil || !w.last.hasSameServers(list) {
			w.last = list
			if !w.yield(list, nil) {
				w.left = true
				return received, nil
			}
		}
		if list.hasCredentials() {
			silence.Reset(max(time.Duration(float64(list.TTL)*silenceShare)-list.age(), minPatience))
		}
	}
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		return received, errSilent
	case errors.Is(err, io.EOF):
		return received, errors.New("the service has ended the stream")
	default:
		return received, err
	}
}
