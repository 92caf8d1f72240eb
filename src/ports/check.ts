import type { z } from "zod";
import type { CheckReport } from "../model/verdict.ts";
import type { Digest, Fence, Slot } from "../model/primitives.ts";
import type { HostAgent } from "./host-agent.ts";

/** What a check may know about the thing it tests. It sees no secret and no control socket. */
export interface CheckContext {
  /** The same id after a crash: a check that left something running finds it again. */
  readonly run: string;
  readonly fence: Fence;
  readonly slot: Slot | null;
  readonly release: Digest;
  readonly releaseName: string;
  readonly tree: Digest;
  /** Where the tested colour answers: `http://127.0.0.1:41234`, one an instance of the routed process. */
  readonly instances: readonly string[];
  /** The public address of the route; with `tester` it reaches the idle colour. Null without a router. */
  readonly route: string | null;
  readonly tester: { readonly header: string; readonly value: string } | null;
  readonly agent: HostAgent;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A kind of test. It never throws for what it found; a throw is the verdict `error`. */
export interface Check<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly schema: Schema;
  /** Whether it runs a program through the agent (and therefore survives the server). */
  readonly intrusive: boolean;
  run(context: CheckContext, configuration: z.output<Schema>): Promise<CheckReport>;
}
