package com.example.iceservice.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Decides whether and when one watch is opened again after it has ended. */
public final class WatchRetries {
  private static final long MIN_DELAY_MS = 1_000;
  private static final long MAX_DELAY_MS = 30_000;

  /** The longest that the service can ask for: a mistake of a proxy must not end a watch. */
  private static final long MAX_REQUESTED_DELAY_MS = 3_600_000;

  private boolean everHadList;
  private long nextDelayMs = MIN_DELAY_MS;

  /**
   * Returns how long to wait: twice as long after each failure, spread at random, and at least as
   * long as the service asks for. Empty if the same call would be rejected again.
   *
   * @param hasList whether the stream that has ended sent a list
   * @param life how long that stream was open
   */
  public Optional<Duration> findDelay(StatusException end, boolean hasList, Duration life) {
    everHadList |= hasList;
    if (!canPass(end.getStatus().getCode(), hasList)) {
      return Optional.empty();
    }
    // Something that ends each stream at once must not be called every second.
    if (hasList && life.toMillis() > MAX_DELAY_MS) {
      nextDelayMs = MIN_DELAY_MS;
    }
    // Spread, so that the clients of a service do not come back together.
    long spreadMs = ThreadLocalRandom.current().nextLong(nextDelayMs / 2, nextDelayMs * 3 / 2);
    nextDelayMs = Math.min(nextDelayMs * 2, MAX_DELAY_MS);
    return Optional.of(Duration.ofMillis(Math.max(spreadMs, findRequestedDelayMs(end))));
  }

  private boolean canPass(Status.Code code, boolean hasList) {
    return switch (code) {
      // A token that was accepted has expired: the next stream asks for another one.
      case UNAUTHENTICATED -> hasList;
      // gRPC makes this code of HTTP's 404, which a proxy sends while a service restarts.
      case UNIMPLEMENTED -> everHadList;
      case INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          FAILED_PRECONDITION,
          OUT_OF_RANGE ->
          false;
      default -> true;
    };
  }

  /** Reads google.rpc.RetryInfo. */
  private static long findRequestedDelayMs(StatusException end) {
    try {
      for (Any detail : StatusProto.fromThrowable(end).getDetailsList()) {
        if (detail.is(RetryInfo.class)) {
          long delayMs = Durations.toMillis(detail.unpack(RetryInfo.class).getRetryDelay());
          return Math.min(delayMs, MAX_REQUESTED_DELAY_MS);
        }
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      // Details that cannot be read ask for nothing.
    }
    return 0;
  }
}
