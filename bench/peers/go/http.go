package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type jsonServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

type jsonResponse struct {
	IceServers []jsonServer `json:"iceServers"`
	ExpireTime time.Time    `json:"expireTime"`
	TTLSeconds int          `json:"ttlSeconds"`
}

func serveHTTP(listener net.Listener, s *settings, a *authenticator, i *issuer, logger *slog.Logger) error {
	headers := make([][2]string, len(s.restHeaders))
	for index, header := range s.restHeaders {
		name, value, _ := strings.Cut(header, ": ")
		headers[index] = [2]string{name, value}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/ice-servers", func(w http.ResponseWriter, r *http.Request) {
		startedAt := time.Now()
		caller, err := a.authenticate(r.Header.Get("Authorization"))
		if err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, err.Error(), http.StatusUnauthorized)
			logCall(logger, r.Method, "", http.StatusUnauthorized, startedAt)
			return
		}
		fresh := i.issue(caller)
		body, err := json.Marshal(jsonResponse{
			IceServers: []jsonServer{
				{URLs: s.stunURLs},
				{URLs: s.turnURLs, Username: fresh.username, Credential: fresh.password},
			},
			ExpireTime: fresh.expiresAt,
			TTLSeconds: s.ttlSeconds,
		})
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		for _, header := range headers {
			w.Header().Set(header[0], header[1])
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		// A write that fails means that the caller has left.
		_, _ = w.Write(body)
		logCall(logger, r.Method, caller, http.StatusOK, startedAt)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}
