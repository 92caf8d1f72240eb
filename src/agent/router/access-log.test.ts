import fc from "fast-check";
import { mkdtempSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type AccessEntry, AccessLog, accessLine } from "./access-log.ts";

const entry: AccessEntry = {
  lane: "shop/production",
  colour: "blue",
  release: "shop@1",
  status: 200,
  bytes: 5,
  ms: 1.23456,
  id: "a-1",
  client: "192.0.2.1",
  method: "GET",
  path: "/a?password=1",
  cause: null,
  tester: false,
};

test("a line is one JSON object, whatever a client puts into it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (path, id) => {
      const line = accessLine({ ...entry, path: `/${path}`, id, cause: path }, 1_700_000_000_123);
      expect(line).toMatch(/^[\x20-\x7e]*\n$/);
      const read = JSON.parse(line) as Record<string, unknown>;
      expect(read["id"]).toBe(id);
      expect(read["path"]).toBe(`/${path}`.split("?")[0]?.slice(0, 512));
      expect(read["at"]).toBe("2023-11-14T22:13:20.123Z");
    }),
  );
});

test("the query, which may hold credentials, is not logged", () => {
  expect(accessLine(entry, 0)).not.toContain("password");
});

test("lines survive a rotation into the older file and the log stays within its limit", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "tidelock-log-")), "access.log");
  const log = new AccessLog(path, 2_000);
  for (let i = 0; i < 40; i++) {
    log.append({ ...entry, id: `n-${i}` }, 0);
    if (i % 5 === 4) await log.flush();
  }
  await log.close();
  const ids = [`${path}.1`, path].flatMap((file) =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
  // The newest lines, in order and without a gap.
  expect(ids.at(-1)).toBe("n-39");
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => `n-${40 - ids.length + i}`));
  expect(statSync(path).size).toBeLessThanOrEqual(2_000);
  const again = new AccessLog(path, 2_000);
  again.append({ ...entry, id: "appended" }, 0);
  await again.close();
  const all = readFileSync(`${path}.1`, "utf8") + readFileSync(path, "utf8");
  expect(all).toMatch(/"n-39"[^]*"appended"/);
});

test("a log path that is a link is refused: it may point anywhere", () => {
  const directory = mkdtempSync(join(tmpdir(), "tidelock-log-"));
  symlinkSync("/dev/null", join(directory, "access.log"));
  expect(() => new AccessLog(join(directory, "access.log"))).toThrow("ELOOP");
});
