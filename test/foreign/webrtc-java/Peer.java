import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCAnswerOptions;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** One side of a call within this process. */
final class Peer implements PeerConnectionObserver {
  final RTCPeerConnection connection;

  /** Address and port of each relay that was gathered. */
  final BlockingQueue<String> relays = new LinkedBlockingQueue<>();

  /** What the other side has opened. */
  final BlockingQueue<RTCDataChannel> channels = new LinkedBlockingQueue<>();

  private final BlockingQueue<Boolean> negotiationsNeeded = new LinkedBlockingQueue<>();
  private final CompletableFuture<Peer> other = new CompletableFuture<>();

  Peer(PeerConnectionFactory factory, RTCConfiguration configuration) {
    connection = factory.createPeerConnection(configuration, this);
  }

  /** Waits until the connection wants to negotiate, as it does after restartIce, and does so. */
  void call(Peer callee) throws Exception {
    other.complete(callee);
    callee.other.complete(this);
    negotiationsNeeded.take();
    var offer = new Described();
    connection.createOffer(new RTCOfferOptions(), offer);
    connection.setLocalDescription(offer.get(), new Applied());
    var offered = new Applied();
    callee.connection.setRemoteDescription(offer.get(), offered);
    offered.get();
    var answer = new Described();
    callee.connection.createAnswer(new RTCAnswerOptions(), answer);
    callee.connection.setLocalDescription(answer.get(), new Applied());
    var answered = new Applied();
    connection.setRemoteDescription(answer.get(), answered);
    answered.get();
  }

  @Override
  public void onRenegotiationNeeded() {
    negotiationsNeeded.add(true);
  }

  @Override
  public void onIceCandidate(RTCIceCandidate candidate) {
    String[] parts = candidate.sdp.split(" ");
    relays.add(parts[4] + " " + parts[5]);
    other.join().connection.addIceCandidate(candidate);
  }

  @Override
  public void onDataChannel(RTCDataChannel channel) {
    channels.add(channel);
  }

  private static final class Described extends CompletableFuture<RTCSessionDescription>
      implements CreateSessionDescriptionObserver {
    @Override
    public void onSuccess(RTCSessionDescription description) {
      complete(description);
    }

    @Override
    public void onFailure(String error) {
      completeExceptionally(new IllegalStateException(error));
    }
  }

  private static final class Applied extends CompletableFuture<Void>
      implements SetSessionDescriptionObserver {
    @Override
    public void onSuccess() {
      complete(null);
    }

    @Override
    public void onFailure(String error) {
      completeExceptionally(new IllegalStateException(error));
    }
  }
}
