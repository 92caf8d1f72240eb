import { expect, it } from "vitest";
import { stageOf } from "./chain.ts";

it("puts each deed of a lineage where it belongs on a release's way", () => {
  const of = (what: string) => stageOf(what);
  expect(of("author of commit abc")).toBe("wrote");
  expect(of("committer of commit abc")).toBe("wrote");
  expect(of("who pushed commit abc")).toBe("pushed");
  expect(of("who attested the release")).toBe("built");
  expect(of("who handed the release in")).toBe("handed in");
  expect(of("who made the configuration")).toBe("configured");
  expect(of("signer of the policy")).toBe("set policy");
  expect(of("tester who answered qa")).toBe("tested");
  expect(of("who proposed an accepted risk")).toBe("judged");
  expect(of("who began the promotion")).toBe("promoted");
});
