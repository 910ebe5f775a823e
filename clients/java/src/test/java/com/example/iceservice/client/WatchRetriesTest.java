package com.example.iceservice.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class WatchRetriesTest {
  private static final StatusException UNAVAILABLE = Status.UNAVAILABLE.asException();
  private static final Duration BRIEF = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final WatchRetries retries = new WatchRetries();

  @Test
  void doublesTheDelayUpTo30Seconds() {
    for (int seconds : new int[] {1, 2, 4, 8, 16, 30, 30, 30}) {
      expectAbout(seconds, retries.findDelay(UNAVAILABLE, false, BRIEF).orElseThrow());
    }
  }

  @Test
  void beginsAnewAfterALongStreamWithAList() {
    retries.findDelay(UNAVAILABLE, false, BRIEF);
    expectAbout(2, retries.findDelay(UNAVAILABLE, true, BRIEF).orElseThrow());
    expectAbout(4, retries.findDelay(UNAVAILABLE, false, LONG).orElseThrow());
    expectAbout(1, retries.findDelay(UNAVAILABLE, true, LONG).orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({"40, 40", "1000000, 3600"})
  void waitsAsLongAsTheServiceAsksUpToAnHour(long askedSeconds, long seconds) {
    StatusException end = StatusProto.toStatusException(askToRetryIn(askedSeconds));
    Duration delay = retries.findDelay(end, false, BRIEF).orElseThrow();
    assertEquals(Duration.ofSeconds(seconds), delay);
  }

  @Test
  void waitsAsUsualIfTheServiceAsksForLess() {
    StatusException end = StatusProto.toStatusException(askToRetryIn(-5));
    expectAbout(1, retries.findDelay(end, false, BRIEF).orElseThrow());
  }

  @Test
  void waitsAsUsualIfTheDetailsCannotBeRead() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        "not protobuf".getBytes(StandardCharsets.UTF_8));
    StatusException end = Status.UNAVAILABLE.asException(trailers);
    expectAbout(1, retries.findDelay(end, false, BRIEF).orElseThrow());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {
        "ALREADY_EXISTS",
        "FAILED_PRECONDITION",
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "OUT_OF_RANGE",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "UNIMPLEMENTED"
      })
  void givesUpWhenTheSameCallWouldBeRejectedAgain(Status.Code code) {
    assertFalse(retries.findDelay(code.toStatus().asException(), false, BRIEF).isPresent());
  }

  @Test
  void asksForAnotherTokenOnceAfterAList() {
    StatusException end = Status.UNAUTHENTICATED.asException();
    assertTrue(retries.findDelay(end, true, BRIEF).isPresent());
    assertFalse(retries.findDelay(end, false, BRIEF).isPresent());
  }

  @Test
  void outlastsALostRouteAfterAList() {
    retries.findDelay(UNAVAILABLE, true, BRIEF);
    StatusException end = Status.UNIMPLEMENTED.asException();
    assertTrue(retries.findDelay(end, false, BRIEF).isPresent());
  }

  private static com.google.rpc.Status askToRetryIn(long seconds) {
    RetryInfo info =
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(seconds))
            .build();
    return com.google.rpc.Status.newBuilder()
        .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
        .addDetails(Any.pack(info))
        .build();
  }

  private static void expectAbout(int seconds, Duration delay) {
    long ms = delay.toMillis();
    assertTrue(ms >= seconds * 500L && ms <= seconds * 1500L, delay + ", not about " + seconds);
  }
}
