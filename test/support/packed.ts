import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { root } from "../../scripts/test/run-step.ts";

const run = promisify(execFile);

const PackReport = z.array(
  z.object({
    filename: z.string(),
    size: z.number(),
    unpackedSize: z.number(),
    files: z.array(z.object({ path: z.string(), size: z.number(), mode: z.number() })),
  }),
);
export type Packed = z.infer<typeof PackReport>[number] & { readonly tarball: string };

/** `npm pack` into `folder`; the package's own prepack script builds first. */
export async function pack(folder: string): Promise<Packed> {
  mkdirSync(folder, { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const [report] = PackReport.parse(JSON.parse(stdout.slice(stdout.indexOf("["))));
  if (report === undefined) throw new Error("npm pack reported nothing");
  return { ...report, tarball: join(folder, basename(report.filename)) };
}

const Lock = z.looseObject({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) });

/**
 * Installs the tarball into an empty folder as a user would, with the versions that this repository is
 * locked to: so that npm's cache is enough and a test without a network works too.
 */
export async function installPacked(tarball: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const specifier = `file:${tarball}`;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const { packages } = Lock.parse(
    JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")),
  );
  const { devDependencies: _, workspaces: __, ...own } = packages[""] ?? {};
  const needed = Object.entries(packages).filter(
    ([path, entry]) =>
      path.startsWith("node_modules/") && entry["dev"] !== true && entry["link"] !== true,
  );
  const manifest = { name: "empty", private: true, dependencies: { tidelock: specifier } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const lock = {
    name: "empty",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": manifest,
      "node_modules/tidelock": { ...own, resolved: specifier, integrity },
      ...Object.fromEntries(needed),
    },
  };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
  await run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
}
