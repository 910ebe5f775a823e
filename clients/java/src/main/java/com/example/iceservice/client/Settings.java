package com.example.iceservice.client;

import io.grpc.ManagedChannel;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/**
 * What the examples read from the environment.
 *
 * @param url of the service: {@code ICE_URL}
 * @param token {@code TOKEN}
 * @param authority that is trusted instead of those that Java trusts: {@code ICE_CA_FILE}
 */
public record Settings(String url, String token, Optional<File> authority) {
  /**
   * @throws IllegalArgumentException if the token is missing
   */
  public static Settings read() {
    String token = System.getenv("TOKEN");
    if (token == null || token.isEmpty()) {
      throw new IllegalArgumentException("set TOKEN to the token that npm start printed");
    }
    return new Settings(
        Optional.ofNullable(System.getenv("ICE_URL")).orElse("http://127.0.0.1:8080"),
        token,
        Optional.ofNullable(System.getenv("ICE_CA_FILE")).map(File::new));
  }

  /**
   * @throws IllegalArgumentException if the URL or the file cannot be used
   */
  public ManagedChannel openChannel() {
    try {
      return Channels.open(URI.create(url), authority);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "set ICE_URL to the service's URL, such as https://ice.example.com", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("ICE_CA_FILE: " + e.getMessage(), e);
    }
  }
}
