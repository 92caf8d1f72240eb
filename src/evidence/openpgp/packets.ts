import { decodeBase64 } from "../bytes.ts";
import { WireError, WireReader } from "../ssh/wire.ts";

/** Packets of OpenPGP (RFC 9580 §4), read strictly: each has a length, and nothing stands between or behind them. */
export interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
}

export const tags = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
} as const;

/** More than people have, third parties' signatures included. */
const mostPackets = 1_000;

/**
 * The bytes in an armour (§6.2). Its headers and its checksum say nothing: what counts is signed.
 *
 * @returns null when it is not one of this kind, or more than one
 */
export function dearmour(text: string, kind: "SIGNATURE" | "PUBLIC KEY BLOCK"): Uint8Array | null {
  const lines = text.trim().split(/\r?\n/).map((line) => line.trimEnd()); // prettier-ignore
  if (lines[0] !== `-----BEGIN PGP ${kind}-----` || lines.at(-1) !== `-----END PGP ${kind}-----`) {
    return null;
  }
  const empty = lines.indexOf("");
  const headers = lines.slice(1, empty);
  if (empty < 0 || !headers.every((line) => /^[A-Za-z]{1,20}: /.test(line))) return null;
  const body = lines.slice(empty + 1, -1);
  if (/^=[A-Za-z0-9+/]{4}$/.test(body.at(-1) ?? "")) body.pop();
  return body.length === 0 ? null : decodeBase64(body.join(""));
}

/** Throws `WireError`. */
export function readPackets(bytes: Uint8Array): readonly Packet[] {
  const reader = new PacketReader(bytes);
  const packets: Packet[] = [];
  while (!reader.done) {
    if (packets.length === mostPackets)
      throw new WireError(`it has more than ${mostPackets} parts`);
    packets.push(readPacket(reader));
  }
  return packets;
}

function readPacket(reader: PacketReader): Packet {
  const head = reader.byte();
  if ((head & 0x80) === 0) throw new WireError("a part of it has no tag");
  if ((head & 0x40) !== 0) {
    const length = reader.length();
    return { tag: head & 0x3f, body: reader.take(length) };
  }
  const form = head & 3;
  if (form === 3) throw new WireError("a part of it has no length");
  const length = form === 0 ? reader.byte() : form === 1 ? reader.uint16() : reader.uint32();
  return { tag: (head >> 2) & 0x0f, body: reader.take(length) };
}

/** A packet as it is kept here: in the new format, with a length of five bytes. */
export function writePacket({ tag, body }: Packet): Uint8Array {
  const whole = new Uint8Array(6 + body.length);
  whole[0] = 0xc0 | tag;
  whole[1] = 0xff;
  new DataView(whole.buffer).setUint32(2, body.length);
  whole.set(body, 6);
  return whole;
}

export class PacketReader extends WireReader {
  readonly #length: number;
  #taken = 0;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#length = bytes.length;
  }

  get done(): boolean {
    return this.#taken === this.#length;
  }

  override take(length: number): Uint8Array {
    const taken = super.take(length);
    this.#taken += length;
    return taken;
  }

  rest(): Uint8Array {
    return this.take(this.#length - this.#taken);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  uint16(): number {
    const [high = 0, low = 0] = this.take(2);
    return (high << 8) | low;
  }

  /** Of a packet or a subpacket (§4.2.1, §5.2.3.7); what comes in pieces of unknown length is refused. */
  length(pieces = true): number {
    const first = this.byte();
    if (first < 192) return first;
    if (first === 255) return this.uint32();
    if (pieces && first >= 224) throw new WireError("a part of it comes in pieces");
    return ((first - 192) << 8) + this.byte() + 192;
  }

  /** A number (§3.2) without its leading zeros; of `bytes` bytes, padded to them, where that is given. */
  mpi(bytes?: number): Uint8Array {
    const raw = this.take((this.uint16() + 7) >> 3);
    const first = raw.findIndex((byte) => byte !== 0);
    const digits = first < 0 ? new Uint8Array() : raw.subarray(first);
    if (bytes === undefined) return digits;
    if (digits.length > bytes) throw new WireError("a number has another size than its kind");
    const padded = new Uint8Array(bytes);
    padded.set(digits, bytes - digits.length);
    return padded;
  }
}
