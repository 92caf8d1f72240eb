import { connect } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";
import { FakeControlPlane } from "../../test/fixtures/fake-control-plane.ts";
import { permissionNames } from "../model/permissions.ts";
import type { Principal } from "../model/principal.ts";
import { makeToken } from "../model/token.ts";
import type { ControlPlane } from "../ports/control-plane.ts";
import { encodeEvent } from "./sse.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.close());

/** Opens a stream and collects its text until `enough` says so. */
async function listen(
  path: string,
  enough: (text: string) => boolean,
  headers: Record<string, string> = {},
): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    signal: leave.signal,
  });
  if (!response.ok) return response.text();
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (enough(text)) break;
  }
  leave.abort();
  return text;
}

const ids = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]);

it("starts at the newest event, says where it stands, and brings what happens then", async () => {
  server.controlPlane.emit("old");
  const stream = listen("/api/v1/events", (text) => text.includes("new"));
  setTimeout(() => server.controlPlane.emit("new"), 50);
  const text = await stream;
  expect(ids(text)).toEqual(["1", "2"]);
  expect(text).not.toContain("old");
});

it("resumes after Last-Event-ID without a gap or a repeat", async () => {
  for (const message of ["one", "two", "three"]) server.controlPlane.emit(message);
  const text = await listen("/api/v1/events", (seen) => seen.includes("three"), {
    "last-event-id": "1",
  });
  expect(ids(text)).toEqual(["1", "2", "3"]);
  expect(text).not.toContain('"one"');
  expect(text).toContain("two");
});

it("says reset to a client that knows an event from the future, and refuses one that knows none", async () => {
  server.controlPlane.emit("one");
  const text = await listen("/api/v1/events", (seen) => seen.includes("reset"), {
    "last-event-id": "99",
  });
  expect(text).toContain('event: reset\ndata: {"after":1}');
  const refused = await listen("/api/v1/events", () => true, { "last-event-id": "1; drop" });
  expect(refused).toContain("invalid-input");
});

it("shows with comments that it is alive while nothing happens", async () => {
  const text = await listen("/api/v1/events", (seen) => seen.split(": alive").length > 2);
  expect(text).toContain(": alive\n\n");
});

it("stops asking the control plane when the client is gone", async () => {
  let asked = 0;
  const events = server.controlPlane.events.bind(server.controlPlane);
  server.controlPlane.events = (request) => {
    asked += 1;
    return events(request);
  };
  await listen("/api/v1/events", (seen) => seen.includes(": alive"));
  await new Promise((done) => setTimeout(done, 250));
  const then = asked;
  await new Promise((done) => setTimeout(done, 350));
  expect(asked).toBe(then);
});

it("waits for a slow reader instead of piling events up in memory", async () => {
  let handed = 0;
  const big = "x".repeat(10_000);
  server.controlPlane.events = async ({ after }) => {
    handed += 50;
    return Array.from({ length: 50 }, (_, index) => ({
      id: after + index + 1,
      at: "2026-01-01T00:00:00Z",
      kind: "note",
      service: null,
      environment: null,
      promotion: null,
      message: big,
    }));
  };
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n\r\n`,
  );
  socket.pause();
  await new Promise((done) => setTimeout(done, 500));
  const then = handed;
  await new Promise((done) => setTimeout(done, 300));
  // Kernel buffers take a few megabytes; after that the producer stands still.
  expect(handed).toBe(then);
  expect(handed * big.length).toBeLessThan(64_000_000);
  socket.destroy();
});

it("follows logs and resumes them by cursor", async () => {
  const line = (text: string) => ({ at: "2026-01-01T00:00:00Z", instance: "web-0", text });
  server.controlPlane.logLines.push(line("first"), line("second"));
  const path = "/api/v1/logs/shop/production/green?follow=true";
  const text = await listen(path, (seen) => seen.includes("second"));
  expect(text).toContain("first");
  server.controlPlane.logLines.push(line("third"));
  const more = await listen(path, (seen) => seen.includes("third"), { "last-event-id": "2" });
  expect(more).not.toContain("second");
  const plain = await fetch(`${server.url}/api/v1/logs/shop/production/green?tail=1`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  expect(await plain.json()).toEqual({ items: [line("third")] });
});

it("ends a stream when the server stops", async () => {
  const response = await fetch(`${server.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  const text = response.text();
  await server.close();
  expect(await text).toContain("id: 0");
  server = await startFakeServer();
});

it("tells of an error in the middle without a stack or a secret", async () => {
  server.controlPlane.events = async () => {
    throw new Error("password=hunter2");
  };
  const text = await listen("/api/v1/events", () => false);
  expect(text).toContain("event: error");
  expect(text).not.toContain("hunter2");
});

it("cannot be made to forge fields with line ends", () => {
  expect(encodeEvent({ id: "1\nevent: x", data: "a\nb" })).toBe(
    'id: 1 event: x\ndata: "a\\nb"\n\n',
  );
});

it("ends, at the latest with the next sign of life, once the token is revoked, and brings nothing of that time", async () => {
  const token = makeToken();
  let revoked = false;
  const holding = {
    role: "r",
    permissions: new Set(permissionNames),
    service: null,
    environment: null,
  };
  const principal: Principal = {
    kind: "token",
    id: "token:t1/ci",
    person: null,
    credential: null,
    holdings: [holding],
    within: null,
  };
  const controlPlane = new FakeControlPlane();
  const known: { byToken: ControlPlane["access"]["byToken"] } = controlPlane.access;
  known.byToken = async () => (revoked ? null : principal);
  const other = await startFakeServer({ controlPlane });
  try {
    const response = await fetch(`${other.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = response.text();
    await new Promise((resolve) => setTimeout(resolve, 50));
    revoked = true;
    controlPlane.emit("secret news");
    expect(await text).toContain("unauthenticated");
    expect(await text).not.toContain("secret news");
  } finally {
    await other.close();
  }
});
