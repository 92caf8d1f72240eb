import { expect, it } from "vitest";
import { givenCard } from "./card.ts";

const grant = {
  id: "g1",
  right: "approve:sre",
  service: "shop",
  environment: null,
  addedAt: "2026-01-01T00:00:00Z",
  addedBy: "kim@shop.example",
  removedAt: null,
};
const view = {
  person: "person:1",
  name: "sam@shop.example",
  also: [],
  keys: [],
  grants: [{ ...grant, id: "g0", right: "policy.change" }, grant],
};
const asked = { right: "approve:sre", service: "shop", environment: null };

it("says of a right what was given, to whom, where and by which id, and nothing of the others", () => {
  expect(givenCard(view, asked).lines.filter(([, text]) => text !== null)).toEqual([
    ["given", "approve:sre"],
    ["to", "sam@shop.example person:1"],
    ["where", "shop in every environment"],
    ["id", "g1"],
  ]);
});

it("says that it was only asked for, where two people have to sign it first", () => {
  const waiting = { ...view, grants: [], waitsFor: "a1" };
  expect(givenCard(waiting, asked).lines.filter(([, text]) => text !== null)).toEqual([
    ["asked for", "approve:sre"],
    ["to", "sam@shop.example person:1"],
    ["where", "shop in every environment"],
    ["proposal", "a1"],
  ]);
});
