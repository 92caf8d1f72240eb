import { describe, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { scanWith } from "../../../test/support/dast.ts";
import { type Ask, jwt, readJwt, type Reply, service } from "../../../test/support/vulnerable.ts";

/** What is wrong with the small API below; nothing by default. */
interface Flaws {
  readonly readOthers?: boolean;
  readonly writeOthers?: boolean;
  readonly deleteOthers?: boolean;
  readonly passwords?: boolean;
  /** No flaw: the address is ignored, whoever asks gets the password. */
  readonly ownPassword?: boolean;
  readonly openSecured?: boolean;
  readonly openAdmin?: boolean;
  readonly roles?: boolean;
  readonly weakKey?: boolean;
  readonly noneAlgorithm?: boolean;
  readonly tellsUsers?: boolean;
  readonly endlessTries?: boolean;
  readonly showsPasswords?: boolean;
  readonly anyOrigin?: boolean;
}

interface User {
  readonly name: string;
  password: string;
  readonly email: string;
  readonly role: string;
}

/** An API with accounts and notes, its description, and the flaws that a test asks for. */
function api(flaws: Flaws) {
  const users = new Map<string, User>([
    ["root", { name: "root", password: "x-9-root-x", email: "root@example.com", role: "admin" }],
  ]);
  const notes = new Map<string, { owner: string; title: string; secret: string }>();
  const wrong = new Map<string, number>();
  const key = flaws.weakKey === true ? "changeme" : "a-long-random-key-4f2a9c81d7e0";
  let next = 100;
  const who = ({ headers }: Ask): User | undefined => {
    const token = headers.authorization?.replace(/^Bearer /, "") ?? "";
    const unsigned = flaws.noneAlgorithm === true ? readJwt(token, null) : null;
    const claims = unsigned ?? readJwt(token, key);
    return users.get(String(claims?.["sub"]));
  };
  const refuse: Reply = { status: 401, json: { error: "sign in" } };
  return service((ask): Reply | null => {
    const { method, path, json } = ask;
    const origin = ask.headers.origin;
    const headers: Record<string, string> =
      flaws.anyOrigin === true && origin !== undefined
        ? { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" }
        : {};
    if (path === "/openapi.json") return { json: description };
    if (path === "/") return { json: { name: "notes" } };
    if (path === "/register") {
      const name = String(json["username"]);
      if (users.has(name)) return { status: 409, json: { error: "taken" } };
      const role = flaws.roles === true && typeof json["role"] === "string" ? json["role"] : "user";
      users.set(name, {
        name,
        password: String(json["password"]),
        email: String(json["email"]),
        role,
      });
      return { status: 201, json: { ok: true } };
    }
    if (path === "/login") {
      const name = String(json["username"]);
      const user = users.get(name);
      const tries = wrong.get(name) ?? 0;
      if (tries >= 8 && flaws.endlessTries !== true)
        return { status: 429, json: { error: "later" } };
      if (user === undefined && flaws.tellsUsers === true)
        return { status: 404, json: { error: "no such user" } };
      if (user === undefined || user.password !== json["password"]) {
        wrong.set(name, tries + 1);
        return { status: 401, json: { error: "wrong" } };
      }
      wrong.delete(name);
      return { json: { token: jwt({ sub: name, iat: 1 }, key) } };
    }
    const user = who(ask);
    if (path === "/report" && flaws.openSecured === true) return { json: { total: 3 } };
    if (user === undefined) return refuse;
    if (path === "/me") {
      const own = { username: user.name, email: user.email, role: user.role };
      return {
        json: flaws.showsPasswords === true ? { ...own, password: "hidden-value" } : own,
        headers,
      };
    }
    if (path === "/report") return { json: { total: 3 } };
    if (path === "/admin/users") {
      const may = user.role === "admin" || flaws.openAdmin === true;
      return may ? { json: [...users.keys()] } : { status: 403, json: { error: "no" } };
    }
    if (path === "/notes" && method === "POST") {
      const id = `${(next += 1)}`;
      notes.set(id, {
        owner: user.name,
        title: String(json["title"]),
        secret: String(json["secret"]),
      });
      return { status: 201, json: { id, title: json["title"] } };
    }
    if (path === "/notes") {
      return {
        json: [...notes].filter(([, note]) => note.owner === user.name).map(([id]) => ({ id })),
      };
    }
    const password = /^\/users\/([^/]+)\/password$/.exec(path);
    if (password !== null && method === "PUT") {
      const name = decodeURIComponent(password[1] ?? "");
      const target = flaws.ownPassword === true ? user : users.get(name);
      const may = name === user.name || flaws.passwords === true || flaws.ownPassword === true;
      if (target === undefined || !may) return { status: 403, json: {} };
      target.password = String(json["password"]);
      return { json: { ok: true } };
    }
    const id = /^\/notes\/([^/]+)$/.exec(path)?.[1] ?? "";
    const note = notes.get(id);
    if (note === undefined) return { status: 404, json: { error: "none" } };
    const mine = note.owner === user.name;
    if (method === "GET" && (mine || flaws.readOthers === true)) return { json: { ...note, id } };
    if (method === "PUT" && (mine || flaws.writeOthers === true)) {
      notes.set(id, { ...note, title: String(json["title"]) });
      return { json: { ok: true } };
    }
    if (method === "DELETE" && (mine || flaws.deleteOthers === true)) {
      notes.delete(id);
      return { json: { ok: true } };
    }
    return { status: 403, json: { error: "not yours" } };
  });
}

const text = { type: "string" };
const body = (properties: object) => ({
  requestBody: { content: { "application/json": { schema: { type: "object", properties } } } },
});
const secured = { security: [{ bearer: [] }], responses: {} };
const id = { name: "id", in: "path", required: true, schema: text };
const description = {
  openapi: "3.0.0",
  paths: {
    "/login": { post: { responses: {}, ...body({ username: text, password: text }) } },
    "/me": { get: secured },
    "/report": { get: secured },
    "/admin/users": { get: secured },
    "/notes": { get: secured, post: { ...secured, ...body({ title: text, secret: text }) } },
    "/notes/{id}": {
      parameters: [id],
      get: secured,
      put: { ...secured, ...body({ title: text }) },
      delete: secured,
    },
    "/users/{username}/password": {
      parameters: [{ name: "username", in: "path", required: true, schema: text }],
      put: { ...secured, ...body({ password: text }) },
    },
  },
};

const account = {
  register: {
    path: "/register",
    body: { username: "{{username}}", password: "{{password}}", email: "{{email}}" },
  },
  login: {
    kind: "json",
    path: "/login",
    body: { username: "{{username}}", password: "{{password}}" },
    token: "token",
  },
  check: { path: "/me", contains: "{{username}}" },
};
/** Injections have tests of their own. */
const noInjections = [
  "sql",
  "xss",
  "xpath",
  "nosql",
  "command",
  "files",
  "template",
  "deserialization",
  "xxe",
  "header-injection",
  "open-redirect",
  "regex-dos",
  "ssrf",
];
const configuration = {
  openapi: { path: "/openapi.json" },
  identities: [
    { name: "alice", ...account },
    { name: "bob", ...account },
  ],
  skip: noInjections,
  limits: { wrongPasswords: 12 },
};

async function flawsOf(flaws: Flaws): Promise<readonly string[]> {
  await using server = await serve(api(flaws));
  const result = await scanWith(server.origin, configuration);
  expect(result.gaps).toEqual([]);
  expect(result.identities).toBe(2);
  return result.findings.map(({ rule, method, route, techniques }) =>
    `${rule} ${method} ${route} ${techniques.join("+")}`.trim(),
  );
}

describe("access control", { timeout: 60_000 }, () => {
  it("has nothing to report of an API that keeps users apart", async () => {
    expect(await flawsOf({})).toEqual([]);
  });

  it("still has its accounts after trying to take one over", async () => {
    const found = await flawsOf({ ownPassword: true, endlessTries: true });
    expect(found).toEqual(["missing-rate-limit POST /login burst"]);
  });

  const cases: readonly (readonly [keyof Flaws, string])[] = [
    ["readOthers", "object-access GET /notes/{id} read"],
    ["writeOthers", "object-access PUT /notes/{id} write"],
    ["deleteOthers", "object-access DELETE /notes/{id} delete"],
    ["passwords", "object-access PUT /users/{username}/password password"],
    ["openSecured", "missing-authentication GET /report declared"],
    ["openAdmin", "function-access GET /admin/users name"],
    ["roles", "mass-assignment POST /register registration"],
    ["weakKey", "weak-token GET /me key"],
    ["noneAlgorithm", "weak-token GET /me none"],
    ["tellsUsers", "user-enumeration POST /login answer"],
    ["endlessTries", "missing-rate-limit POST /login burst"],
    ["showsPasswords", "excessive-data GET /me"],
    ["anyOrigin", "cors-credentials GET /me origin"],
  ];
  it.each(cases)("is missed nowhere: %s", async (flaw, expected) => {
    expect(await flawsOf({ [flaw]: true })).toEqual([expected]);
  });
});
