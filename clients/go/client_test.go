package iceservice

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

func TestNewClientRejects(t *testing.T) {
	token := StaticToken("token")
	tests := map[string]struct {
		address string
		options Options
		want    string
	}{
		"no token":      {"https://ice.example.com", Options{}, "Options.Token"},
		"no scheme":     {"ice.example.com:8080", Options{Token: token}, "http"},
		"other scheme":  {"ftp://ice.example.com", Options{Token: token}, `"ftp"`},
		"no host":       {"https://", Options{Token: token}, "host"},
		"a path":        {"https://ice.example.com/ice", Options{Token: token}, "host"},
		"a query":       {"https://ice.example.com?token=hidden", Options{Token: token}, "host"},
		"a password":    {"https://me:hidden@ice.example.com", Options{Token: token}, "host"},
		"not a URL":     {"https://me:hidden@ice.example.com:port", Options{Token: token}, "URL"},
		"TLS over http": {"http://ice.example.com", Options{Token: token, TLS: &tls.Config{}}, "https"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewClient(test.address, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hidden") {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://ice.example.com":       "dns:///ice.example.com:443",
		"https://ice.example.com:8443/": "dns:///ice.example.com:8443",
		"http://ice.example.com":        "dns:///ice.example.com:80",
		"http://[::1]:8080":             "dns:///[::1]:8080",
	} {
		target, _, err := parseAddress(address, nil)
		if err != nil || target != want {
			t.Errorf("parseAddress(%q) = %q, %v, want %q", address, target, err, want)
		}
	}
}

func TestRequestMessage(t *testing.T) {
	message, err := Request{
		Region:        "eu",
		TTL:           time.Hour,
		MaxURLs:       3,
		User:          "user-1",
		ClientAddress: netip.MustParseAddr("2001:db8::7"),
	}.message()
	if err != nil {
		t.Fatal(err)
	}
	if message.GetTtlSeconds() != 3600 || message.GetMaxUrls() != 3 || message.GetRegion() != "eu" ||
		message.GetUser() != "user-1" || message.GetClientAddress() != "2001:db8::7" {
		t.Errorf("got %v", message)
	}
	for _, bad := range []Request{
		{TTL: 1500 * time.Millisecond},
		{TTL: time.Nanosecond},
		{TTL: 100 * 365 * 24 * time.Hour},
		{MaxURLs: 1 << 40},
	} {
		if _, err := bad.message(); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestGetConvertsTheList(t *testing.T) {
	service := &fakeService{gets: []func() (*icev1.GetIceServersResponse, error){answer(turnList("a"))}}
	client := newClient(service, nil, Options{Token: StaticToken("token")})
	list, err := client.Get(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	if list.TTL != time.Minute || len(list.Servers) != 1 || list.Servers[0].Username != "a" {
		t.Errorf("got %+v", list)
	}
	if want := []string{"Bearer token"}; !slices.Equal(service.tokens, want) {
		t.Errorf("sent %q, want %q", service.tokens, want)
	}
}

func TestGetAsksForAnotherToken(t *testing.T) {
	tests := map[string]struct {
		next   string
		tokens []string
		code   codes.Code
	}{
		"another one":  {"second", []string{"Bearer first", "Bearer second"}, codes.OK},
		"the same one": {"first", []string{"Bearer first"}, codes.Unauthenticated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			service := &fakeService{gets: []func() (*icev1.GetIceServersResponse, error){
				fail(codes.Unauthenticated), answer(turnList("a")),
			}}
			client := newClient(service, nil, Options{
				Token: func(_ context.Context, rejected string) (string, error) {
					if rejected == "first" {
						return test.next, nil
					}
					return "first", nil
				},
			})
			_, err := client.Get(t.Context(), Request{})
			if status.Code(err) != test.code || !slices.Equal(service.tokens, test.tokens) {
				t.Errorf("sent %q, and got %v", service.tokens, err)
			}
		})
	}
}

func TestGetSendsNoInvalidToken(t *testing.T) {
	for _, token := range []string{"", "hidden\n", "hidden token", "hiddén"} {
		service := &fakeService{}
		_, err := newClient(service, nil, Options{Token: StaticToken(token)}).Get(t.Context(), Request{})
		if !errors.Is(err, errInvalidToken) || strings.Contains(err.Error(), "hidd") || len(service.tokens) > 0 {
			t.Errorf("with %q: sent %q, and got %v", token, service.tokens, err)
		}
	}
}

func TestGetReturnsErrorsOfTheCallback(t *testing.T) {
	down := errors.New("the identity provider is down")
	client := newClient(&fakeService{}, nil, Options{
		Token: func(context.Context, string) (string, error) { return "", down },
	})
	if _, err := client.Get(t.Context(), Request{}); !errors.Is(err, down) {
		t.Errorf("got %v, want %v", err, down)
	}
}
