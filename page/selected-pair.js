/**
 * The candidate pair in use, as statistics have it (W3C webrtc-stats).
 * @param {RTCPeerConnection} connection
 * @returns {Promise<{ id: string, local: any, remote: any } | undefined>}
 */
export async function readSelectedPair(connection) {
  const stats = await connection.getStats();
  const all = [...stats.values()];
  const transport = all.find(({ type }) => type === "transport");
  const pair =
    stats.get(transport?.selectedCandidatePairId) ??
    // Older Firefox marks it at the pair itself.
    all.find(({ type, selected }) => type === "candidate-pair" && selected);
  return (
    pair && {
      id: pair.id,
      local: stats.get(pair.localCandidateId),
      remote: stats.get(pair.remoteCandidateId),
    }
  );
}
