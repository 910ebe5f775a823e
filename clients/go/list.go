package iceservice

import (
	"fmt"
	"math"
	"slices"
	"time"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

const (
	// A list is replaced when this part of its life has passed.
	refreshShare = 0.75
	// A list without credentials is asked for again after this time.
	listWithoutLife = 10 * time.Minute
	forever         = time.Duration(math.MaxInt64)
)

// A Server is a W3C RTCIceServer. Its JSON can be given to a browser's RTCPeerConnection.
type Server struct {
	// URLs are STUN and TURN URLs (RFC 7064, RFC 7065). There is at least one.
	URLs []string `json:"urls"`
	// Username and Credential are empty for STUN servers.
	Username   string `json:"username,omitempty"`
	Credential string `json:"credential,omitempty"`
}

// String returns the URLs and the username. The credential is in no text but JSON.
func (s Server) String() string {
	return fmt.Sprintf("%v %s", s.URLs, s.Username)
}

// GoString returns what String does.
func (s Server) GoString() string {
	return s.String()
}

// A List holds the servers to use until the next list. Goroutines can share it if none changes it.
type List struct {
	// Servers has STUN servers first.
	Servers []Server
	// TTL is what was left of the credentials' life when the service answered. 0 without TURN servers.
	TTL time.Duration
	// ExpireTime is when the first credential expires, by the clock of the service. Zero without TURN
	// servers. Use [List.Remaining] instead: the two clocks can differ.
	ExpireTime time.Time
	// Region is the region that was chosen. Empty where the service has no regions.
	Region string

	receivedAt time.Time
}

func newList(response *icev1.GetIceServersResponse, receivedAt time.Time) *List {
	list := &List{
		Servers:    make([]Server, 0, len(response.GetIceServers())),
		TTL:        time.Duration(response.GetTtlSeconds()) * time.Second,
		Region:     response.GetRegion(),
		receivedAt: receivedAt,
	}
	if expireTime := response.GetExpireTime(); expireTime != nil {
		list.ExpireTime = expireTime.AsTime()
	}
	for _, server := range response.GetIceServers() {
		list.Servers = append(list.Servers, Server{
			URLs:       server.GetUrls(),
			Username:   server.GetUsername(),
			Credential: server.GetCredential(),
		})
	}
	return list
}

// Remaining returns what is left of the credentials' life. It is negative when they have expired, and very
// large for a list without TURN servers.
func (l *List) Remaining() time.Duration {
	if !l.hasCredentials() {
		return forever
	}
	return l.TTL - l.age()
}

// hasCredentials returns whether the list expires. Credentials that end in this second have a TTL of 0.
func (l *List) hasCredentials() bool {
	return l.TTL != 0 || !l.ExpireTime.IsZero()
}

// age returns the time since the list arrived. The monotonic clock of Linux stands still while a machine is
// suspended, and the wall clock may be set back: the one that has moved further is right, or early.
func (l *List) age() time.Duration {
	now := time.Now()
	return max(now.Sub(l.receivedAt), now.Round(0).Sub(l.receivedAt.Round(0)))
}

func (l *List) isFresh() bool {
	if !l.hasCredentials() {
		return l.age() < listWithoutLife
	}
	return l.age() < time.Duration(float64(l.TTL)*refreshShare)
}

func (l *List) hasSameServers(other *List) bool {
	return slices.EqualFunc(l.Servers, other.Servers, func(a, b Server) bool {
		return a.Username == b.Username && a.Credential == b.Credential && slices.Equal(a.URLs, b.URLs)
	})
}
