import { readdirSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { TrackerSettings } from "../model/service-security.ts";
import type { TrackerCall } from "../ports/tracker.ts";
import { trackers } from "./registry.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

/** Answers as `answer` says and keeps what it was asked. */
async function serve(answer: (seen: Seen) => { status?: number; body?: unknown }) {
  const asked: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(seen);
      const { status = 200, body = "" } = answer(seen);
      response.writeHead(status, { location: "http://127.0.0.1:9/" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  servers.push(server);
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const token = { environment: "production", secret: "TRACKER_TOKEN" };
const call: TrackerCall = { token: "s3cret", ownPorts: [], signal: new AbortController().signal };
const issue = { marker: "tidelock-0a1b2c3d-F-7", finding: "F-7", title: "t", body: "b" };

function of(settings: object) {
  const read = TrackerSettings.parse({ token, ...settings });
  const tracker = trackers.get(read.kind);
  if (!tracker) throw new Error(`no tracker ${read.kind}`);
  return { settings: read, tracker };
}

it("the registry names every folder, and nothing else", () => {
  const folders = readdirSync(import.meta.dirname).filter((name) =>
    statSync(join(import.meta.dirname, name)).isDirectory(),
  );
  expect([...trackers.keys()].toSorted()).toEqual(folders.toSorted());
});

/** Each API as its documentation shows it; none of them was asked for real. */
const apis = [
  {
    settings: { kind: "github", project: "acme/shop" },
    found: (there: boolean) =>
      there ? [{ number: 42, html_url: "https://h/42", state: "closed" }] : [],
    one: { number: 42, html_url: "https://h/42", state: "open" },
    id: "42",
    find: "GET /repos/acme/shop/issues?labels=tidelock-0a1b2c3d-F-7&state=all&per_page=1",
    create: "POST /repos/acme/shop/issues",
    read: "GET /repos/acme/shop/issues/42",
    header: ["authorization", "Bearer s3cret"],
  },
  {
    settings: { kind: "gitlab", project: "acme/web/shop" },
    found: (there: boolean) =>
      there ? [{ iid: 42, web_url: "https://h/42", state: "closed" }] : [],
    one: { iid: 42, web_url: "https://h/42", state: "opened" },
    id: "42",
    find: "GET /api/v4/projects/acme%2Fweb%2Fshop/issues?labels=tidelock-0a1b2c3d-F-7&state=all&per_page=1",
    create: "POST /api/v4/projects/acme%2Fweb%2Fshop/issues",
    read: "GET /api/v4/projects/acme%2Fweb%2Fshop/issues/42",
    header: ["private-token", "s3cret"],
  },
  {
    settings: { kind: "jira", project: "SEC" },
    found: (there: boolean) => ({
      issues: there
        ? [{ key: "SEC-42", fields: { status: { statusCategory: { key: "done" } } } }]
        : [],
    }),
    one: { key: "SEC-42", fields: { status: { statusCategory: { key: "new" } } } },
    id: "SEC-42",
    find: "GET /rest/api/2/search?jql=project+%3D+%22SEC%22+AND+labels+%3D+%22tidelock-0a1b2c3d-F-7%22&fields=status&maxResults=1",
    create: "POST /rest/api/2/issue",
    read: "GET /rest/api/2/issue/SEC-42?fields=status",
    header: ["authorization", "Bearer s3cret"],
  },
] as const;

describe.each(apis)("$settings.kind", (api) => {
  it("finds what is there, creates what is not, and reads its state", async () => {
    let there = false;
    const { url, asked } = await serve(({ method, url: path }) => {
      if (method === "POST") return { status: 201, body: api.one };
      return { body: path.includes(issue.marker) ? api.found(there) : api.one };
    });
    const { settings, tracker } = of({ ...api.settings, url });
    expect(await tracker.find(settings, issue.marker, call)).toBeNull();
    expect(await tracker.create(settings, issue, call)).toMatchObject({
      id: api.id,
      state: "open",
    });
    expect(await tracker.read(settings, api.id, call)).toMatchObject({ id: api.id, state: "open" });
    there = true;
    expect(await tracker.find(settings, issue.marker, call)).toMatchObject({
      id: api.id,
      state: "done",
    });
    expect(asked.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      api.find,
      api.create,
      api.read,
      api.find,
    ]);
    expect(asked[1]?.body).toContain(issue.marker);
    for (const { headers } of asked) expect(headers[api.header[0]]).toBe(api.header[1]);
  });

  it.each([
    [{ status: 401, body: "no" }, "forbidden", "answered 401: no"],
    [{ status: 500, body: "\u001b[31mred" }, "unavailable", "\\x1b[31mred"],
    [{ status: 302 }, "unavailable", "answered 302"],
    [{ body: "{}" }, "unavailable", "answered what nobody expects"],
    [{ body: "<html>" }, "unavailable", "answered what nobody expects"],
  ])("says what went wrong for %j, and no token", async (answer, code, message) => {
    const { url } = await serve(() => answer);
    const { settings, tracker } = of({ ...api.settings, url });
    const error: unknown = await tracker.create(settings, issue, call).catch((one: unknown) => one);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(String(error)).not.toContain(call.token);
  });
});

describe("webhook", () => {
  it("is told each finding under its marker, signed", async () => {
    const { url, asked } = await serve(() => ({}));
    const { settings, tracker } = of({ kind: "webhook", url });
    expect(await tracker.create(settings, issue, call)).toEqual({
      id: issue.marker,
      url: null,
      state: "unknown",
    });
    const [seen] = asked;
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha256", call.token)
      .update(seen?.body ?? "")
      .digest("hex");
    expect(seen?.headers).toMatchObject({
      "idempotency-key": issue.marker,
      "x-tidelock-signature": `sha256=${signature}`,
    });
    expect(JSON.parse(seen?.body ?? "")).toMatchObject({
      event: "finding.waiting",
      finding: "F-7",
    });
  });
});

it.each(["http://169.254.169.254/latest", "http://[fe80::1]/"])(
  "nothing is sent to %s",
  async (url) => {
    const { settings, tracker } = of({ kind: "github", project: "a/b", url });
    await expect(tracker.create(settings, issue, call)).rejects.toMatchObject({
      code: "forbidden",
    });
  },
);

it("nothing is sent to Tidelock itself", async () => {
  const { url, asked } = await serve(() => ({}));
  const { settings, tracker } = of({ kind: "webhook", url });
  const own = { ...call, ownPorts: [Number(new URL(url).port)] };
  await expect(tracker.create(settings, issue, own)).rejects.toMatchObject({ code: "forbidden" });
  expect(asked).toEqual([]);
});

it.each(["DATABASE_URL", "tracker_token", "TRACKER_"])(
  "the secret %s is never a tracker's",
  (secret) => {
    const settings = {
      kind: "github",
      project: "a/b",
      token: { environment: "production", secret },
    };
    expect(TrackerSettings.safeParse(settings).success).toBe(false);
  },
);
