import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeDataDir } from "../../../test/support/agent-harness.ts";
import { isRoot, needs } from "../../../test/support/optional.ts";
import { type Layout, layout } from "../../model/layout.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { prepareFolders } from "./folders.ts";
import { probeAs } from "./probe.ts";
import { provideRuntime } from "./runtime.ts";
import { userRange } from "./users.ts";

const root = needs(isRoot, "separate users for services and checks need root");
const [user] = userRange.service;

describe.skipIf(root.missing)("the probe, as a service's user", () => {
  let paths: Layout;
  beforeEach(async () => {
    paths = layout(await makeDataDir());
    await prepareFolders(paths, true);
    await provideRuntime(paths.runtime, true);
  });
  afterEach(() => removeTree(paths.root));

  test("finds nothing to say of folders as they should be", async () => {
    expect(await probeAs(user, paths)).toBeNull();
  });

  test("tells which closed folder it can look into", async () => {
    await chmod(paths.blobs, 0o755);
    expect((await probeAs(user, paths)) ?? "").toContain(`could list ${paths.blobs}`);
  });

  test("tells which folder it needs and cannot reach", async () => {
    await chmod(paths.slots, 0o700);
    expect(await probeAs(user, paths)).toBe(`user ${user} cannot reach ${paths.slots}`);
  });
});
