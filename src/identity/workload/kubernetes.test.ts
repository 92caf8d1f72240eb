import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PublicJwk, WorkloadRule } from "../../model/workload.ts";
import { keyFor, readSignedToken, verifySignedToken } from "../oidc/signed-token.ts";
import { readTimes } from "../oidc/times.ts";
import { differences, identityOf } from "./match.ts";
import { platforms } from "./platforms.ts";

/** What a real API server gave and published; how stands in the file. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "kubernetes-recorded.json"), "utf8"),
) as {
  readonly discovery: { readonly issuer: string };
  readonly keys: { readonly keys: unknown[] };
  readonly keysAfterRotation: { readonly keys: unknown[] };
  readonly token: string;
  readonly tokenOfPod: string;
};

const uid = "b8bbf2dc-e719-4761-8089-abc0f8ee89f8";
const rule = (claims: Record<string, string[]> = {}) =>
  WorkloadRule.parse({
    name: "releaser",
    platform: "kubernetes",
    issuer: recorded.discovery.issuer,
    audience: "https://tidelock.shop.example",
    claims: { namespace: ["build"], "serviceaccount.uid": [uid], ...claims },
    role: "ci",
    service: "shop",
    environment: null,
    jwks: null,
    anyWorkflow: false,
    lastsMs: 900_000,
    maxAgeMs: 3_600_000,
  });

function read(text: string) {
  const token = readSignedToken(text);
  if (!token.ok) throw new Error(token.problem);
  return token.value;
}

function keys(set: { readonly keys: unknown[] }) {
  return set.keys.map((key) => PublicJwk.parse(key));
}

it.each([
  ["of a service account", recorded.token, {}],
  ["bound to a pod", recorded.tokenOfPod, { "pod.name": "release-1", "node.name": "node-1" }],
])(
  "a token %s is its account's, while it lasts and its key is published",
  async (_, text, more) => {
    const token = read(text);
    const key = keyFor(token, keys(recorded.keys));
    expect(key && (await verifySignedToken(token, key))).toBe(true);
    expect(keyFor(token, keys(recorded.keysAfterRotation))).toBeNull();
    expect(differences(rule(), token.claims)).toEqual([]);
    const { needsNotBefore } = platforms.kubernetes;
    const at = (seconds: number) =>
      readTimes(token.claims, {
        now: (Number(token.claims["iat"]) + seconds) * 1_000,
        maxAgeMs: 3_600_000,
        needsNotBefore,
      });
    expect(at(1)).toMatchObject({ expiresAt: (Number(token.claims["iat"]) + 600) * 1_000 });
    expect(at(661)).toBe("the token has expired");
    expect(identityOf(rule(), token.claims)).toMatchObject({
      subject: "system:serviceaccount:build:releaser",
      ids: { namespace: "build", "serviceaccount.uid": uid },
      claims: { "serviceaccount.name": "releaser", ...more },
    });
  },
);

it("another account of the same name, another namespace or another pod is not who the rule means", () => {
  const { claims } = read(recorded.tokenOfPod);
  const other = { "serviceaccount.uid": ["f93101a8-142e-400d-9b23-bb4ed015b53d"] };
  expect(differences(rule(other), claims).join()).toContain("serviceaccount.uid is not");
  expect(differences(rule({ namespace: ["other"] }), claims)).toHaveLength(1);
  expect(differences(rule({ "pod.name": ["release-2"] }), claims)).toHaveLength(1);
  expect(differences(rule({ "pod.name": ["release-1"] }), read(recorded.token).claims)).toEqual([
    "it does not say pod.name",
  ]);
});

it("each token has a name of its own by which its use is known", () => {
  const ids = [recorded.token, recorded.tokenOfPod].map((text) => read(text).claims["jti"]);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(2);
});
