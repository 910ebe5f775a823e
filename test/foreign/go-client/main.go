// Calls IceService with the code that protoc-gen-go and protoc-gen-go-grpc generate, and prints the
// outcome as one JSON object: {"response": …}, or {"code": …, "message": …, "violations": […]}.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	icev1 "example.com/ice-service/clients/go/gen/ice/v1"
)

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type outcome struct {
	Response   json.RawMessage `json:"response,omitempty"`
	Code       string          `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Violations []violation     `json:"violations,omitempty"`
}

func main() {
	target := flag.String("target", "", "host:port, without TLS")
	ttlSeconds := flag.Int("ttl-seconds", 0, "life of the credential; 0 is the server's default")
	watch := flag.Bool("watch", false, "take the first list of WatchIceServers")
	flag.Parse()

	conn, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv("TOKEN"))
	response, err := call(ctx, icev1.NewIceServiceClient(conn), int32(*ttlSeconds), *watch)
	if err := json.NewEncoder(os.Stdout).Encode(describe(response, err)); err != nil {
		log.Fatal(err)
	}
}

func call(ctx context.Context, client icev1.IceServiceClient, ttlSeconds int32, watch bool) (proto.Message, error) {
	if !watch {
		return client.GetIceServers(ctx, &icev1.GetIceServersRequest{TtlSeconds: ttlSeconds})
	}
	stream, err := client.WatchIceServers(ctx, &icev1.WatchIceServersRequest{TtlSeconds: ttlSeconds})
	if err != nil {
		return nil, err
	}
	message, err := stream.Recv()
	return message.GetResponse(), err
}

func describe(response proto.Message, err error) outcome {
	if err == nil {
		body, err := protojson.Marshal(response)
		if err != nil {
			log.Fatal(err)
		}
		return outcome{Response: body}
	}
	failure := status.Convert(err)
	described := outcome{Code: failure.Code().String(), Message: failure.Message()}
	for _, detail := range failure.Details() {
		if badRequest, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range badRequest.GetFieldViolations() {
				described.Violations = append(described.Violations, violation{v.GetField(), v.GetDescription()})
			}
		}
	}
	return described
}
