package com.example.iceservice.client

import com.example.iceservice.v1.GetIceServersResponse
import com.example.iceservice.v1.IceServiceGrpcKt.IceServiceCoroutineStub
import com.example.iceservice.v1.WatchIceServersRequest
import io.grpc.Status
import io.grpc.StatusException
import kotlin.random.Random
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.retryWhen

/** The same call would be rejected again. */
private val rejections =
    setOf(
        Status.Code.UNAUTHENTICATED,
        Status.Code.PERMISSION_DENIED,
        Status.Code.INVALID_ARGUMENT,
        Status.Code.UNIMPLEMENTED,
    )

/**
 * Emits each list, and opens the watch again 1 to 5 seconds after it has ended. [onRetry] gets the reason.
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
    var hasList = false
    emitAll(
        watchOnce(service, request).onEach { hasList = true }.retryWhen { cause, _ ->
            // After a list, the token may only have expired: the next one is tried.
            val isRejection = !hasList && cause is StatusException && cause.status.code in rejections
            if (cause !is StatusException || isRejection) return@retryWhen false
            hasList = false
            onRetry(cause.status)
            delay(Random.nextLong(1000, 5000))
            true
        },
    )
}

/** Throws a [StatusException] when the stream ends, whatever the reason. */
private fun watchOnce(service: IceServiceCoroutineStub, request: WatchIceServersRequest) = flow {
    service.watchIceServers(request).collect { emit(it.response) }
    throw StatusException(Status.UNAVAILABLE.withDescription("the stream has ended"))
}
