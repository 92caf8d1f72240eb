import type { CheckDemand, Profile } from "../model/pipeline.ts";

/** A default check that asks people. */
type PeopleDefault = Pick<CheckDemand, "name" | "phase" | "with">;

/**
 * What a tier asks people, in environments that say `people: true`. Without that word nobody is asked: a promotion
 * must not wait for people whom nobody has appointed, and a check must not vanish because somebody takes a right away.
 */
export const peopleProfiles: Readonly<Record<Profile, readonly PeopleDefault[]>> = {
  development: [],
  testing: [
    {
      name: "expert-session",
      phase: "deployed",
      with: {
        kind: "session",
        role: "security",
        charter: "Look for what the automatic tests of this release would not find",
        timeBox: "2h",
        atLeast: "15m",
      },
    },
  ],
  staging: [
    {
      name: "qa-checklist",
      phase: "deployed",
      with: {
        kind: "checklist",
        role: "qa",
        items: [
          { id: "changes", text: "Every change of this release was tried where people use it" },
          { id: "paths", text: "The ways that most people take were gone from end to end" },
          { id: "failures", text: "What the service says when something goes wrong helps people" },
          { id: "words", text: "Texts and help say what the release does", severity: "medium" },
        ],
      },
    },
  ],
  production: [
    {
      name: "sre-sign-off",
      phase: "live",
      with: {
        kind: "checklist",
        role: "sre",
        answerWithin: "1h",
        validFor: "1d",
        reuse: "never",
        items: [
          {
            id: "signals",
            text: "Errors, latency and load are what they were",
            notApplicable: false,
          },
          { id: "alerts", text: "No alert that the release could have caused is open" },
          {
            id: "way-back",
            text: "The way back is known and would work now",
            notApplicable: false,
          },
        ],
      },
    },
  ],
};
