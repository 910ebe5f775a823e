package com.example.iceservice.client;

import com.example.iceservice.v1.GetIceServersResponse;
import com.example.iceservice.v1.IceServiceGrpc.IceServiceBlockingStub;
import com.example.iceservice.v1.WatchIceServersRequest;
import com.example.iceservice.v1.WatchIceServersResponse;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** Watches the list, and opens the watch again whenever it ends. */
public final class ListWatch {
  /** The same call would be rejected again. */
  private static final Set<Status.Code> REJECTIONS =
      Set.of(
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.UNIMPLEMENTED);

  private static final Status STREAM_ENDED =
      Status.UNAVAILABLE.withDescription("the stream has ended");

  private final IceServiceBlockingStub service;
  private final WatchIceServersRequest request;

  /**
   * @param service without a deadline
   */
  public ListWatch(IceServiceBlockingStub service, WatchIceServersRequest request) {
    this.service = service;
    this.request = request;
  }

  /**
   * Gives {@code receive} each list, and {@code retry} the error after which the watch is opened
   * again in 1 to 5 seconds.
   *
   * <p>Each list replaces the one before.
   *
   * @throws StatusRuntimeException if the service rejects the watch
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void run(Consumer<GetIceServersResponse> receive, Consumer<Status> retry)
      throws InterruptedException {
    while (true) {
      boolean hasList = false;
      Optional<Status> end;
      CancellableContext context = Context.current().withCancellation();
      Context outer = context.attach();
      try {
        Iterator<WatchIceServersResponse> responses = service.watchIceServers(request);
        while ((end = awaitResponse(responses)).isEmpty()) {
          receive.accept(responses.next().getResponse());
          hasList = true;
        }
      } finally {
        context.detachAndCancel(outer, null);
      }
      // After a list, the token may only have expired: the next one is tried.
      if (!hasList && REJECTIONS.contains(end.get().getCode())) {
        throw end.get().asRuntimeException();
      }
      retry.accept(end.get());
      Thread.sleep(ThreadLocalRandom.current().nextLong(1000, 5000));
    }
  }

  /** Returns nothing once there is a response, and at the end of the stream why it has ended. */
  private static Optional<Status> awaitResponse(Iterator<WatchIceServersResponse> responses) {
    try {
      return responses.hasNext() ? Optional.empty() : Optional.of(STREAM_ENDED);
    } catch (StatusRuntimeException e) {
      return Optional.of(e.getStatus());
    }
  }
}
