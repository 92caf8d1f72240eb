import type { Process } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";

/** Two environments of one service, made ready for a check: names, kinds and booleans of the configuration, no value. */
export interface EnvironmentComparison {
  /** The other one's name; null when nobody named one and there is none to take. */
  readonly environment: string | null;
  readonly here: EnvironmentSide;
  /** Null when nothing is live there; `nothing` says why. */
  readonly there: EnvironmentSide | null;
  readonly nothing: string | null;
  /** Every key of either configuration, as users get it: what stands in for it under test is left out. */
  readonly keys: readonly ComparedKey[];
}

export interface EnvironmentSide {
  readonly release: Digest;
  readonly releaseName: string;
  /** Digest of the pipeline's document that the promotion was planned with. */
  readonly pipeline: Digest;
  readonly processes: Readonly<Record<string, Process>>;
  /** What the main process of each instance runs; null where the host agent cannot tell. */
  readonly programs: readonly RunningProgram[] | null;
  readonly parts: readonly { readonly name: string; readonly mediaType: string }[];
  /** Tool to version line, of a release that was built here. */
  readonly tools: Readonly<Record<string, string>>;
  /** How services are run there, by name: target, strategy, how the configuration is delivered. */
  readonly facts: Readonly<Record<"target" | "strategy" | "delivery" | "isolation", string>>;
  /** Null without a router. */
  readonly router: RouterFacts | null;
  /** Where its users ask: `https://host:port`. Null where no route sends them to this release. */
  readonly origin: string | null;
}

export interface RunningProgram {
  readonly process: string;
  readonly program: string;
  readonly from: "release" | "machine" | "written" | "removed" | "unknown";
}

export interface RouterFacts {
  readonly tls: boolean;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly trustedProxies: readonly string[];
}

export interface ComparedKey {
  readonly name: string;
  /** Null where this side has no such key. Values that are a credential count as secrets. */
  readonly here: "value" | "secret" | null;
  readonly there: "value" | "secret" | null;
  /** Whether both have the same value. Null for secrets, which are not compared, and where one side has none. */
  readonly same: boolean | null;
}
