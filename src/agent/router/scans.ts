import { randomBytes, sign, verify, type KeyObject } from "node:crypto";
import type { Colour } from "../../model/primitives.ts";
import { verifyTester, type TesterPayload } from "./tester.ts";

/**
 * The mark of one scan: on every request that a check sends, and handed on to the service. It gives no
 * right; a service which forwards what it gets to the public address forwards the mark as well, and then
 * requests with it arrive at the live colour, which the router counts (law 10). Signed, so that nobody can
 * flood the counters or void somebody else's scan; over other bytes than a tester's credential, so that
 * neither can stand for the other.
 */
export const scanHeader = "x-tidelock-scan";

/** In front of what is signed: nothing that a tester's credential signs begins so. */
const domain = "tidelock-scan\n";
const maxMarkLength = 1_024;
/** More scans than run at once in one lane. */
const most = 64;
/** Marks in one request: a proxy may add its own beside ours. */
const mostInOne = 4;

export interface ScanSeen {
  readonly blue: { tester: number; other: number };
  readonly green: { tester: number; other: number };
}

/** @param privateKey the one that signs tester credentials */
export function mintScan(
  privateKey: KeyObject,
  lane: string,
  ttlMs: number,
  now: number = Date.now(),
): { header: string; value: string; scan: string } {
  const payload: TesterPayload = {
    lane,
    expires: now + ttlMs,
    nonce: randomBytes(12).toString("base64url"),
  };
  const text = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = sign(null, Buffer.from(domain + text), privateKey).toString("base64url");
  return { header: scanHeader, value: `${text}.${signature}`, scan: payload.nonce };
}

/** The scan's id; null for a mark of another lane, an old one, and anything that is none. */
export function verifyScan(
  mark: string,
  publicKey: KeyObject,
  lane: string,
  now: number = Date.now(),
): string | null {
  if (mark.length > maxMarkLength) return null;
  const judged = verifyTester(mark, publicKey, lane, now, (text, signature) =>
    verify(null, Buffer.from(domain + text), publicKey, signature),
  );
  return judged.kind === "valid" ? judged.payload.nonce : null;
}

/** Counts, for one lane, where requests with a scan's mark went. */
export class ScanCounter {
  readonly #seen = new Map<string, ScanSeen>();
  /** Marks that were verified, so that a scan's thousands of requests cost one signature. */
  readonly #known = new Map<string, { readonly scan: string; readonly expires: number }>();

  /** @param marks the header's value; several are separated by commas */
  count(
    marks: string,
    publicKey: KeyObject,
    lane: string,
    to: { readonly colour: Colour; readonly tester: boolean },
  ): void {
    for (const mark of marks.split(",", mostInOne)) {
      const scan = this.#scanOf(mark.trim(), publicKey, lane);
      if (scan === null) continue;
      const counts = this.#seen.get(scan) ?? this.#begin(scan);
      counts[to.colour][to.tester ? "tester" : "other"] += 1;
    }
  }

  observe(): Record<string, ScanSeen> {
    return Object.fromEntries(this.#seen);
  }

  #scanOf(mark: string, publicKey: KeyObject, lane: string): string | null {
    const now = Date.now();
    const known = this.#known.get(mark);
    if (known !== undefined && known.expires > now) return known.scan;
    const scan = verifyScan(mark, publicKey, lane, now);
    if (scan === null) return null;
    dropOldest(this.#known);
    this.#known.set(mark, { scan, expires: now + 60_000 });
    return scan;
  }

  #begin(scan: string): ScanSeen {
    dropOldest(this.#seen);
    const counts = { blue: { tester: 0, other: 0 }, green: { tester: 0, other: 0 } };
    this.#seen.set(scan, counts);
    return counts;
  }
}

function dropOldest(map: Map<string, unknown>): void {
  if (map.size < most) return;
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
