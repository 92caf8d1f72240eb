import { expect, it } from "vitest";
import { accountPrefix, reviewHostUrl } from "./git-host.ts";

it("takes the address of the server and that of its API for the same server", () => {
  const at = "https://git.shop.example";
  for (const url of [at, `${at}/`, `${at}/api/v1`, `${at}/api/v1/`]) {
    expect(reviewHostUrl({ kind: "gitea", url })).toBe(at);
    expect(accountPrefix({ kind: "gitea", url })).toBe("git.shop.example");
  }
  expect(reviewHostUrl({ kind: "gitlab", url: `${at}/api/v4` })).toBe(at);
  // GitHub's paths begin behind it.
  expect(reviewHostUrl({ kind: "github", url: `${at}/api/v3` })).toBe(`${at}/api/v3`);
  expect(reviewHostUrl({ kind: "gitea", url: `${at}/git` })).toBe(`${at}/git`);
});
