import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../../test/fixtures/fake-server.ts";
import { readStaticFiles } from "./static-files.ts";

const root = mkdtempSync(join(tmpdir(), "tidelock-static-"));
const folder = join(root, "dist");
let server: FakeServer;

beforeAll(async () => {
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(folder, "index.html"), "<title>Tidelock</title>");
  writeFileSync(join(folder, "assets", "app-a1b2c3d4.js"), "1");
  writeFileSync(join(folder, "notes.exe"), "no known type");
  symlinkSync(join(root, "secret.txt"), join(folder, "link.txt"));
  server = await startFakeServer({ files: readStaticFiles(folder) });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

/** The path as it is: `fetch` would tidy it up. */
function rawPath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("end", () => resolve(text)).on("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}

it("serves the page, its files, and the page again for a deep link", async () => {
  const page = await fetch(`${server.url}/`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(await page.text()).toContain("Tidelock");
  const script = await fetch(`${server.url}/assets/app-a1b2c3d4.js`);
  expect(script.headers.get("content-type")).toContain("text/javascript");
  expect(script.headers.get("cache-control")).toContain("immutable");
  const deep = await fetch(`${server.url}/services/shop`, { headers: { accept: "text/html" } });
  expect(await deep.text()).toContain("Tidelock");
  expect((await fetch(`${server.url}/assets/gone.js`)).status).toBe(404);
});

it("has no way out of its folder, by dots, escapes, links or absolute paths", async () => {
  for (const path of [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%5csecret.txt",
    "//etc/passwd",
    "/assets//../../secret.txt",
    "/link.txt",
    "/notes.exe",
    "/index.html%00.js",
    `/${encodeURIComponent(join(root, "secret.txt"))}`,
  ]) {
    const answer = await rawPath(path);
    expect([path, answer.slice(9, 12)]).toEqual([path, expect.stringMatching(/^40[04]$/)]);
    expect(answer).not.toContain("\r\n\r\nsecret");
  }
});

it("is no dashboard when it was not built, and says so", () => {
  expect(readStaticFiles(join(root, "nowhere"))).toBeNull();
});
