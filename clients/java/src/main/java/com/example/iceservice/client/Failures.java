package com.example.iceservice.client;

import io.grpc.Status;

/** Says why a call failed. */
public final class Failures {
  private Failures() {}

  /**
   * Returns one line: the code, and the innermost cause of a broken connection or the service's
   * message.
   */
  public static String describe(Status status) {
    String message = status.getDescription();
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      message = cause.getMessage() == null ? message : cause.getMessage();
    }
    return status.getCode() + ": " + message;
  }
}
