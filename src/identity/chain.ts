import type { Deed } from "./lineage.ts";

/** What part of a release's way a deed is. */
export type Stage =
  | "wrote"
  | "pushed"
  | "built"
  | "handed in"
  | "configured"
  | "set policy"
  | "tested"
  | "judged"
  | "promoted";

const stages: readonly (readonly [RegExp, Stage])[] = [
  [/push|merge/i, "pushed"],
  [/^(author|co-author|committer|reviewer)/, "wrote"],
  [/attested|built|builder/, "built"],
  [/configuration/, "configured"],
  [/policy/, "set policy"],
  [/tester|tested/, "tested"],
  [/risk|finding|waiver/, "judged"],
  [/promotion/, "promoted"],
];

export function stageOf(what: string): Stage {
  return stages.find(([pattern]) => pattern.test(what))?.[1] ?? "handed in";
}

/** Under which name somebody is known to have done it. */
export function deedName({ names }: Deed): string {
  return names[0] ?? "a shared token, or nobody knows";
}
