package iceservice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

type getFunc = func() (*icev1.GetIceServersResponse, error)

func newFakeSource(gets ...getFunc) (*Source, *fakeService) {
	service := &fakeService{gets: gets}
	return NewSource(newClient(service, nil, Options{Token: StaticToken("token")}), Request{}), service
}

func expectUsername(t *testing.T, source *Source, want string) {
	t.Helper()
	list, err := source.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := list.Servers[0].Username; got != want {
		t.Fatalf("got the list of %q, want that of %q", got, want)
	}
}

func TestSourceCachesForThreeQuartersOfTheLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, _ := newFakeSource(answer(turnList("a")), answer(turnList("b")))
		expectUsername(t, source, "a")
		time.Sleep(44 * time.Second)
		expectUsername(t, source, "a")
		time.Sleep(time.Second)
		expectUsername(t, source, "b")
	})
}

func TestSourceAsksAgainForAListWithoutCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stun := &icev1.GetIceServersResponse{IceServers: []*icev1.IceServer{{Urls: []string{"stun:a"}}}}
		source, _ := newFakeSource(answer(stun), answer(turnList("b")))
		expectUsername(t, source, "")
		time.Sleep(listWithoutLife - time.Second)
		expectUsername(t, source, "")
		time.Sleep(time.Second)
		expectUsername(t, source, "b")
	})
}

func TestSourceSharesOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, service := newFakeSource(func() (*icev1.GetIceServersResponse, error) {
			time.Sleep(time.Second)
			return turnList("a"), nil
		})
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { expectUsername(t, source, "a") })
		}
		group.Wait()
		if calls := len(service.tokens); calls != 1 {
			t.Errorf("%d requests, want 1", calls)
		}
	})
}

// A caller can find no list, and start its request after that of another one has ended.
func TestSourceAsksForNothingThatHasJustArrived(t *testing.T) {
	source, service := newFakeSource(answer(turnList("a")))
	expectUsername(t, source, "a")
	if list, err := source.refresh(t.Context()); err != nil || list != source.last {
		t.Errorf("got %v and %v, want the list that has arrived", list, err)
	}
	if calls := len(service.tokens); calls != 1 {
		t.Errorf("%d requests, want 1", calls)
	}
}

func TestSourceKeepsTheRequestOfACallerWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, service := newFakeSource(func() (*icev1.GetIceServersResponse, error) {
			time.Sleep(2 * time.Second)
			return turnList("a"), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := source.Get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		expectUsername(t, source, "a")
		if calls := len(service.tokens); calls != 1 {
			t.Errorf("%d requests, want 1", calls)
		}
	})
}

func TestSourceReturnsTheLastListWhileItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, _ := newFakeSource(answer(turnList("a")), fail(codes.Unavailable))
		expectUsername(t, source, "a")
		time.Sleep(59 * time.Second)
		expectUsername(t, source, "a")
		time.Sleep(time.Second)
		if _, err := source.Get(t.Context()); status.Code(err) != codes.Unavailable {
			t.Errorf("got %v, want Unavailable", err)
		}
	})
}

func TestSourceWaitsBetweenRequestsWhileTheLastListLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, service := newFakeSource(answer(turnList("a")), fail(codes.Unavailable))
		expectUsername(t, source, "a")
		time.Sleep(45 * time.Second)
		for range 10 {
			expectUsername(t, source, "a")
			time.Sleep(100 * time.Millisecond)
		}
		if calls := len(service.tokens); calls != 2 {
			t.Errorf("%d requests, want one for the list and one more", calls)
		}
	})
}

func TestSourceReturnsAListThatIsOldOnArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, _ := newFakeSource(func() (*icev1.GetIceServersResponse, error) {
			time.Sleep(50 * time.Second)
			return turnList("a"), nil
		})
		expectUsername(t, source, "a")
	})
}

func TestSourceReturnsARejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, _ := newFakeSource(answer(turnList("a")), fail(codes.PermissionDenied))
		expectUsername(t, source, "a")
		time.Sleep(50 * time.Second)
		for range 2 {
			if _, err := source.Get(t.Context()); status.Code(err) != codes.PermissionDenied {
				t.Errorf("got %v, want PermissionDenied", err)
			}
		}
	})
}

func TestListIsPrintedWithoutCredentials(t *testing.T) {
	list := newList(turnList("a"), time.Now())
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if got := fmt.Sprintf(format, list.Servers); strings.Contains(got, "secret") || !strings.Contains(got, "turn.example.com") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func TestListRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := newList(turnList("a"), time.Now())
		time.Sleep(20 * time.Second)
		if got := list.Remaining(); got != 40*time.Second {
			t.Errorf("got %v, want 40s", got)
		}
		// The wall clock went on while the monotonic one stood still, as in a machine that sleeps.
		list.receivedAt = time.Now().Round(0).Add(-time.Minute)
		if got := list.Remaining(); got > 0 {
			t.Errorf("got %v after the machine has slept", got)
		}
		expired := &List{ExpireTime: time.Now()}
		if got := expired.Remaining(); got > 0 || expired.isFresh() {
			t.Errorf("got %v for a list whose credentials have expired on the way", got)
		}
		if got := (&List{}).Remaining(); got != forever {
			t.Errorf("got %v for a list without credentials", got)
		}
	})
}
