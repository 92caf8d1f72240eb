import { useState } from "react";
import type { BreakGlassView } from "../../../src/api/routes/break-glass.ts";
import type { GlassAnswer, GlassReview } from "../../../src/model/break-glass.ts";
import type { SignerView } from "../../../src/model/signer-view.ts";
import { reviewGlass, signGlass } from "../api/break-glass-queries.ts";
import { queryClient } from "../api/queries.ts";
import { ReadThenSign } from "../parts/read-then-sign.tsx";
import { glassDigests, glassProblem, prepareGlass } from "../passkeys/break-glass.ts";
import { nobody } from "../passkeys/sign.ts";

/** The signature of one of the two, or the review of somebody else once a promotion went through it. */
export function BreakGlassSigning({
  view,
  mine,
}: {
  readonly view: BreakGlassView;
  readonly mine: SignerView;
}) {
  const [outcome, setOutcome] = useState<GlassReview["outcome"]>("justified");
  const [words, setWords] = useState("");
  const [findings, setFindings] = useState("");
  const reviews = view.used !== null;
  const person = mine.person?.person ?? nobody;
  const named = findings.split(/[\s,]+/).filter((one) => one !== "");
  const bad = named.filter((one) => !/^F-[1-9]\d{0,15}$/.test(one));
  const answer: GlassAnswer = reviews
    ? {
        purpose: "review",
        person,
        outcome,
        words: words.trim(),
        findings: named.filter((one): one is `F-${string}` => !bad.includes(one)),
        promotion: view.used?.promotion ?? "",
      }
    : { purpose: "break-glass", person };
  const missing = [
    ...(reviews && words.trim() === "" ? ["write what you found"] : []),
    ...bad.map((one) => `${one} is no finding: write F-12`),
  ];
  const common = {
    prepared: prepareGlass(view, answer),
    signer: mine,
    problem: glassProblem(view),
    missing,
    against: mine.against,
    digests: glassDigests(view),
  };
  const show = `tidelock break-glass show ${view.id} --person ${person}`;
  if (!reviews) {
    return (
      <ReadThenSign
        {...common}
        open={["asked", "in-force"].includes(view.state) && view.signatures.length < 2}
        noun="signature"
        verb="Break the glass"
        done="You have signed it. Somebody else is the second person."
        handIn={async (signed) => {
          queryClient.setQueryData(["break-glass", view.id], await signGlass(view.id, signed));
        }}
        command={[show]}
      />
    );
  }
  return (
    <ReadThenSign
      {...common}
      open={view.state === "review-owed"}
      noun="review"
      verb="Sign the review"
      done="You have reviewed it."
      handIn={async (signed) => {
        queryClient.setQueryData(["break-glass", view.id], await reviewGlass(view.id, signed));
      }}
      command={[
        show,
        `--outcome ${outcome}`,
        "--words …",
        ...(named.length === 0 ? [] : [`--findings ${named.join(",")}`]),
      ]}
    >
      <fieldset>
        <legend>What do you come to?</legend>
        {(["justified", "not-justified"] as const).map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="outcome"
              value={one}
              checked={outcome === one}
              onChange={() => setOutcome(one)}
            />{" "}
            {one === "justified" ? "It was justified" : "It was not justified"}
          </label>
        ))}
      </fieldset>
      <label>
        What you found, and what follows from it (needed)
        <textarea
          rows={4}
          maxLength={4_000}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </label>
      <label>
        Findings that came of it (F-12, F-13){" "}
        <input size={30} onChange={(event) => setFindings(event.currentTarget.value)} />
      </label>
    </ReadThenSign>
  );
}
