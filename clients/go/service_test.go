//go:build service

// Tests with a running service. The environment has its address over http and https (ICE_URL, ICE_TLS_URL,
// CA_FILE), a connector token (TOKEN), and the secret of a JWT issuer (JWT_SECRET).
package iceservice_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	iceservice "example.com/ice-service/clients/go"
)

func variable(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; npm run test:foreign sets it", name)
	}
	return value
}

func newClient(t *testing.T, address string, options iceservice.Options) *iceservice.Client {
	t.Helper()
	if options.Token == nil {
		options.Token = iceservice.StaticToken(variable(t, "TOKEN"))
	}
	client, err := iceservice.NewClient(address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestGet(t *testing.T) {
	client := newClient(t, variable(t, "ICE_URL"), iceservice.Options{})
	list, err := client.Get(t.Context(), iceservice.Request{TTL: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Servers) != 2 || list.TTL != 10*time.Minute || list.ExpireTime.IsZero() {
		t.Fatalf("got %+v", list)
	}
	if left := list.Remaining(); left <= 0 || left > list.TTL {
		t.Errorf("%v are left of %v", left, list.TTL)
	}
	stun, turn := list.Servers[0], list.Servers[1]
	if stun.Username != "" || !strings.HasPrefix(stun.URLs[0], "stun:") ||
		turn.Credential == "" || !strings.HasPrefix(turn.URLs[0], "turn:") {
		t.Errorf("got %+v", list.Servers)
	}
}

func TestErrorSaysWhichFieldIsWrong(t *testing.T) {
	client := newClient(t, variable(t, "ICE_URL"), iceservice.Options{})
	_, err := client.Get(t.Context(), iceservice.Request{TTL: 5 * time.Second})
	if status.Code(err) != codes.InvalidArgument {
		t.Fatalf("got %v, want InvalidArgument", err)
	}
	for _, detail := range status.Convert(err).Details() {
		if badRequest, ok := detail.(*errdetails.BadRequest); ok {
			violations := badRequest.GetFieldViolations()
			if len(violations) == 1 && violations[0].GetField() == "ttl_seconds" {
				return
			}
		}
	}
	t.Errorf("the error does not name ttl_seconds: %v", status.Convert(err).Details())
}

func TestTLS(t *testing.T) {
	address := variable(t, "ICE_TLS_URL")
	_, err := newClient(t, address, iceservice.Options{}).Get(t.Context(), iceservice.Request{})
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v for a certificate of an unknown authority", err)
	}
	authority, err := os.ReadFile(variable(t, "CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := newClient(t, address, iceservice.Options{TLS: &tls.Config{RootCAs: roots}})
	if _, err := client.Get(t.Context(), iceservice.Request{}); err != nil {
		t.Error(err)
	}
}

func TestRejectedTokenIsReplaced(t *testing.T) {
	client := newClient(t, variable(t, "ICE_URL"), iceservice.Options{
		Token: func(_ context.Context, rejected string) (string, error) {
			if rejected == "wrong" {
				return variable(t, "TOKEN"), nil
			}
			return "wrong", nil
		},
	})
	if _, err := client.Get(t.Context(), iceservice.Request{}); err != nil {
		t.Error(err)
	}
	for list, err := range client.Watch(t.Context(), iceservice.Request{}) {
		if err != nil || len(list.Servers) != 2 {
			t.Errorf("got %+v and %v", list, err)
		}
		break
	}
}

func TestRejectedTokenIsAnError(t *testing.T) {
	client := newClient(t, variable(t, "ICE_URL"), iceservice.Options{Token: iceservice.StaticToken("wrong")})
	_, err := client.Get(t.Context(), iceservice.Request{})
	if status.Code(err) != codes.Unauthenticated || strings.Contains(err.Error(), "wrong") {
		t.Errorf("got %v, want Unauthenticated without the token", err)
	}
	for _, err := range client.Watch(t.Context(), iceservice.Request{}) {
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("got %v, want Unauthenticated", err)
		}
	}
}

// The service ends a watch when its token does. The next stream has the callback's next token.
func TestWatchOutlivesItsToken(t *testing.T) {
	secret := variable(t, "JWT_SECRET")
	var signed atomic.Int32
	client := newClient(t, variable(t, "ICE_URL"), iceservice.Options{
		Token: func(context.Context, string) (string, error) {
			signed.Add(1)
			return signToken(secret, time.Now().Add(8*time.Second)), nil
		},
		OnRetry: func(err error, delay time.Duration) { t.Logf("watching again in %v: %v", delay, err) },
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	usernames := map[string]bool{}
	for list, err := range client.Watch(ctx, iceservice.Request{}) {
		if err != nil {
			t.Fatal(err)
		}
		if usernames[list.Servers[1].Username] = true; len(usernames) == 3 {
			break
		}
	}
	if len(usernames) != 3 || signed.Load() < 3 {
		t.Errorf("got %d credentials with %d tokens", len(usernames), signed.Load())
	}
}

func signToken(secret string, expiresAt time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(
		`{"iss":"https://issuer.test","aud":"ice-service","sub":"go","exp":%d}`, expiresAt.Unix(),
	)
	signed := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

func TestServiceThatSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := "http://" + listener.Addr().String()

	client := newClient(t, address, iceservice.Options{Timeout: 100 * time.Millisecond})
	if _, err := client.Get(t.Context(), iceservice.Request{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err = newClient(t, address, iceservice.Options{}).Get(ctx, iceservice.Request{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
