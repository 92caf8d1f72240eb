import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { emptyLane } from "./schema.ts";
import { StateStore, laneIn } from "./store.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-store-"));
  path = join(folder, "state.json");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("what was changed is there for the next one, under the same id", async () => {
  const store = await StateStore.open(path);
  await store.update((draft) => {
    draft.users["router"] = 60_706;
  });
  const next = await StateStore.open(path);
  expect(next.current).toEqual(store.current);
  expect(next.current.users).toEqual({ router: 60_706 });
});

test("changes that come at once all happen, in their order", async () => {
  const store = await StateStore.open(path);
  await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      store.update((draft) => {
        laneIn(draft, "shop/production").operations.push({ operation: String(at), content: "" });
      }),
    ),
  );
  const written = (await StateStore.open(path)).lane("shop/production").operations;
  expect(written.map(({ operation }) => operation)).toEqual(
    Array.from({ length: 100 }, (_, at) => String(at)),
  );
});

test("a change that throws is left out, alone and whole", async () => {
  const store = await StateStore.open(path);
  const good = store.update((draft) => {
    draft.users["a"] = 1;
  });
  const bad = store.update((draft) => {
    draft.users["b"] = 2;
    throw new Error("no");
  });
  const other = store.update((draft) => {
    draft.users["c"] = 3;
  });
  await expect(bad).rejects.toThrow("no");
  await Promise.all([good, other]);
  expect(store.current.users).toEqual({ a: 1, c: 3 });
});

test("a write that fails changes nothing, on disk or in memory", async () => {
  const store = await StateStore.open(path);
  const before = await readFile(path, "utf8");
  await rm(path);
  await mkdir(path);
  const call = store.update((draft) => {
    draft.users["a"] = 1;
  });
  await expect(call).rejects.toThrow();
  expect(store.current.users).toEqual({});
  expect((await readdir(folder)).filter((name) => name !== "state.json")).toEqual([]);
  await rm(path, { recursive: true });
  await writeFile(path, before);
  await store.update((draft) => {
    draft.users["a"] = 1;
  });
  expect((await StateStore.open(path)).current.users).toEqual({ a: 1 });
});

test("the file is nobody else's to read", async () => {
  await StateStore.open(path);
  const { mode } = await (await import("node:fs/promises")).stat(path);
  expect(mode & 0o777).toBe(0o600);
});

test("a damaged file stops the start instead of being replaced by an empty one", async () => {
  for (const text of ["", "{", '{"formatVersion": 99}', "null"]) {
    await writeFile(path, text);
    await chmod(path, 0o600);
    await expect(StateStore.open(path)).rejects.toMatchObject({
      code: "incompatible",
      where: path,
    });
    expect(await readFile(path, "utf8")).toBe(text);
  }
});

test("an unknown lane is an empty one, and reading it makes none", async () => {
  const store = await StateStore.open(path);
  expect(store.lane("shop/production")).toEqual(emptyLane());
  expect(store.current.lanes).toEqual({});
});

test("a file that is gone beside its key stops the start: services may run", async () => {
  await writeFile(join(folder, "agent-key.pem"), "a key");
  await expect(StateStore.open(path)).rejects.toMatchObject({ code: "incompatible", where: path });
});
