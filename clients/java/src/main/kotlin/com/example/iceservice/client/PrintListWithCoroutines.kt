@file:JvmName("PrintListWithCoroutines")

package com.example.iceservice.client

import com.example.iceservice.v1.GetIceServersResponse
import com.example.iceservice.v1.IceServiceGrpcKt.IceServiceCoroutineStub
import com.example.iceservice.v1.getIceServersRequest
import com.example.iceservice.v1.watchIceServersRequest
import com.google.protobuf.util.JsonFormat
import io.grpc.StatusException
import java.util.concurrent.TimeUnit
import kotlin.system.exitProcess

private const val TTL_SECONDS = 3600
private const val TIMEOUT_SECONDS = 10L
private val json = JsonFormat.printer().omittingInsignificantWhitespace()

/**
 * Prints a list as JSON. With `--watch`, prints each new list on a line of its own, until it is interrupted. [Settings] names
 * the environment variables.
 */
suspend fun main(args: Array<String>) {
    try {
        val settings = Settings.read()
        val channel = settings.openChannel()
        val service = IceServiceCoroutineStub(channel).withCallCredentials(BearerToken(settings::token))
        if (args.contentEquals(arrayOf("--watch"))) {
            val request = watchIceServersRequest { ttlSeconds = TTL_SECONDS }
            watchLists(service, request) { System.err.println("retrying: ${Failures.describe(it)}") }.collect(::print)
        } else {
            val request = getIceServersRequest { ttlSeconds = TTL_SECONDS }
            print(service.withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS).getIceServers(request))
        }
        channel.shutdownNow()
    } catch (e: IllegalArgumentException) {
        fail(e.message)
    } catch (e: StatusException) {
        fail(Failures.describe(e.status))
    }
}

private fun print(list: GetIceServersResponse) = println(json.print(list))

private fun fail(message: String?): Nothing {
    System.err.println(message)
    exitProcess(1)
}
