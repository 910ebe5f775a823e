package iceservice

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// A Source caches a list for callers that need one now and then, such as for each new connection.
// Goroutines can share it.
type Source struct {
	client  *Client
	request Request
	flights singleflight.Group

	mutex    sync.Mutex
	last     *List
	failures int
	// No request is sent before this moment while the last list lives.
	retryAt time.Time
}

// NewSource makes a source that asks for the same list each time. Nothing is sent before the first Get.
func NewSource(client *Client, request Request) *Source {
	return &Source{client: client, request: request}
}

// Get returns the cached list while less than three quarters of its life have passed, and asks for another
// one after that. Calls at the same time share one request. If the service cannot be reached, Get returns
// the last list while its credentials are valid, and waits longer and longer before it asks again.
//
// The errors are those of [Client.Get], and the context's.
func (s *Source) Get(ctx context.Context) (*List, error) {
	if list := s.cached(); list != nil {
		return list, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The request outlives a caller who no longer waits: others may, and the client's timeout ends it.
	flight := s.flights.DoChan("", func() (any, error) {
		return s.refresh(context.WithoutCancel(ctx))
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case outcome := <-flight:
		list, _ := outcome.Val.(*List)
		return list, outcome.Err
	}
}

// cached returns the list that can be used without a request, or nil.
func (s *Source) cached() *List {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.last == nil {
		return nil
	}
	if s.last.isFresh() || (time.Now().Before(s.retryAt) && s.last.Remaining() > 0) {
		return s.last
	}
	return nil
}

// refresh asks for a list. If that fails for now, it returns the last one while it lives.
func (s *Source) refresh(ctx context.Context) (*List, error) {
	// The request of another caller may have ended since this one looked.
	if list := s.cached(); list != nil {
		return list, nil
	}
	list, err := s.client.Get(ctx, s.request)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err == nil {
		s.last, s.failures, s.retryAt = list, 0, time.Time{}
		return list, nil
	}
	if s.last == nil || s.last.Remaining() <= 0 || !isTransient(err) {
		return nil, err
	}
	s.failures++
	s.retryAt = time.Now().Add(findDelay(s.failures, err))
	return s.last, nil
}
