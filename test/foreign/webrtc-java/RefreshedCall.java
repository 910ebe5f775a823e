import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelInit;
import dev.onvoid.webrtc.RTCIceServer;
import dev.onvoid.webrtc.RTCIceTransportPolicy;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import java.util.List;

/**
 * Makes a call over relays only, and gives it new servers as docs/refresh.md says for Android.
 *
 * <p>Arguments: the TURN URL; username and credential; username and credential of the new server.
 */
public final class RefreshedCall {
  public static void main(String[] args) throws Exception {
    RTCConfiguration configuration = new RTCConfiguration();
    configuration.iceTransportPolicy = RTCIceTransportPolicy.RELAY;
    configuration.iceServers = List.of(createServer(args[0], args[1], args[2]));
    PeerConnectionFactory factory = new PeerConnectionFactory(new HeadlessAudioDeviceModule());
    Peer caller = new Peer(factory, configuration);
    Peer callee = new Peer(factory, configuration);
    RTCDataChannel channel = caller.connection.createDataChannel("data", new RTCDataChannelInit());
    caller.call(callee);
    String relay = caller.relays.take();
    // The other side's channel has come over the relays.
    callee.channels.take();

    List<RTCIceServer> servers = List.of(createServer(args[0], args[3], args[4]));
    useIceServers(caller.connection, configuration, servers);
    caller.call(callee);
    boolean isNew = !caller.relays.take().equals(relay);
    RTCIceTransportPolicy policy = caller.connection.getConfiguration().iceTransportPolicy;
    System.out.printf("new relay %s, policy %s, %s%n", isNew, policy, channel.getState());
    System.exit(0);
  }

  static void useIceServers(
      RTCPeerConnection connection, RTCConfiguration configuration, List<RTCIceServer> servers) {
    configuration.iceServers = servers;
    connection.setConfiguration(configuration);
    connection.restartIce();
  }

  static RTCIceServer createServer(String url, String username, String credential) {
    RTCIceServer server = new RTCIceServer();
    server.urls = List.of(url);
    server.username = username;
    server.password = credential;
    return server;
  }
}
