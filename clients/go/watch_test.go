package iceservice

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// follow watches for a time, and returns whose lists it got, and the error at the end.
func follow(t *testing.T, service *fakeService, options Options, life time.Duration) ([]string, error) {
	t.Helper()
	if options.Token == nil {
		options.Token = StaticToken("token")
	}
	ctx, cancel := context.WithTimeout(t.Context(), life)
	defer cancel()
	var usernames []string
	for list, err := range newClient(service, nil, options).Watch(ctx, Request{}) {
		if err != nil {
			return usernames, err
		}
		usernames = append(usernames, list.Servers[0].Username)
	}
	return usernames, nil
}

func expectLists(t *testing.T, got []string, err error, want ...string) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

func TestWatchYieldsEachListOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{streams: [][]event{
			ends(lists("a", "a", "b"), errUnavailable),
			ends(lists("b", "c"), errEOF),
			lists("d"),
		}}
		got, err := follow(t, service, Options{}, 30*time.Second)
		expectLists(t, got, err, "a", "b", "c", "d")
	})
}

func TestWatchWaitsLongerAfterEachFailure(t *testing.T) {
	tests := map[string]struct {
		stream []event
		want   []string
	}{
		"of a stream":             {ends(nil, errUnavailable), nil},
		"of a stream with a list": {ends(lists("a"), errUnavailable), []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{streams: [][]event{test.stream}}
				var delays []time.Duration
				got, err := follow(t, service, Options{OnRetry: func(err error, delay time.Duration) {
					if status.Code(err) != codes.Unavailable {
						t.Errorf("retries after %v", err)
					}
					delays = append(delays, delay)
				}}, 10*time.Minute)
				expectLists(t, got, err, test.want...)
				for i, delay := range delays {
					usual := min(minDelay<<min(i, 10), maxDelay)
					if delay < usual/2 || delay > usual*3/2 {
						t.Errorf("delay %d is %v, want about %v", i+1, delay, usual)
					}
				}
				if len(delays) < 10 || slices.Equal(delays[6:8], delays[7:9]) {
					t.Errorf("delays are not spread: %v", delays)
				}
			})
		})
	}
}

func TestWatchWaitsBrieflyAfterALongStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := append(lists("a"), event{after: maxDelay, list: turnList("b")}, event{err: errEOF})
		service := &fakeService{streams: [][]event{long}}
		var delays []time.Duration
		if _, err := follow(t, service, Options{OnRetry: func(_ error, delay time.Duration) {
			delays = append(delays, delay)
		}}, 10*time.Minute); err != nil {
			t.Error(err)
		}
		if len(delays) < 3 || slices.Max(delays) > minDelay*3/2 {
			t.Errorf("got delays of %v, want %v at most", delays, minDelay*3/2)
		}
	})
}

func TestWatchWaitsAsLongAsTheServiceAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited, err := status.New(codes.ResourceExhausted, "too many").WithDetails(
			&errdetails.RetryInfo{RetryDelay: durationpb.New(40 * time.Second)},
		)
		if err != nil {
			t.Fatal(err)
		}
		service := &fakeService{streams: [][]event{ends(nil, limited.Err()), lists("a")}}
		got, err := follow(t, service, Options{}, time.Minute)
		expectLists(t, got, err, "a")
		if waited := service.opened[1].Sub(service.opened[0]); waited != 41*time.Second {
			t.Errorf("waited %v, want 40s after an answer that took 1s", waited)
		}
	})
}

func TestWatchReplacesASilentStream(t *testing.T) {
	tests := map[string]struct {
		silent []event
		after  time.Duration
		want   []string
	}{
		"that never began":      {nil, defaultTimeout, []string{"b"}},
		"that misses a refresh": {lists("a"), time.Second + 51*time.Second, []string{"a", "b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{streams: [][]event{test.silent, lists("b")}}
				var silentFor time.Duration
				got, err := follow(t, service, Options{OnRetry: func(err error, _ time.Duration) {
					if errors.Is(err, errSilent) && silentFor == 0 {
						silentFor = time.Since(service.opened[0])
					}
				}}, 58*time.Second)
				expectLists(t, got, err, test.want...)
				if silentFor != test.after {
					t.Errorf("given up after %v, want %v", silentFor, test.after)
				}
			})
		})
	}
}

func TestWatchEndsWhenTheRequestIsRejected(t *testing.T) {
	for _, code := range []codes.Code{
		codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented,
	} {
		synctest.Test(t, func(t *testing.T) {
			service := &fakeService{streams: [][]event{ends(nil, status.Error(code, "no"))}}
			got, err := follow(t, service, Options{}, time.Hour)
			if status.Code(err) != code || len(got) > 0 || len(service.opened) != 1 {
				t.Errorf("got %q and %v after %d streams, want %v", got, err, len(service.opened), code)
			}
		})
	}
	if _, err := follow(t, &fakeService{}, Options{Token: StaticToken("\n")}, time.Hour); !errors.Is(err, errInvalidToken) {
		t.Errorf("got %v, want %v", err, errInvalidToken)
	}
}

func TestWatchOutlastsALostRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := status.Error(codes.Unimplemented, "unexpected HTTP status code received from server: 404")
		service := &fakeService{streams: [][]event{ends(lists("a"), errEOF), ends(nil, lost), lists("b")}}
		got, err := follow(t, service, Options{}, time.Minute)
		expectLists(t, got, err, "a", "b")
	})
}

func TestWatchGoesOnWithTheNextToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := status.Error(codes.Unauthenticated, "the token has expired")
		service := &fakeService{streams: [][]event{ends(lists("a"), ended), lists("b")}}
		tokens := []string{"second", "first"}
		got, err := follow(t, service, Options{Token: func(_ context.Context, rejected string) (string, error) {
			if rejected == "" {
				return tokens[1], nil
			}
			return tokens[0], nil
		}}, 30*time.Second)
		expectLists(t, got, err, "a", "b")
		if want := []string{"Bearer first", "Bearer second"}; !slices.Equal(service.tokens, want) {
			t.Errorf("sent %q, want %q", service.tokens, want)
		}
	})
}

func TestWatchRetriesWhenTheCallbackFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{streams: [][]event{lists("a")}}
		attempts := 0
		got, err := follow(t, service, Options{Token: func(context.Context, string) (string, error) {
			if attempts++; attempts < 3 {
				return "", errors.New("the identity provider is down")
			}
			return "token", nil
		}}, 30*time.Second)
		expectLists(t, got, err, "a")
	})
}

func TestWatchClosesItsStreamWhenTheLoopIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{streams: [][]event{lists("a", "b")}}
		client := newClient(service, nil, Options{Token: StaticToken("token")})
		var stream context.Context
		for range client.Watch(t.Context(), Request{}) {
			stream = service.last
			break
		}
		if stream.Err() == nil || len(service.opened) != 1 {
			t.Errorf("the stream is still open, or %d were opened", len(service.opened))
		}
	})
}

func TestWatchEndsWhenTheClientIsClosed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var client *Client
	client, err := NewClient("http://127.0.0.1:1", Options{
		Token:   StaticToken("token"),
		OnRetry: func(error, time.Duration) { _ = client.Close() },
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var last error
		for _, last = range client.Watch(ctx, Request{}) {
		}
		if status.Code(last) != codes.Canceled {
			t.Errorf("got %v, want Canceled", last)
		}
	}
}

func TestWatchKeepsAStreamWhoseListsAreUsedSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := event{after: time.Second / 2, list: turnList("b")}
		service := &fakeService{streams: [][]event{append(lists("a"), next)}}
		client := newClient(service, nil, Options{Token: StaticToken("token")})
		for list := range client.Watch(t.Context(), Request{}) {
			if list.Servers[0].Username == "b" {
				break
			}
			time.Sleep(58 * time.Second)
		}
		if len(service.opened) != 1 {
			t.Errorf("%d streams, want 1", len(service.opened))
		}
	})
}

func TestFindDelayIsBounded(t *testing.T) {
	absurd, err := status.New(codes.Unavailable, "come back never").WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(100 * 365 * 24 * time.Hour)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if delay := findDelay(1, absurd.Err()); delay != time.Hour {
		t.Errorf("got %v, want an hour", delay)
	}
}
