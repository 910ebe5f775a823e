"""Gathers candidates with GStreamer's webrtcbin, and prints them as JSON.

Standard input: a JSON list of URIs such as turn://user:password@host:port.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402, F401

uris = json.load(sys.stdin)
Gst.init(None)
loop = GLib.MainLoop()
pipeline = Gst.Pipeline.new(None)
webrtc = Gst.ElementFactory.make("webrtcbin", None)
pipeline.add(webrtc)
webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
webrtc.set_property("ice-transport-policy", GstWebRTC.WebRTCICETransportPolicy.RELAY)
accepted = [webrtc.emit("add-turn-server", uri) for uri in uris]
candidates = []


def on_offer(promise, _):
    # The offer is a part of the reply, and gone with it.
    reply = promise.get_reply()
    offer = reply.get_value("offer")
    webrtc.emit("set-local-description", offer, Gst.Promise.new())


def on_gathering_state(element, _):
    state = element.get_property("ice-gathering-state")
    if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        GLib.idle_add(loop.quit)


webrtc.connect("on-ice-candidate", lambda _, __, text: candidates.append(text))
webrtc.connect("notify::ice-gathering-state", on_gathering_state)
caps = Gst.caps_from_string("application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000")
pipeline.set_state(Gst.State.PLAYING)
webrtc.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.SENDRECV, caps)
webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(on_offer, None))
GLib.timeout_add_seconds(30, loop.quit)
loop.run()
pipeline.set_state(Gst.State.NULL)
json.dump({"accepted": accepted, "candidates": candidates}, sys.stdout)
