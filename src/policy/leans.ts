import { z } from "zod";
import type { Decision } from "../model/decision.ts";
import { waivedRule } from "./waived.ts";

/** Something that a decision leaned on, beside the release and what that is made of. */
export interface Lean {
  readonly kind: "run" | "waiver" | "promotion";
  /** `W-3`, the id of a run or of a promotion. */
  readonly what: string;
}

const Read = z.looseObject({
  evidence: z
    .array(z.looseObject({ run: z.string().optional(), leansOn: z.array(z.string()).optional() }))
    .optional(),
  predecessors: z.array(z.looseObject({ promotion: z.string().nullable().optional() })).optional(),
});

/** What has to be found again when it turns out wrong, each once, in order. Pure; nothing where the inputs have no such. */
export function leansOf(
  decision: Decision,
  inputs: Readonly<Record<string, unknown>>,
): readonly Lean[] {
  const read = Read.safeParse(inputs);
  const { evidence = [], predecessors = [] } = read.success ? read.data : {};
  const accepted = decision.reasons.flatMap(({ rule, message }) =>
    rule === waivedRule ? (/; accepted by (\S+) until/.exec(message)?.[1] ?? []) : [],
  );
  const named: Readonly<Record<Lean["kind"], readonly (string | null | undefined)[]>> = {
    run: evidence.map(({ run }) => run),
    waiver: [...evidence.flatMap(({ leansOn }) => leansOn ?? []), ...accepted],
    promotion: predecessors.map(({ promotion }) => promotion),
  };
  return (["run", "waiver", "promotion"] as const).flatMap((kind) => {
    const all = new Set(named[kind].filter((one) => typeof one === "string"));
    return [...all].sort().map((what) => ({ kind, what }));
  });
}
