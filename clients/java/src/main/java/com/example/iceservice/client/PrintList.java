package com.example.iceservice.client;

import com.example.iceservice.v1.GetIceServersRequest;
import com.example.iceservice.v1.GetIceServersResponse;
import com.example.iceservice.v1.IceServiceGrpc;
import com.example.iceservice.v1.IceServiceGrpc.IceServiceBlockingV2Stub;
import com.example.iceservice.v1.WatchIceServersRequest;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.grpc.ManagedChannel;
import io.grpc.StatusException;
import java.util.concurrent.TimeUnit;

/**
 * Prints a list as JSON. With {@code --watch}, prints each new list on a line of its own, until it
 * is interrupted. {@link Settings} names the environment variables.
 */
public final class PrintList {
  private static final int TTL_SECONDS = 3600;
  private static final int TIMEOUT_SECONDS = 10;
  private static final JsonFormat.Printer JSON =
      JsonFormat.printer().omittingInsignificantWhitespace();

  private PrintList() {}

  public static void main(String[] args) throws InterruptedException {
    try {
      Settings settings = Settings.read();
      ManagedChannel channel = settings.openChannel();
      IceServiceBlockingV2Stub service =
          IceServiceGrpc.newBlockingV2Stub(channel)
              .withCallCredentials(new BearerToken(settings::token));
      if (args.length == 1 && args[0].equals("--watch")) {
        watch(service);
      } else {
        print(get(service));
      }
      channel.shutdownNow();
    } catch (IllegalArgumentException e) {
      fail(e.getMessage());
    } catch (StatusException e) {
      fail(Failures.describe(e.getStatus()));
    }
  }

  private static GetIceServersResponse get(IceServiceBlockingV2Stub service)
      throws StatusException {
    GetIceServersRequest request =
        GetIceServersRequest.newBuilder().setTtlSeconds(TTL_SECONDS).build();
    return service.withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS).getIceServers(request);
  }

  private static void watch(IceServiceBlockingV2Stub service)
      throws InterruptedException, StatusException {
    WatchIceServersRequest request =
        WatchIceServersRequest.newBuilder().setTtlSeconds(TTL_SECONDS).build();
    new ListWatch(service, request)
        .run(
            PrintList::print,
            status -> System.err.println("retrying: " + Failures.describe(status)));
  }

  private static void print(GetIceServersResponse list) {
    try {
      System.out.println(JSON.print(list));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a list has no Any that could be unknown", e);
    }
  }

  private static void fail(String message) {
    System.err.println(message);
    System.exit(1);
  }
}
