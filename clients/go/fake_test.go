package iceservice

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

// fakeService answers each call with the next function of its list, and repeats the last one.
type fakeService struct {
	gets    []func() (*icev1.GetIceServersResponse, error)
	streams [][]event
	tokens  []string
	opened  []time.Time
	// The context of the last stream.
	last context.Context
}

// An event is what a stream brings after a time: a list, or the error that ends it.
type event struct {
	after time.Duration
	list  *icev1.GetIceServersResponse
	err   error
}

func (f *fakeService) noteToken(ctx context.Context) {
	sent, _ := metadata.FromOutgoingContext(ctx)
	f.tokens = append(f.tokens, sent.Get("authorization")...)
}

func (f *fakeService) GetIceServers(
	ctx context.Context, _ *icev1.GetIceServersRequest, _ ...grpc.CallOption,
) (*icev1.GetIceServersResponse, error) {
	f.noteToken(ctx)
	get := f.gets[0]
	if len(f.gets) > 1 {
		f.gets = f.gets[1:]
	}
	return get()
}

func (f *fakeService) WatchIceServers(
	ctx context.Context, _ *icev1.WatchIceServersRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[icev1.WatchIceServersResponse], error) {
	f.noteToken(ctx)
	f.opened = append(f.opened, time.Now())
	f.last = ctx
	events := f.streams[0]
	if len(f.streams) > 1 {
		f.streams = f.streams[1:]
	}
	return &fakeStream{ctx: ctx, events: events}, nil
}

// fakeStream is silent after its last event.
type fakeStream struct {
	grpc.ClientStream
	ctx    context.Context
	events []event
}

func (s *fakeStream) Recv() (*icev1.WatchIceServersResponse, error) {
	var due <-chan time.Time
	if len(s.events) > 0 {
		due = time.After(s.events[0].after)
	}
	select {
	case <-s.ctx.Done():
		return nil, status.FromContextError(s.ctx.Err()).Err()
	case <-due:
		next := s.events[0]
		s.events = s.events[1:]
		return &icev1.WatchIceServersResponse{Response: next.list}, next.err
	}
}

func answer(list *icev1.GetIceServersResponse) func() (*icev1.GetIceServersResponse, error) {
	return func() (*icev1.GetIceServersResponse, error) { return list, nil }
}

func fail(code codes.Code) func() (*icev1.GetIceServersResponse, error) {
	return func() (*icev1.GetIceServersResponse, error) { return nil, status.Error(code, "no") }
}

// turnList is a list that lives for a minute.
func turnList(username string) *icev1.GetIceServersResponse {
	return &icev1.GetIceServersResponse{TtlSeconds: 60, IceServers: []*icev1.IceServer{{
		Urls: []string{"turn:turn.example.com"}, Username: username, Credential: "secret",
	}}}
}

func lists(usernames ...string) []event {
	var events []event
	for _, username := range usernames {
		events = append(events, event{after: time.Second, list: turnList(username)})
	}
	return events
}

func ends(events []event, err error) []event {
	return append(events, event{after: time.Second, err: err})
}

var (
	errEOF         = io.EOF
	errUnavailable = status.Error(codes.Unavailable, "the server stops")
)
