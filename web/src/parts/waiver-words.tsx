import { Link } from "@tanstack/react-router";
import type { WaiverView } from "../../../src/api/routes/waivers.ts";
import { spanOf } from "./finding-words.tsx";
import { Foreign } from "./foreign.tsx";
import { Badge, type Tone } from "./status.tsx";
import { When } from "./when.tsx";

/** A waiver in words. */

const tones: Readonly<Record<WaiverView["state"], Tone>> = {
  proposed: "wait",
  "in-force": "warn",
  withdrawn: "quiet",
  ended: "quiet",
};

/** In force and holding nothing is said as what it is. */
export function WaiverState({
  waiver: { state, holds, signatures },
}: {
  readonly waiver: WaiverView;
}) {
  if (state === "in-force" && !holds) return <Badge tone="bad">in force, holds nothing</Badge>;
  if (state === "proposed")
    return <Badge tone="wait">proposed, {signatures.length} of 2 signed</Badge>;
  return <Badge tone={tones[state]}>{state.replaceAll("-", " ")}</Badge>;
}

export function WaivedThing({ of }: { readonly of: WaiverView["waived"]["of"] }) {
  if (of.kind === "check") {
    return (
      <>
        check {of.check}: {of.verdicts.join(", ")}
      </>
    );
  }
  return (
    <>
      <Link to="/findings/$id" params={{ id: of.finding }}>
        {of.finding}
      </Link>{" "}
      <Foreign text={of.title === "" ? of.rule : of.title} most={160} />
    </>
  );
}

/** When it ends, and how soon that is. */
export function Ends({ waiver: { state, until, endedAt } }: { readonly waiver: WaiverView }) {
  if (endedAt !== null) {
    return (
      <>
        ended <When at={endedAt} />
      </>
    );
  }
  const left = Date.parse(until) - Date.now();
  return (
    <>
      <When at={until} />{" "}
      <span className="muted">
        {left < 0 ? "is over" : `in ${spanOf(left)}`}
        {state === "proposed" ? ", once it is signed" : ""}
      </span>
    </>
  );
}
