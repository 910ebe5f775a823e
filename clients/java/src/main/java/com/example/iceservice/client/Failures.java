package com.example.iceservice.client;

import io.grpc.Status;

/** Says why a call failed. */
public final class Failures {
  private Failures() {}

  /** Returns one line: the code, the message, and each cause that adds something to these. */
  public static String describe(Status status) {
    String line = addMessage(status.getCode().name(), status.getDescription());
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      line = addMessage(line, cause.getMessage());
    }
    return line;
  }

  private static String addMessage(String line, String message) {
    String first = message == null ? "" : message.lines().findFirst().orElse("");
    return line.contains(first) ? line : line + ": " + first;
  }
}
