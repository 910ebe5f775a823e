package iceservice

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A TokenFunc returns the token for a call: a JWT, or a connector token. It is called for each call, so it
// can return a new token before the last one expires. It must be safe for concurrent use, and return when ctx
// is done.
//
// If the service rejects a token, the function is called once more, with that token in rejected. The call
// is repeated if it returns another one.
type TokenFunc func(ctx context.Context, rejected string) (string, error)

// StaticToken always returns the same token.
func StaticToken(token string) TokenFunc {
	return func(context.Context, string) (string, error) { return token, nil }
}

// authorize makes a call with a token, and again with another one if the service has rejected the first.
func (c *Client) authorize(ctx context.Context, call func(context.Context) error) error {
	token, err := c.fetchToken(ctx, "")
	if err != nil {
		return err
	}
	err = call(withToken(ctx, token))
	if status.Code(err) != codes.Unauthenticated {
		return err
	}
	next, tokenErr := c.fetchToken(ctx, token)
	if tokenErr != nil {
		return tokenErr
	}
	if next == token {
		return err
	}
	return call(withToken(ctx, next))
}

func (c *Client) fetchToken(ctx context.Context, rejected string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.token(ctx, rejected)
	if err != nil {
		return "", fmt.Errorf("get a token: %w", err)
	}
	if !isHeaderValue(token) {
		return "", errInvalidToken
	}
	return token, nil
}

var errInvalidToken = errors.New("the token is empty, or has a character that a header cannot carry")

func isHeaderValue(token string) bool {
	for _, char := range []byte(token) {
		if char <= ' ' || char > '~' {
			return false
		}
	}
	return token != ""
}

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}
