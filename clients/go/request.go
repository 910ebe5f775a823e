package iceservice

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

// A Request says which servers are wanted. Its zero value asks for the service's defaults.
type Request struct {
	// Region is the preferred region.
	Region string
	// TTL is how long the TURN credentials are to live, in whole seconds, within the bounds of the service.
	TTL time.Duration
	// MaxURLs is the largest number of URLs to get.
	MaxURLs int
	// User is the end user for whom a backend asks. Its token needs the right to name users.
	User string
	// ClientAddress is the IP address of that user.
	ClientAddress netip.Addr
}

// message returns the request as it is sent. What does not fit is an error here; all other limits are the
// service's.
func (r Request) message() (*icev1.GetIceServersRequest, error) {
	if r.TTL%time.Second != 0 {
		return nil, fmt.Errorf("iceservice: Request.TTL is %v; it must be in whole seconds", r.TTL)
	}
	seconds := int64(r.TTL / time.Second)
	if seconds != int64(int32(seconds)) {
		return nil, fmt.Errorf("iceservice: Request.TTL is %v, which is out of range", r.TTL)
	}
	if r.MaxURLs < math.MinInt32 || r.MaxURLs > math.MaxInt32 {
		return nil, fmt.Errorf("iceservice: Request.MaxURLs is %d, which is out of range", r.MaxURLs)
	}
	message := &icev1.GetIceServersRequest{
		Region:     r.Region,
		TtlSeconds: int32(seconds),
		MaxUrls:    int32(r.MaxURLs),
		User:       r.User,
	}
	if r.ClientAddress.IsValid() {
		message.ClientAddress = r.ClientAddress.String()
	}
	return message, nil
}
