import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT, type CryptoKey } from "jose";

/** An issuer of our own on this machine: what platforms publish, and tokens that say what a test wants. */
export class TestIssuer {
  readonly url: string;
  readonly requests: string[] = [];
  /** What the discovery document says, besides or instead. */
  discovery: Record<string, unknown> = {};
  keys: JWK[] = [];
  /** Further paths, and what is answered there. */
  readonly answers = new Map<string, () => Promise<object>>();
  #server: Server;
  #signing = new Map<
    string,
    { readonly key: CryptoKey; readonly alg: string; readonly jwk: JWK }
  >();

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<TestIssuer> {
    let issuer: TestIssuer | undefined;
    const server = createServer((request, response) => {
      const path = request.url ?? "";
      issuer?.requests.push(path);
      response.setHeader("content-type", "application/json");
      if (path === "/.well-known/openid-configuration") {
        response.end(
          JSON.stringify({
            issuer: issuer?.url,
            jwks_uri: `${issuer?.url}/jwks`,
            ...issuer?.discovery,
          }),
        );
      } else if (path === "/jwks") {
        // As strict as a Kubernetes API server.
        const asked = request.headers.accept ?? "";
        if (!asked.includes("application/jwk-set+json")) response.writeHead(406);
        response.end(JSON.stringify({ keys: issuer?.keys }));
      } else {
        const answer = issuer?.answers.get(path);
        if (answer === undefined) response.writeHead(404).end("{}");
        else void answer().then((body) => response.end(JSON.stringify(body)));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer = new TestIssuer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await issuer.addKey("one", "RS256");
    return issuer;
  }

  async addKey(kid: string, alg: string, published = true): Promise<JWK> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
    this.#signing.set(kid, { key: privateKey, alg, jwk });
    if (published) this.keys.push(jwk);
    return jwk;
  }

  jwk(kid = "one"): JWK {
    return this.#signing.get(kid)?.jwk ?? {};
  }

  /** Now, for five minutes, and once; claims that are undefined are left out. */
  async sign(
    claims: Readonly<Record<string, unknown>>,
    { kid = "one", header = {} }: { kid?: string; header?: Record<string, unknown> } = {},
  ): Promise<string> {
    const signing = this.#signing.get(kid);
    if (!signing) throw new Error("no such key");
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.url, iat: now, nbf: now, exp: now + 300, jti: randomUUID(), ...claims };
    return new SignJWT(all)
      .setProtectedHeader({ alg: signing.alg, typ: "JWT", kid, ...header })
      .sign(signing.key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Claim sets as the platforms' own documentation shows them, with our audience. */
export const audience = "https://tidelock.shop.example";

export const githubClaims = {
  aud: audience,
  sub: "repo:shop-org/shop:environment:release",
  environment: "release",
  ref: "refs/heads/main",
  ref_type: "branch",
  ref_protected: "true",
  sha: "8fe1b322a576d59fe6257052a4107df7dc1b8c78",
  repository: "shop-org/shop",
  repository_id: "424242",
  repository_owner: "shop-org",
  repository_owner_id: "2020",
  repository_visibility: "private",
  run_id: "22259804324",
  run_number: "42",
  run_attempt: "1",
  runner_environment: "github-hosted",
  actor: "demo-user",
  actor_id: "1001",
  workflow: "release",
  workflow_ref: "shop-org/shop/.github/workflows/release.yml@refs/heads/main",
  workflow_sha: "8fe1b322a576d59fe6257052a4107df7dc1b8c78",
  job_workflow_ref: "shop-org/shop/.github/workflows/release.yml@refs/heads/main",
  event_name: "push",
  head_ref: "",
  base_ref: "",
} as const;

export const gitlabClaims = {
  aud: audience,
  sub: "project_path:shop-org/shop:ref_type:branch:ref:main",
  namespace_id: "68413579",
  namespace_path: "shop-org",
  project_id: "46573356",
  project_path: "shop-org/shop",
  user_id: "184239",
  user_login: "demo-user",
  user_email: "demo-user@shop.example",
  user_access_level: "owner",
  pipeline_id: "1519139981",
  pipeline_source: "push",
  job_id: "8222997048",
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  groups_direct: ["shop-org"],
  runner_id: 12270835,
  runner_environment: "gitlab-hosted",
  sha: "8fe1b322a576d59fe6257052a4107df7dc1b8c78",
  project_visibility: "private",
  ci_config_ref_uri: "gitlab.com/shop-org/shop//.gitlab-ci.yml@refs/heads/main",
  ci_config_sha: "8fe1b322a576d59fe6257052a4107df7dc1b8c78",
} as const;

export const bitbucketClaims = {
  aud: audience,
  sub: "{a0fc2b4d-6a3b-4c8e-9a2c-0b1e3f4d5a6b}:{5d4c3b2a-1f0e-4d3c-8b7a-6f5e4d3c2b1a}",
  workspaceUuid: "{11111111-2222-4333-8444-555555555555}",
  repositoryUuid: "{a0fc2b4d-6a3b-4c8e-9a2c-0b1e3f4d5a6b}",
  pipelineUuid: "{22222222-3333-4444-8555-666666666666}",
  stepUuid: "{5d4c3b2a-1f0e-4d3c-8b7a-6f5e4d3c2b1a}",
  branchName: "main",
  jti: undefined,
  nbf: undefined,
} as const;

export const kubernetesClaims = {
  aud: [audience],
  sub: "system:serviceaccount:build:releaser",
  "kubernetes.io": {
    namespace: "build",
    node: { name: "node-1", uid: "6fd9a6f3-6f0e-4c29-8f5a-1f3a5b1c2d3e" },
    pod: { name: "releaser-7", uid: "c1a1f8c0-1d2b-4e5f-9a6b-7c8d9e0f1a2b" },
    serviceaccount: { name: "releaser", uid: "0b1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e" },
    warnafter: 1_900_000_000,
  },
} as const;
