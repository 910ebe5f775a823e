package com.example.iceservice.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  @Test
  void returnsTheMessageOfTheService() {
    Status status = Status.RESOURCE_EXHAUSTED.withDescription("too many requests (retry in 5 s)");
    assertEquals("RESOURCE_EXHAUSTED: too many requests (retry in 5 s)", Failures.describe(status));
  }

  @Test
  void keepsTheDescriptionAndEachCause() {
    Status status =
        Status.UNAVAILABLE
            .withDescription("no token")
            .withCause(new IllegalStateException("sign in", new IOException("timed out")));
    assertEquals("UNAVAILABLE: no token: sign in: timed out", Failures.describe(status));
  }

  @Test
  void repeatsNothing() {
    Throwable cause = new IOException("refused: /127.0.0.1:1", new IOException("refused"));
    Status status = Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
    assertEquals("UNAVAILABLE: io exception: refused: /127.0.0.1:1", Failures.describe(status));
  }

  @Test
  void returnsOneLine() {
    Status status =
        Status.UNAVAILABLE
            .withDescription("io exception\nChannel Pipeline: []")
            .withCause(new IOException());
    assertEquals("UNAVAILABLE: io exception", Failures.describe(status));
  }
}
