package com.example.iceservice.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Sends a token with each call (RFC 6750).
 *
 * <p>It asks for the token each time, so an expired one can be replaced. The supplier runs on an
 * executor of the channel and may wait.
 */
public final class BearerToken extends CallCredentials {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("Authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Supplier<String> token;

  public BearerToken(Supplier<String> token) {
    this.token = token;
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    executor.execute(
        () -> {
          try {
            applyToken(token.get(), applier);
          } catch (Throwable e) { // Otherwise, the call would wait for it.
            applier.fail(Status.UNAVAILABLE.withDescription("no token").withCause(e));
          }
        });
  }

  private static void applyToken(String token, MetadataApplier applier) {
    // gRPC writes a header with another character to the log, and leaves it out.
    if (!token.chars().allMatch(character -> character > ' ' && character <= '~')) {
      applier.fail(
          Status.UNAUTHENTICATED.withDescription(
              "the token has a character that a header cannot carry"));
      return;
    }
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token);
    applier.apply(headers);
  }
}
