package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"
)

// As many as the service remembers.
const maxCachedTokens = 10_000

var errUnauthenticated = errors.New("invalid auth token")

// An authenticator knows callers by a connector token, or by a JWT that it verifies once.
type authenticator struct {
	// By SHA-256 of the token.
	connectors map[[sha256.Size]byte]string
	key        *ecdsa.PublicKey
	parser     *jwt.Parser
	verified   *lru.Cache[string, verifiedToken]
}

type verifiedToken struct {
	caller    string
	expiresAt time.Time
}

func newAuthenticator(s *settings) (*authenticator, error) {
	connectors, err := readConnectors(s)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(s.publicKeyFile)
	if err != nil {
		return nil, err
	}
	key, err := jwt.ParseECPublicKeyFromPEM(pem)
	if err != nil {
		return nil, err
	}
	verified, err := lru.New[string, verifiedToken](maxCachedTokens)
	if err != nil {
		return nil, err
	}
	return &authenticator{
		connectors: connectors,
		key:        key,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{"ES256"}),
			jwt.WithIssuer(s.issuer),
			jwt.WithAudience(s.audience),
			jwt.WithExpirationRequired(),
			jwt.WithLeeway(30*time.Second),
		),
		verified: verified,
	}, nil
}

func readConnectors(s *settings) (map[[sha256.Size]byte]string, error) {
	connectors := map[[sha256.Size]byte]string{}
	if s.callersFile != "" {
		content, err := os.ReadFile(s.callersFile)
		if err != nil {
			return nil, err
		}
		var callers map[string]string
		if err := json.Unmarshal(content, &callers); err != nil {
			return nil, err
		}
		for token, caller := range callers {
			connectors[sha256.Sum256([]byte(token))] = caller
		}
		return connectors, nil
	}
	hash, err := hex.DecodeString(s.tokenHash)
	if err != nil || len(hash) != sha256.Size {
		return nil, errors.New("-token-hash is not a SHA-256 in hex")
	}
	connectors[[sha256.Size]byte(hash)] = "bench"
	return connectors, nil
}

// authenticate returns the caller that an Authorization header proves.
func (a *authenticator) authenticate(authorization string) (string, error) {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return "", errUnauthenticated
	}
	if caller, ok := a.connectors[sha256.Sum256([]byte(token))]; ok {
		return caller, nil
	}
	if known, ok := a.verified.Get(token); ok && time.Now().Before(known.expiresAt) {
		return known.caller, nil
	}
	var claims jwt.RegisteredClaims
	_, err := a.parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return a.key, nil })
	if err != nil {
		return "", errUnauthenticated
	}
	a.verified.Add(token, verifiedToken{claims.Subject, claims.ExpiresAt.Time})
	return claims.Subject, nil
}
