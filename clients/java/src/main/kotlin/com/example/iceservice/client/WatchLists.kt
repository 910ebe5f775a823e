package com.example.iceservice.client

import com.example.iceservice.v1.GetIceServersResponse
import com.example.iceservice.v1.IceServiceGrpcKt.IceServiceCoroutineStub
import com.example.iceservice.v1.WatchIceServersRequest
import io.grpc.Status
import io.grpc.StatusException
import kotlin.jvm.optionals.getOrNull
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlin.time.toJavaDuration
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.onStart
import kotlinx.coroutines.flow.produceIn
import kotlinx.coroutines.flow.retryWhen
import kotlinx.coroutines.withTimeoutOrNull

private val streamEnded = Status.UNAVAILABLE.withDescription("the stream has ended")
private val silent = Status.DEADLINE_EXCEEDED.withDescription("the service has sent nothing for too long")
private val firstListTimeout = 10.seconds

/**
 * Emits each list, and opens the watch again after it has ended. [WatchRetries] decides when, and [onRetry] gets the reason.
 *
 * Each list replaces the one before. [service] has no deadline.
 *
 * @throws StatusException if the service rejects the watch
 */
fun watchLists(
    service: IceServiceCoroutineStub,
    request: WatchIceServersRequest,
    onRetry: (Status) -> Unit,
): Flow<GetIceServersResponse> = flow {
    val retries = WatchRetries()
    var hasList = false
    var openedAt = TimeSource.Monotonic.markNow()
    val stream =
        watchOnce(service, request)
            .onStart {
                hasList = false
                openedAt = TimeSource.Monotonic.markNow()
            }
            .onEach { hasList = true }
    emitAll(
        stream.retryWhen { cause, _ ->
            if (cause !is StatusException) return@retryWhen false
            val life = openedAt.elapsedNow().toJavaDuration()
            val wait = retries.findDelay(cause, hasList, life).getOrNull() ?: return@retryWhen false
            onRetry(cause.status)
            delay(wait.toMillis())
            true
        },
    )
}

/** Throws a [StatusException] when the stream ends, whatever the reason, or is silent for too long. */
private fun watchOnce(service: IceServiceCoroutineStub, request: WatchIceServersRequest) = flow {
    coroutineScope {
        val responses = service.watchIceServers(request).produceIn(this)
        var patience = firstListTimeout
        while (true) {
            val next = withTimeoutOrNull(patience) { responses.receiveCatching() } ?: throw StatusException(silent)
            next.exceptionOrNull()?.let { throw it }
            val list = next.getOrNull()?.response ?: throw StatusException(streamEnded)
            emit(list)
            patience = findPatience(list)
        }
    }
}

/**
 * How long to wait for the next list. The service sends it when three quarters of the credentials' life have passed, and none
 * without credentials.
 */
private fun findPatience(list: GetIceServersResponse): Duration =
    if (list.hasExpireTime()) list.ttlSeconds.coerceAtLeast(1).seconds * 0.9 else Duration.INFINITE
