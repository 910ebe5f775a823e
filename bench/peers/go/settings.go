package main

import (
	"flag"
	"strings"
)

// settings are the options that the benchmark gives to every server that it compares.
type settings struct {
	protocol      string
	stunURLs      list
	turnURLs      list
	secret        string
	name          string
	ttlSeconds    int
	restHeaders   list
	grpcHeaders   list
	issuer        string
	audience      string
	publicKeyFile string
	// SHA-256 of the connector token in hex.
	tokenHash string
	// JSON: who each token belongs to. Each caller then gets a pseudonym instead of the name.
	callersFile string
}

// A list collects the values of an option that can be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ", ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

func parseSettings(args []string) (*settings, error) {
	var s settings
	options := flag.NewFlagSet("go-issuer", flag.ContinueOnError)
	options.StringVar(&s.protocol, "protocol", "http", "http or grpc")
	options.Var(&s.stunURLs, "stun-url", "a STUN URL")
	options.Var(&s.turnURLs, "turn-url", "a TURN URL")
	options.StringVar(&s.secret, "secret", "", "the TURN secret")
	options.StringVar(&s.name, "name", "", "the name in TURN usernames")
	options.IntVar(&s.ttlSeconds, "ttl-seconds", 0, "the life of a credential")
	options.Var(&s.restHeaders, "rest-header", "a header of HTTP responses")
	options.Var(&s.grpcHeaders, "grpc-header", "a header of gRPC responses")
	options.StringVar(&s.issuer, "issuer", "", "the issuer of JWTs")
	options.StringVar(&s.audience, "audience", "", "the audience of JWTs")
	options.StringVar(&s.publicKeyFile, "public-key-file", "", "the issuer's ES256 key in PEM")
	options.StringVar(&s.tokenHash, "token-hash", "", "SHA-256 of the connector token in hex")
	options.StringVar(&s.callersFile, "callers-file", "", "who each connector token belongs to")
	ignored := func(string) error { return nil }
	options.Func("connect-header", "not served", ignored)
	options.Func("keep-alive-seconds", "sent with -rest-header", ignored)
	return &s, options.Parse(args)
}
