import { describe, expect, it } from "vitest";
import { type StopSays, stopGrounds } from "./stops.ts";

const going = { returning: false, underWay: false };
const line: StopSays = {
  id: "S-12",
  kind: "line",
  scope: "shop/production",
  reason: "orders are lost",
  by: "ada",
  since: "2026-01-01T12:00:00.000Z",
};
const ban: StopSays = { ...line, id: "S-13", kind: "ban", scope: "shop@1.4.2" };
const stopped =
  "the line shop/production is stopped since 2026-01-01T12:00:00.000Z by ada: orders are lost (S-12)";

describe("a stopped line", () => {
  it("makes what goes forward wait for a person, and says how it is cleared", () => {
    expect(stopGrounds([line], going)).toStrictEqual([
      {
        outcome: "wait",
        rule: "line",
        message: `${stopped}; clear it: tidelock line clear S-12 --reason …`,
      },
    ]);
  });

  it("holds up no return", () => {
    for (const underWay of [true, false]) {
      expect(stopGrounds([line], { returning: true, underWay })).toStrictEqual([
        {
          outcome: "allow",
          rule: "line",
          message: `${stopped}; a return of traffic is not held up by it`,
        },
      ]);
    }
  });

  it("brings the release before back where that was stopped already", () => {
    expect(stopGrounds([line], { returning: false, underWay: true })).toStrictEqual([
      { outcome: "deny", rule: "line", message: `${stopped}; the release before it comes back` },
    ]);
  });
});

describe("a banned release", () => {
  it("is denied whichever way it goes, and says how the ban is lifted", () => {
    for (const returning of [true, false]) {
      for (const underWay of [true, false]) {
        expect(stopGrounds([ban], { returning, underWay })).toStrictEqual([
          {
            outcome: "deny",
            rule: "release.banned",
            message:
              "shop@1.4.2 is banned since 2026-01-01T12:00:00.000Z by ada: orders are lost (S-13); lift it with `tidelock release unban S-13 --reason …`",
          },
        ]);
      }
    }
  });
});

it("nothing that is stopped has nothing to say, and several have something each", () => {
  expect(stopGrounds(undefined, going)).toEqual([]);
  expect(stopGrounds([], going)).toEqual([]);
  expect(stopGrounds([line, ban], going).map(({ outcome }) => outcome)).toEqual(["wait", "deny"]);
});
