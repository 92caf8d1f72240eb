import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../scripts/test/run-step.ts";
import { checks } from "../src/checks/registry.ts";
import { TidelockError } from "../src/model/errors.ts";
import { parseDocuments } from "../src/pipeline-file/parse.ts";

const run = promisify(execFile);
const examples = join(root, "examples");
const files = readdirSync(examples, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith("tidelock.yaml") && !file.includes("node_modules"))
  .map((file) => join(examples, file));

const read = (file: string) => parseDocuments(file, readFileSync(file, "utf8"), { checks });

/** Each lab is played on a server of its own. */
const isLab = (file: string): boolean => relative(examples, file).startsWith("labs");

describe("the examples", () => {
  it.each(files.map((file) => [relative(root, file), file]))("%s is a valid file", (_, file) => {
    const { pipelines, environments } = read(file!);
    expect(pipelines.length).toBeGreaterThan(0);
    if (isLab(file!)) expect(environments.length).toBeGreaterThan(0);
    else expect(environments).toHaveLength(4);
  });

  it("name every environment once, so that all of them can be applied to one server", () => {
    const names = files
      .filter((file) => !isLab(file))
      .flatMap((file) =>
        parseDocuments(file, readFileSync(file, "utf8")).environments.map(
          (environment) => environment.metadata.name,
        ),
      );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a request that writes", () => {
  const shop = join(examples, "shop", "tidelock.yaml");
  const refusal = (from: string, to: string): string[] => {
    try {
      parseDocuments("shop", readFileSync(shop, "utf8").replace(from, to), { checks });
      return [];
    } catch (error) {
      return error instanceof TidelockError
        ? (error.problems ?? []).map(({ message }) => message)
        : [];
    }
  };
  const testing = "    - name: testing\n";
  const pages = "        - name: pages\n          uses: http\n";

  it("is refused to the check http where users are, and nowhere else", () => {
    expect(refusal(pages, pages)).toEqual([]);
    expect(refusal(pages, `${pages}          phase: live\n`)).toEqual([
      expect.stringContaining("pages is intrusive"),
    ]);
    expect(refusal(testing, `${testing}      strategy: recreate\n`)).toEqual([
      expect.stringContaining("there is no idle colour"),
    ]);
  });
});

describe("the shop", () => {
  let work = "";
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "tidelock-shop-"));
    cpSync(join(examples, "shop"), work, { recursive: true });
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  const version = (): string =>
    (JSON.parse(readFileSync(join(work, "package.json"), "utf8")) as { version: string }).version;

  it("passes its own tests, before and after the patch to its next version", async () => {
    await run(process.execPath, ["--test"], { cwd: work });
    expect(version()).toBe("1.0.0");
    await run("git", ["apply", join(examples, "shop-1.1.0.patch")], { cwd: work });
    await run(process.execPath, ["--test"], { cwd: work });
    expect(version()).toBe("1.1.0");
  });
});
