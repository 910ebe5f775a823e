package iceservice

import (
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	minDelay = 2 * time.Second
	maxDelay = 30 * time.Second
	// The longest delay that the service can ask for: a mistake of a proxy must not end a watch.
	maxRequestedDelay = time.Hour
)

// isTransient returns whether the same call can succeed later. What has no status comes from Options.Token,
// whose source may be down.
func isTransient(err error) bool {
	if errors.Is(err, errInvalidToken) {
		return false
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied,
		codes.Unauthenticated, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return false
	default:
		return true
	}
}

// findDelay returns how long to wait after that many failures in a row: twice as long each time, spread so
// that the clients of a server do not come back together, and never less than the service asks for, up to an
// hour.
func findDelay(failures int, err error) time.Duration {
	delay := maxDelay
	// A larger shift than this one is longer than the longest delay.
	if shift := failures - 1; shift < 4 {
		delay = minDelay << shift
	}
	spread := time.Duration(float64(delay) * (0.5 + rand.Float64()))
	return max(spread, findRequestedDelay(err))
}

// findRequestedDelay reads google.rpc.RetryInfo.
func findRequestedDelay(err error) time.Duration {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return min(info.GetRetryDelay().AsDuration(), maxRequestedDelay)
		}
	}
	return 0
}
