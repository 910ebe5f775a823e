package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// An issuer makes a TURN credential for each call.
type issuer struct {
	secret     []byte
	ttlSeconds int64
	// nameCaller returns what follows the expiry in a username.
	nameCaller func(caller string) string
}

type credential struct {
	username  string
	password  string
	expiresAt time.Time
}

func newIssuer(s *settings) *issuer {
	issuer := &issuer{
		secret:     []byte(s.secret),
		ttlSeconds: int64(s.ttlSeconds),
		nameCaller: func(string) string { return s.name },
	}
	if s.callersFile != "" {
		derivation := hmac.New(sha256.New, issuer.secret)
		derivation.Write([]byte("ice-service pseudonym v1"))
		key := derivation.Sum(nil)
		issuer.nameCaller = func(caller string) string { return pseudonym(key, caller) }
	}
	return issuer
}

func pseudonym(key []byte, caller string) string {
	// Strings always have a JSON form.
	subject, _ := json.Marshal([]string{"connector", "", caller})
	mac := hmac.New(sha256.New, key)
	mac.Write(subject)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (i *issuer) issue(caller string) credential {
	expiresAt := time.Now().Unix() + i.ttlSeconds
	username := strconv.FormatInt(expiresAt, 10) + ":" + i.nameCaller(caller)
	mac := hmac.New(sha1.New, i.secret)
	mac.Write([]byte(username))
	return credential{
		username:  username,
		password:  base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		expiresAt: time.Unix(expiresAt, 0).UTC(),
	}
}
