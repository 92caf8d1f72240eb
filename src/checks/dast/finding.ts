import type { RawRequest } from "../probing/operation.ts";
import type { RuleId } from "./rules.ts";

/** A flaw that was seen at least twice, in ways that chance does not explain. */
export interface Finding {
  readonly rule: RuleId;
  readonly method: string;
  readonly route: string;
  readonly parameter?: string;
  /** How it was seen: `error`, `boolean`, `time` … */
  readonly techniques: readonly string[];
  /** One sentence each, of ours: nothing that the service said is in them unescaped. */
  readonly evidence: readonly string[];
  /** The request that shows it. */
  readonly replay: RawRequest;
  /** Whose session it needs; null for a stranger. */
  readonly session: string | null;
  /** Where this one is graver or lighter than its rule. */
  readonly severity?: number;
}

export function sameFlaw(a: Finding, b: Finding): boolean {
  return (
    a.rule === b.rule && a.method === b.method && a.route === b.route && a.parameter === b.parameter
  );
}

/** What an attack hands back about one point; the place is added by who called it. */
export interface Evidence {
  readonly rule: RuleId;
  readonly technique?: string;
  readonly evidence: readonly [string, string, ...string[]];
  readonly replay: RawRequest;
  readonly severity?: number;
}
