package main

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

type grpcService struct {
	icev1.UnimplementedIceServiceServer
	settings      *settings
	authenticator *authenticator
	issuer        *issuer
	logger        *slog.Logger
	headers       metadata.MD
}

func serveGRPC(listener net.Listener, s *settings, a *authenticator, i *issuer, logger *slog.Logger) error {
	headers := metadata.MD{}
	for _, header := range s.grpcHeaders {
		// grpc-go writes its own.
		if name, value, _ := strings.Cut(header, ": "); name != "content-type" {
			headers.Append(name, value)
		}
	}
	server := grpc.NewServer()
	icev1.RegisterIceServiceServer(server, &grpcService{
		settings: s, authenticator: a, issuer: i, logger: logger, headers: headers,
	})
	return server.Serve(listener)
}

func (g *grpcService) GetIceServers(
	ctx context.Context, _ *icev1.GetIceServersRequest,
) (*icev1.GetIceServersResponse, error) {
	startedAt := time.Now()
	caller, err := g.authenticator.authenticate(strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ""))
	if err != nil {
		logCall(g.logger, "GetIceServers", "", codes.Unauthenticated, startedAt)
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	if err := grpc.SetHeader(ctx, g.headers); err != nil {
		return nil, err
	}
	fresh := g.issuer.issue(caller)
	logCall(g.logger, "GetIceServers", caller, codes.OK, startedAt)
	return &icev1.GetIceServersResponse{
		IceServers: []*icev1.IceServer{
			{Urls: g.settings.stunURLs},
			{Urls: g.settings.turnURLs, Username: fresh.username, Credential: fresh.password},
		},
		ExpireTime: timestamppb.New(fresh.expiresAt),
		TtlSeconds: int32(g.settings.ttlSeconds),
	}, nil
}
