package com.example.iceservice.client;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.example.iceservice.v1.GetIceServersResponse;
import com.example.iceservice.v1.IceServiceGrpc.IceServiceBlockingV2Stub;
import com.example.iceservice.v1.WatchIceServersRequest;
import com.example.iceservice.v1.WatchIceServersResponse;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Watches the list, and opens the watch again whenever it ends. */
public final class ListWatch {
  private static final Status STREAM_ENDED =
      Status.UNAVAILABLE.withDescription("the stream has ended");

  private static final Status SILENT =
      Status.DEADLINE_EXCEEDED.withDescription("the service has sent nothing for too long");

  private static final long FIRST_LIST_TIMEOUT_MS = 10_000;

  private final IceServiceBlockingV2Stub service;
  private final WatchIceServersRequest request;

  /**
   * @param service without a deadline
   */
  public ListWatch(IceServiceBlockingV2Stub service, WatchIceServersRequest request) {
    this.service = service;
    this.request = request;
  }

  /**
   * Gives {@code receive} each list, and {@code retry} each error after which the watch is opened
   * again. {@link WatchRetries} decides when.
   *
   * <p>Each list replaces the one before.
   *
   * @throws StatusException if the service rejects the watch
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void run(Consumer<GetIceServersResponse> receive, Consumer<Status> retry)
      throws InterruptedException, StatusException {
    WatchRetries retries = new WatchRetries();
    while (true) {
      boolean hasList = false;
      StatusException end = STREAM_ENDED.asException();
      long openedAt = System.nanoTime();
      BlockingClientCall<?, WatchIceServersResponse> call = service.watchIceServers(request);
      try {
        long patienceMs = FIRST_LIST_TIMEOUT_MS;
        WatchIceServersResponse response;
        while ((response = call.read(patienceMs, MILLISECONDS)) != null) {
          hasList = true;
          receive.accept(response.getResponse());
          patienceMs = findPatienceMs(response.getResponse());
        }
      } catch (StatusException e) {
        end = e;
      } catch (TimeoutException e) {
        end = SILENT.asException();
      } finally {
        call.cancel("no longer needed", null);
      }
      Duration life = Duration.ofNanos(System.nanoTime() - openedAt);
      Optional<Duration> delay = retries.findDelay(end, hasList, life);
      if (delay.isEmpty()) {
        throw end;
      }
      retry.accept(end.getStatus());
      Thread.sleep(delay.get().toMillis());
    }
  }

  /**
   * How long to wait for the next list. The service sends it when three quarters of the
   * credentials' life have passed, and none without credentials.
   */
  private static long findPatienceMs(GetIceServersResponse list) {
    return list.hasExpireTime() ? Math.max(list.getTtlSeconds(), 1) * 900L : DAYS.toMillis(365);
  }
}
