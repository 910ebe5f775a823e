// Package iceservice gets ICE servers with expiring TURN credentials from ice-service.
//
// A [Client] makes single calls with [Client.Get], and keeps a list up to date with [Client.Watch]. A
// [Source] caches a list for callers that need one now and then. The package pionice converts lists for
// pion/webrtc.
package iceservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

const (
	defaultTimeout = 10 * time.Second
	// The watch of a connection that has died is opened again after these two.
	pingInterval = 30 * time.Second
	pingTimeout  = 10 * time.Second
	// How long gRPC waits at most before it tries a server again that was down.
	maxConnectDelay = 15 * time.Second
)

// Options configure a [Client]. Only Token is required.
type Options struct {
	// Token is asked for the token of each call.
	Token TokenFunc
	// Timeout ends a Get, what Token does included, and a stream that has not sent its first list. 10 seconds
	// by default. An earlier deadline of the context applies as well.
	Timeout time.Duration
	// TLS is used with https. By default, the server's certificate must be valid for its host name, and
	// come from an authority that the system trusts.
	TLS *tls.Config
	// OnRetry is told why a watch must open a new stream, and after which delay it does so.
	OnRetry func(err error, delay time.Duration)
	// DialOptions are added to those of the client, such as interceptors or a proxy's dialer.
	DialOptions []grpc.DialOption
}

// A Client calls one service, for one caller. Goroutines can share it.
type Client struct {
	rpc     icev1.IceServiceClient
	conn    *grpc.ClientConn
	token   TokenFunc
	timeout time.Duration
	onRetry func(error, time.Duration)
	closed  context.Context
	close   context.CancelFunc
}

// NewClient makes a client for the service at an address such as https://ice.example.com. With http, tokens
// and credentials are sent in the clear. Nothing is sent before the first call.
func NewClient(address string, options Options) (*Client, error) {
	if options.Token == nil {
		return nil, errors.New("iceservice: Options.Token is required")
	}
	target, transport, err := parseAddress(address, options.TLS)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("ice-service-go"),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingInterval, Timeout: pingTimeout}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  time.Second,
				Multiplier: backoff.DefaultConfig.Multiplier,
				Jitter:     backoff.DefaultConfig.Jitter,
				MaxDelay:   maxConnectDelay,
			},
			MinConnectTimeout: defaultTimeout,
		}),
	}, options.DialOptions...)...)
	if err != nil {
		return nil, fmt.Errorf("iceservice: %w", err)
	}
	return newClient(icev1.NewIceServiceClient(conn), conn, options), nil
}

func newClient(rpc icev1.IceServiceClient, conn *grpc.ClientConn, options Options) *Client {
	client := &Client{
		rpc:     rpc,
		conn:    conn,
		token:   options.Token,
		timeout: options.Timeout,
		onRetry: options.OnRetry,
	}
	client.closed, client.close = context.WithCancel(context.Background())
	if client.timeout <= 0 {
		client.timeout = defaultTimeout
	}
	if client.onRetry == nil {
		client.onRetry = func(error, time.Duration) {}
	}
	return client
}

// Close ends the client's connection, its calls, and its watches. These and later ones return an error with
// the code Canceled.
func (c *Client) Close() error {
	c.close()
	return c.conn.Close()
}

// Get asks for a list. It makes one attempt, or two if the service rejects the token and Options.Token has
// another one.
//
// An error from the service has a gRPC status: status.Code(err) returns its code, and status.Convert(err)
// its details. When the context has ended, the error wraps the context's.
func (c *Client) Get(ctx context.Context, request Request) (*List, error) {
	message, err := request.message()
	if err != nil {
		return nil, err
	}
	callCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var list *List
	err = c.authorize(callCtx, func(ctx context.Context) error {
		// The life of the list counts from here: too early rather than too late.
		sentAt := time.Now()
		response, err := c.rpc.GetIceServers(ctx, message)
		if err != nil {
			return err
		}
		list = newList(response, sentAt)
		return nil
	})
	if ctx.Err() != nil {
		// gRPC's own error for this is none that errors.Is would know.
		return nil, fmt.Errorf("iceservice: get the list: %w", ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("iceservice: get the list: %w", err)
	}
	return list, nil
}

// parseAddress returns the gRPC target of an http or https URL, and what protects the connection.
func parseAddress(address string, config *tls.Config) (string, credentials.TransportCredentials, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		// The error of url.Parse repeats the address, which may hold a password.
		return "", nil, errors.New("iceservice: the address is not a URL")
	}
	if parsed.Hostname() == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" ||
		(parsed.Path != "" && parsed.Path != "/") {
		return "", nil, errors.New("iceservice: the address must be http://host[:port] or https://host[:port]")
	}
	port := parsed.Port()
	var transport credentials.TransportCredentials
	switch parsed.Scheme {
	case "https":
		transport = credentials.NewTLS(config)
		port = orDefault(port, "443")
	case "http":
		if config != nil {
			return "", nil, errors.New("iceservice: Options.TLS needs an https address")
		}
		transport = insecure.NewCredentials()
		port = orDefault(port, "80")
	default:
		return "", nil, fmt.Errorf("iceservice: the address has the scheme %q; it must be http or https", parsed.Scheme)
	}
	return "dns:///" + net.JoinHostPort(parsed.Hostname(), port), transport, nil
}

func orDefault(port, fallback string) string {
	if port == "" {
		return fallback
	}
	return port
}
