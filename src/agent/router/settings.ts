/**
 * What the router takes for granted when nobody says otherwise. Times are milliseconds, sizes bytes.
 * A value stands here, with its reason, and nowhere else.
 */
const defaults = {
  /** A client must have sent all its header within this time (slowloris). */
  headersTimeoutMs: 15_000,
  /** How often slow clients are looked for; the timeouts above and below are met within this much. */
  sweepMs: 1_000,
  /** An upload that we are ready to read must bring `minimumUploadBytes` in every such window. */
  uploadWindowMs: 20_000,
  minimumUploadBytes: 1_024,
  /** A client that reads nothing of a waiting response for so long is let go. */
  stalledReaderMs: 120_000,
  /** An idle keep-alive client connection is kept for so long. */
  clientKeepAliveMs: 65_000,
  /** When a port closes, a client that keeps a connection may send one more request within this. */
  idleGraceMs: 500,
  /** A backend that has not begun its answer after so long: 504. Long polls live under this. */
  responseHeadTimeoutMs: 300_000,
  /** Between two bytes of a response body or of a tunnel in either direction. */
  idleBodyTimeoutMs: 3_600_000,
  connectTimeoutMs: 3_000,
  /** Below the 5 s after which Node's own server closes an idle connection. */
  backendIdleMs: 4_000,
  /** Idle connections kept for each backend. */
  backendIdleConnections: 128,
  /** A backend that refused a connection is asked last for so long. */
  suspectMs: 1_000,
  responseHeadBytes: 128 * 1024,
  /** One chunk-size line, all chunk extensions of a body, all its trailers. */
  chunkLineBytes: 4 * 1024,
  chunkExtensionBytes: 16 * 1024,
  trailerBytes: 32 * 1024,
  /** A frame that is being relayed when the drain's ceiling comes may end within this; then 1001. */
  frameEndMs: 2_000,
  /** How long we wait for the answer to our Close frame. */
  closeHandshakeMs: 1_000,
  /** Body pieces up to this size are copied into one write with the header before them. */
  oneWriteBytes: 16 * 1024,
  /** After an early refusal the rest of an upload is thrown away for so long, so that the client reads the answer. */
  lingerMs: 2_000,
  certificatePollMs: 1_000,
  accessLogBytes: 32 * 1024 * 1024,
  accessLogBufferBytes: 4 * 1024 * 1024,
  accessLogFlushMs: 100,
  controlFrameBytes: 4 * 1024 * 1024,
};

/**
 * `TIDELOCK_ROUTER_SETTINGS`, a JSON object with some of the names above, changes them for one process:
 * for tests, which cannot wait for minutes, and for a machine that these do not fit.
 * @throws Error naming what is unknown or not a number.
 */
function changed(text: string | undefined): Partial<typeof defaults> {
  if (!text) return {};
  const changes = JSON.parse(text) as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(defaults, name) || typeof value !== "number" || !(value >= 0)) {
      throw new Error(`TIDELOCK_ROUTER_SETTINGS: ${name} is no setting, or its value no number`);
    }
  }
  return changes;
}

export const settings: Readonly<typeof defaults> = {
  ...defaults,
  ...changed(process.env["TIDELOCK_ROUTER_SETTINGS"]),
};
