// Go-issuer is the minimum that a Go team would write instead of the service: ICE servers with an HMAC
// credential for callers with a token, over net/http or grpc-go, and a log line for each request. It has
// none of the service's parameters, limits, metrics, reloads, or other protocols.
package main

import (
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(logger); err != nil {
		logger.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func run(logger *slog.Logger) error {
	settings, err := parseSettings(os.Args[1:])
	if err != nil {
		return err
	}
	authenticator, err := newAuthenticator(settings)
	if err != nil {
		return err
	}
	issuer := newIssuer(settings)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serve := serveHTTP
	if settings.protocol == "grpc" {
		serve = serveGRPC
	}
	failed := make(chan error, 1)
	go func() { failed <- serve(listener, settings, authenticator, issuer, logger) }()
	logger.Info("ready", "url", "http://"+listener.Addr().String())

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-stop:
		return nil
	}
}

// logCall writes the line of a call that has ended.
func logCall(logger *slog.Logger, method, caller string, code any, startedAt time.Time) {
	logger.Info("request",
		"method", method, "code", code, "caller", caller,
		"durationMs", float64(time.Since(startedAt).Microseconds())/1000)
}
