import { generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInRoles, workloadsMay } from "../../src/identity/roles.ts";
import { type Permission, permissionNames } from "../../src/model/permissions.ts";
import type { WorkloadRule } from "../../src/model/workload.ts";
import {
  audience,
  bitbucketClaims,
  githubClaims,
  gitlabClaims,
  kubernetesClaims,
} from "../support/issuer.ts";
import { WorkloadLab } from "../support/workload-lab.ts";

let lab: WorkloadLab;
beforeAll(async () => {
  lab = await WorkloadLab.create();
}, 60_000);
afterAll(() => lab.close());

const message = (body: Record<string, unknown>) =>
  String((body["error"] as { message?: string } | undefined)?.message);

/** Every sentence of a refused rule. */
async function problemsOf(rule: WorkloadRule): Promise<string> {
  const { status, text } = await lab.add(rule);
  expect(status).toBe(400);
  return text;
}

const gitlab = (name: string, more: Partial<WorkloadRule> = {}) =>
  lab.rule(name, {
    platform: "gitlab",
    claims: {
      project_id: ["46573356"],
      namespace_id: ["68413579"],
      ref_protected: ["true"],
      ref_type: ["branch"],
      ci_config_ref_uri: ["gitlab.com/shop-org/shop//.gitlab-ci.yml@refs/heads/main"],
    },
    ...more,
  });

describe("a rule", () => {
  it("lets in what each platform's documented tokens say, and keeps who it was", async () => {
    const cases = [
      [lab.rule("github"), githubClaims, "repository_id"],
      [gitlab("gitlab"), gitlabClaims, "project_id"],
      [
        lab.rule("bitbucket", {
          platform: "bitbucket",
          claims: {
            repositoryUuid: [bitbucketClaims.repositoryUuid],
            workspaceUuid: [bitbucketClaims.workspaceUuid],
            branchName: ["main"],
          },
        }),
        bitbucketClaims,
        "repositoryUuid",
      ],
      [
        lab.rule("kubernetes", {
          platform: "kubernetes",
          claims: {
            namespace: ["build"],
            "serviceaccount.uid": ["0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e"],
          },
        }),
        kubernetesClaims,
        "serviceaccount.uid",
      ],
      [
        lab.rule("generic", { platform: "generic", claims: { sub: ["robot-7"] } }),
        { aud: audience, sub: "robot-7" },
        "sub",
      ],
    ] as const;
    for (const [rule, claims, id] of cases) {
      expect([rule.name, (await lab.add(rule)).status]).toEqual([rule.name, 200]);
      const given = await lab.exchange(await lab.issuer.sign(claims));
      expect([given.status, given.body["rule"]]).toEqual([200, rule.name]);
      const tokens = await lab.access.ask(lab.access.bootstrap, "GET", "/api/v1/tokens");
      const mine = (tokens.body["items"] as { id: string; workload: unknown }[]).find(
        (one) => one.id === given.body["id"],
      );
      expect(mine?.workload).toMatchObject({
        identity: { issuer: lab.issuer.url, ids: { [id]: expect.any(String) } },
      });
      // Nobody's login or address is kept.
      expect(JSON.stringify(mine)).not.toMatch(/demo-user|184239|1001/);
    }
    const { text } = await lab.access.ask(lab.access.bootstrap, "GET", "/api/v1/access/report");
    expect(text).toContain("repository_id 424242, repository_owner_id 2020");
    const tokens = await lab.access.ask(lab.access.bootstrap, "GET", "/api/v1/tokens");
    expect(tokens.text).toContain("/shop-org/shop/actions/runs/22259804324/attempts/1");
    expect(tokens.text).toContain("/shop-org/shop/-/jobs/8222997048");
  });

  it("is refused with every reason when it would let in more than anybody meant", async () => {
    const bare = await problemsOf(lab.rule("bare", { claims: {} }));
    for (const part of ["repository_id", "repository_owner_id", "protected", "names no workflow"]) {
      expect(bare).toContain(part);
    }
    const claims = { ...gitlab("x").claims, ref_protected: ["false"] };
    expect(await problemsOf(gitlab("open", { claims }))).toContain(
      "ref_protected protects nothing",
    );
    const named = { ...gitlab("x").claims };
    delete named["ref_protected"];
    expect(await problemsOf(gitlab("named", { claims: { ...named, ref: ["main"] } }))).toContain(
      "whoever may push any branch",
    );
    const wide = { ...lab.rule("x").claims, repository_id: ["4*"] };
    expect(await problemsOf(lab.rule("wide", { claims: wide }))).toContain("compared as a whole");
    const any = { ...lab.rule("x").claims, job_workflow_ref: ["*"] };
    expect(await problemsOf(lab.rule("any", { claims: any }))).toContain("compared as a whole");
    for (const [platform, aud] of [
      ["github", "https://github.com/shop-org"],
      ["bitbucket", "ari:cloud:bitbucket::workspace/1"],
      ["kubernetes", "https://kubernetes.default.svc"],
      ["generic", lab.issuer.url],
    ] as const) {
      expect(await problemsOf(lab.rule("theirs", { platform, audience: aud }))).toContain(
        "for everybody",
      );
    }
    const loose = { platform: "generic" as const, claims: { sub: ["repo:shop-org/shop"] } };
    const hosted = "https://token.actions.githubusercontent.com";
    expect(await problemsOf(lab.rule("loose", { ...loose, issuer: hosted }))).toContain(
      "only taken as such",
    );
    const { status, body } = await lab.add(lab.rule("plain", { issuer: "http://ci.example" }));
    expect([status, message(body)]).toEqual([403, expect.stringContaining("it is not https")]);
  });

  it("gives a build's permissions and nothing that people decide, over the whole list", async () => {
    const never =
      /^(promotion\.(start|abort|rollback)|approval\.sign|waiver\.(propose|sign|withdraw)|finding\.(act|judge)|check\.answer|policy\.sign|governance\.set|line\.(stop|clear)|release\.ban|service\.(stop|remove)|secret\.|configuration\.|pipeline\.apply|erasure\.|hold\.|ledger\.|audit\.|person\.|grant\.|token\.|role\.|account\.|access\.|server\.(stop|recover)|engagement\.(add|withdraw)|security\.)/;
    const held = new Set(builtInRoles.get("ci")?.permissions);
    for (const permission of permissionNames) {
      if (!never.test(permission)) continue;
      expect([permission, held.has(permission), workloadsMay.has(permission)]).toEqual([
        permission,
        false,
        false,
      ]);
    }
    const said = permissionNames.filter((one) => !never.test(one));
    expect([...workloadsMay].filter((one) => !said.includes(one))).toEqual([]);
    expect([...held].every((one) => workloadsMay.has(one))).toBe(true);

    await lab.add(lab.rule("whole"));
    const given = await lab.exchange(await lab.issuer.sign(githubClaims), { rule: "whole" });
    const me = await lab.access.ask(String(given.body["token"]), "GET", "/api/v1/access/me");
    expect(new Set(me.body["permissions"] as Permission[])).toEqual(held);

    for (const role of ["developer", "sre", "administrator", "tester"]) {
      const answer = await lab.add(lab.rule(`as-${role}`, { role }));
      expect([role, answer.status, message(answer.body)]).toEqual([
        role,
        400,
        expect.stringContaining("holds more than a program of another platform may"),
      ]);
    }
  });

  it("gives no more when its role holds more later, or a role is given to its token", async () => {
    const define = (permissions: readonly string[]) =>
      lab.access.ask(lab.access.bootstrap, "PUT", "/api/v1/roles/builder", {
        says: "builds",
        permissions,
      });
    await define(["release.create", "release.read", "server.read"]);
    await lab.add(lab.rule("grows", { role: "builder" }));
    const given = await lab.exchange(await lab.issuer.sign(githubClaims), { rule: "grows" });
    const token = String(given.body["token"]);
    await define(["release.create", "promotion.start", "server.read", "waiver.sign"]);
    const me = await lab.access.ask(token, "GET", "/api/v1/access/me");
    expect(me.body["permissions"]).toEqual(["server.read", "release.create"]);
    const assigned = await lab.access.ask(
      lab.access.bootstrap,
      "POST",
      "/api/v1/role-assignments",
      {
        to: { token: given.body["id"] },
        role: "sre",
        service: null,
        environment: null,
      },
    );
    expect([assigned.status, message(assigned.body)]).toEqual([
      409,
      expect.stringContaining("that a rule gave"),
    ]);
  });

  it("is added by whoever has what it gives, in the whole of its scope", async () => {
    await lab.access.ask(lab.access.bootstrap, "PUT", "/api/v1/roles/keeper", {
      says: "keeps rules",
      permissions: ["role.assign", "role.read", ...(builtInRoles.get("ci")?.permissions ?? [])],
    });
    const keeper = (await lab.access.token("keeper", "shop")).token;
    expect((await lab.add(lab.rule("own-shop"), keeper)).status).toBe(200);
    expect((await lab.add(lab.rule("own-pay", { service: "pay" }), keeper)).status).toBe(403);
    expect((await lab.add(lab.rule("own-all", { service: null }), keeper)).status).toBe(403);
    const removed = await lab.access.ask(keeper, "DELETE", "/api/v1/workload/rules/own-shop");
    expect(removed.status).toBe(200);
    await lab.add(lab.rule("pay-rule", { service: "pay" }));
    const foreign = await lab.access.ask(keeper, "DELETE", "/api/v1/workload/rules/pay-rule");
    expect([foreign.status, message(foreign.body)]).toEqual([
      404,
      expect.stringContaining("among those you may see"),
    ]);
    await lab.remove("pay-rule");
  });

  it("is tested without using the token up, and says what differs", async () => {
    const token = await lab.issuer.sign({ ...githubClaims, ref: "refs/heads/next" });
    const ask = (text: string) =>
      lab.access.ask(lab.access.bootstrap, "POST", "/api/v1/workload/rules/test", { token: text });
    const { body } = await ask(token);
    const items = body["items"] as { name: string; letsIn: boolean; why: string[] }[];
    expect(items.find(({ name }) => name === "github")).toMatchObject({
      letsIn: false,
      why: ["ref is not refs/heads/main"],
    });
    const fine = await lab.issuer.sign(githubClaims);
    const letting = (await ask(fine)).body["items"] as { name: string; letsIn: boolean }[];
    expect(letting.find(({ name }) => name === "github")?.letsIn).toBe(true);
    expect((await lab.exchange(fine, { rule: "github" })).status).toBe(200);
    expect((await ask("nothing")).status).toBe(400);
  });

  it("has to be named where several let the same workload in", async () => {
    const token = await lab.issuer.sign(githubClaims);
    const { status, body } = await lab.exchange(token);
    expect([status, message(body)]).toEqual([409, expect.stringContaining("several rules")]);
    expect((await lab.exchange(token, { rule: "github" })).status).toBe(200);
  });

  it("takes keys that were given by hand, and then asks nobody", async () => {
    const { alg: _alg, ...jwk } = lab.issuer.jwk();
    const away = { issuer: "https://cluster.example", jwks: [jwk as never] };
    await lab.add(lab.rule("pinned", { ...away, audience: "https://pinned.example" }));
    const claims = { ...githubClaims, iss: away.issuer, aud: "https://pinned.example" };
    expect((await lab.exchange(await lab.issuer.sign(claims))).status).toBe(200);
    const other = await lab.issuer.addKey("unknown", "RS256", false);
    expect(other.kid).toBe("unknown");
    expect((await lab.exchange(await lab.issuer.sign(claims, { kid: "unknown" }))).status).toBe(
      401,
    );
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const secret = privateKey.export({ format: "jwk" });
    expect((await lab.add(lab.rule("private", { jwks: [secret as never] }))).status).toBe(400);
  });
});

describe("an issuer", () => {
  it("is asked nothing when the server's owner does not let us there", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await lab.add(lab.rule("inside", { issuer }))).status).toBe(200);
    const { status } = await lab.exchange(await lab.issuer.sign({ ...githubClaims, iss: issuer }));
    expect([status, asked]).toEqual([503, 0]);
    server.close();
  });
});
