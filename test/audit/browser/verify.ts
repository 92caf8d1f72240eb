import { verifyPack } from "../../../src/audit/verify-pack.ts";
import { fromBase64 } from "../../../src/ledger/bytes.ts";
import { nodeCrypto } from "../../../src/ledger/crypto.ts";
import type { TrustRoot } from "../../../src/model/trust.ts";

/** What the page is asked; the zip in base64, because it goes through the browser's protocol. */
export interface Asked {
  readonly pack: string;
  readonly trust: TrustRoot | null;
}

export interface Answered {
  readonly node: boolean;
  readonly result: string;
  readonly replayed: number | null;
  readonly promotions: number | null;
  readonly problems: readonly string[];
}

export function verifyInPage({ pack, trust }: Asked): Answered {
  const { report, story } = verifyPack(fromBase64(pack), trust);
  return {
    node: nodeCrypto !== null,
    result: report.result,
    replayed: report.decisions?.replayed ?? null,
    promotions: story?.promotions.length ?? null,
    problems: report.problems.map(({ where, message }) => `${where}: ${message}`),
  };
}
