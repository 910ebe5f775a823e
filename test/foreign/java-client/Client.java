import com.example.iceservice.v1.GetIceServersRequest;
import com.example.iceservice.v1.GetIceServersResponse;
import com.google.protobuf.util.JsonFormat;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Calls GetIceServers over Connect with protobuf messages, and writes the response as JSON.
 *
 * <p>Arguments: the service's URL, and the file to write, because Maven adds to the output.
 */
public final class Client {
  public static void main(String[] args) throws Exception {
    var message = GetIceServersRequest.newBuilder().setTtlSeconds(600).build();
    var request =
        HttpRequest.newBuilder(URI.create(args[0] + "/ice.v1.IceService/GetIceServers"))
            .header("Authorization", "Bearer " + System.getenv("TOKEN"))
            .header("Content-Type", "application/proto")
            .POST(BodyPublishers.ofByteArray(message.toByteArray()))
            .build();
    var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new IllegalStateException("HTTP status " + response.statusCode());
    }
    var servers = GetIceServersResponse.parseFrom(response.body());
    Files.writeString(Path.of(args[1]), JsonFormat.printer().print(servers));
  }
}
