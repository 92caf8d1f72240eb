import { z } from "zod";
import { lockReader } from "../scanner/packages/lockfiles.ts";
import type { Hit } from "../scanner/protocol.ts";
import type { Scanner } from "../scanner/scanner.ts";
import { LineIndex, type SourceFile } from "../scanner/source-file.ts";

/** Names that tell by themselves; looked for outside of `node_modules`. */
const telling: readonly (readonly [rule: string, name: RegExp, what: string])[] = [
  ["environment-file", /^\.env(?:\.(?!example$|sample$|template$|dist$)[\w.-]+)?$/, "settings"],
  [
    "memory-dump",
    /\.(?:heapsnapshot|heapprofile|hprof|mdmp|dmp)$|^(?:core|hs_err_pid)\.?\d+(?:\.log)?$/,
    "a memory dump",
  ],
  ["backup-file", /\.(?:bak|old|orig|rej|backup|save)$|~$/, "a backup copy"],
  ["tool-log", /^(?:npm-debug|yarn-error|yarn-debug|pnpm-debug|lerna-debug)\.log/, "a tool's log"],
  [
    "editor-file",
    /^(?:\.DS_Store|Thumbs\.db|desktop\.ini)$|\.(?:swp|swo|iml|cpuprofile)$/,
    "an editor's file",
  ],
];
const folders: readonly (readonly [rule: string, name: RegExp, what: string])[] = [
  ["version-control", /^(?:\.svn|\.hg|\.bzr|CVS|_darcs)$/, "version control"],
  ["editor-file", /^(?:\.idea|\.vscode|\.vs|\.fleet)$/, "an editor's folder"],
  ["test-folder", /^(?:tests?|__tests__|__mocks__|specs?|e2e|cypress|playwright)$/i, "tests"],
];

/** Packages that nobody needs in a running service. */
const tools = new Set(
  "nodemon ts-node-dev jest mocha chai vitest ava tap jasmine karma cypress @playwright/test playwright puppeteer sinon nyc c8 istanbul eslint prettier oxlint webpack-dev-server browser-sync live-server husky lint-staged ndb node-inspector why-is-node-running supertest nock faker @faker-js/faker json-server".split(
    " ",
  ),
);

const starting =
  /(?:^|\/)(?:package\.json|Procfile|(?:Docker|Container)file[\w.-]*|ecosystem\.config\.\w+|[\w.-]+\.service|start\.sh|entrypoint\.sh|docker-compose[\w.-]*\.ya?ml|tidelock\.yaml)$/i;
const source = /\.[cm]?[jt]sx?$/i;

export const devToolsScanner: Scanner = {
  options: z.strictObject({}),
  begin: () => {
    const installed = new Map<string, string>();
    const development = new Set<string>();
    return {
      entry: (entry, report) => {
        const found = nameHit(entry);
        if (found !== null) report(found);
      },
      wants: ({ path }) => {
        const manifest = lockReader(path) !== null;
        const own =
          !isForeign(path) &&
          (starting.test(path) ||
            source.test(path) ||
            path.endsWith(".map") ||
            /(?:^|\/)core$/.test(path));
        return manifest || own ? { kind: "windows" } : { kind: "pass-over" };
      },
      file: (file, report) => {
        for (const one of packagesOf(file)) {
          if (isForeign(file.path) && file.path.endsWith("/package.json"))
            installed.set(one.name, file.path);
          else if (one.development) development.add(one.name);
        }
        if (!isForeign(file.path)) for (const hit of contentHits(file)) report(hit);
      },
      end: (report) => {
        for (const [name, path] of installed) {
          const locked = development.has(name);
          if (!locked && !tools.has(name)) continue;
          const why = locked
            ? "the lock file calls it a development package"
            : "it is a development tool";
          report(hit("development-package", path, 1, `${name} is installed: ${why}`, name));
        }
        return undefined;
      },
    };
  },
};

function packagesOf(file: SourceFile) {
  const read = lockReader(file.path);
  try {
    return read === null ? [] : read(file.text);
  } catch {
    // Whether a lock file is right is another check's question.
    return [];
  }
}

function nameHit(entry: { readonly kind: string; readonly path: string }): Hit | null {
  if (isForeign(entry.path)) return null;
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  const found = (entry.kind === "directory" ? folders : telling).find(([, pattern]) =>
    pattern.test(name),
  );
  return found === undefined ? null : hit(found[0], entry.path, 1, `${name}: ${found[2]}`, "name");
}

const debuggers =
  /--inspect(?:-brk|-wait)?\b|(?:^|[\s"'])-Xdebug\b|\b(?:node\s+debug|ndb|debugpy|pdb)\s|-agentlib:jdwp/;
const developers =
  /\b(?:nodemon|ts-node-dev|tsx\s+watch|node\s+--watch|webpack(?:-dev-server|\s+serve)|vite\s+(?:dev|serve)|next\s+dev|flask\s+run\s+--debug|NODE_ENV=development)\b/;

function contentHits(file: SourceFile): readonly Hit[] {
  const { path } = file;
  if (path.endsWith(".map")) {
    const isMap = /"mappings"\s*:/.test(file.text) && /"sources"\s*:/.test(file.text);
    return isMap && file.firstLine === 1 ? [hit("source-map", path, 1, "a source map", "map")] : [];
  }
  if (/(?:^|\/)core$/.test(path)) {
    return file.bytes.subarray(0, 4).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))
      ? [hit("memory-dump", path, 1, "a memory dump", "name")]
      : [];
  }
  const found: Hit[] = [];
  if (starting.test(path)) {
    for (const [index, line] of commandLines(file).entries()) {
      if (debuggers.test(line))
        found.push(hit("debugger-listens", path, index + 1, "a debugger is started along", line));
      else if (developers.test(line))
        found.push(
          hit("development-start", path, index + 1, "a development tool starts the service", line),
        );
    }
  }
  if (source.test(path) && !file.binary) {
    const lines = new LineIndex(file.text);
    for (const match of file.text.matchAll(/^[ \t]*debugger[ \t]*;?[ \t]*$/gm)) {
      const line = lines.at(match.index).line + file.firstLine - 1;
      found.push(
        hit("debugger-statement", path, line, "a debugger statement", String(found.length)),
      );
    }
  }
  return found;
}

/** Of a package.json only what starts it: `dev` scripts are for developers' machines. */
function commandLines(file: SourceFile): readonly string[] {
  const lines = file.text.split("\n");
  if (!file.path.endsWith("package.json"))
    return lines.map((line) => (/^\s*#/.test(line) ? "" : line));
  return lines.map((line) => (/"(?:pre|post)?start(?::prod\w*)?"\s*:/.test(line) ? line : ""));
}

function hit(rule: string, path: string, line: number, message: string, of: string): Hit {
  return { rule, path, line, message, fingerprint: of.replaceAll(/\s+/g, "").slice(0, 150) || "-" };
}

function isForeign(path: string): boolean {
  return /(?:^|\/)node_modules(?:\/|$)/.test(path);
}
