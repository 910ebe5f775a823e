package com.example.iceservice.client;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Makes channels to the service. */
public final class Channels {
  private Channels() {}

  /**
   * Makes a channel that connects at the first call, and again after the connection was lost.
   *
   * @param url such as {@code https://ice.example.com} or {@code http://127.0.0.1:8080}
   * @param authority a PEM file of the authority that signed the service's certificate; without it,
   *     one that Java trusts
   * @throws IllegalArgumentException if it is no http or https URL
   * @throws IOException if the file cannot be read
   */
  public static ManagedChannel open(URI url, Optional<File> authority) throws IOException {
    boolean isSecure = "https".equals(url.getScheme());
    if (url.getHost() == null || !(isSecure || "http".equals(url.getScheme()))) {
      throw new IllegalArgumentException("not an http or https URL");
    }
    int defaultPort = isSecure ? 443 : 80;
    int port = url.getPort() == -1 ? defaultPort : url.getPort();
    return Grpc.newChannelBuilderForAddress(
            url.getHost(),
            port,
            isSecure ? createTls(authority) : InsecureChannelCredentials.create())
        // A watch can be silent for hours. Pings notice when the connection is lost meanwhile.
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .build();
  }

  private static ChannelCredentials createTls(Optional<File> authority) throws IOException {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    if (authority.isPresent()) {
      builder.trustManager(authority.get());
    }
    return builder.build();
  }
}
