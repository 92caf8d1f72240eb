import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { spawnJson } from "../../test/support/child.ts";
import { onSmallDisk } from "../../test/support/small-disk.ts";

const fixture = fileURLToPath(
  new URL("../../test/fixtures/store/prepare-release.ts", import.meta.url),
);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "limits-"));
  mkdirSync(join(root, "service"));
  mkdirSync(join(root, "tmp"));
  // A file without blocks on disk: it is as long to read and pack as any other.
  const file = openSync(join(root, "service/large"), "w");
  ftruncateSync(file, 200 << 20);
  closeSync(file);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

async function prepareIn(temporary: string, prefix: readonly string[] = []) {
  const argv = [...prefix, process.execPath, fixture, join(root, "service")];
  const child = spawnJson(argv, { env: { ...process.env, TMPDIR: temporary } });
  const answer = await child.next();
  await child.ended;
  return answer;
}

describe("prepareRelease", () => {
  it("packs 200 MB in under 200 MB of memory", async () => {
    const answer = await prepareIn(join(root, "tmp"));
    expect(answer["size"]).toBeGreaterThan(200 << 20);
    expect(answer["peakMb"]).toBeLessThan(200);
  });

  it("says that the disk is full, and leaves nothing", async (context) => {
    const disk = join(root, "tmp");
    const answer = await prepareIn(disk, onSmallDisk(context, disk, 16));
    expect(answer).toMatchObject({ code: "disk-full", left: [] });
  });
});
