import { isUtf8 } from "node:buffer";
import { lintSource } from "@secretlint/core";
import { rules as preset } from "@secretlint/secretlint-rule-preset-recommend";
import { z } from "zod";
import { Fingerprints } from "../scanner/fingerprint.ts";
import type { Hit } from "../scanner/protocol.ts";
import type { Scanner } from "../scanner/scanner.ts";
import { LineIndex, type SourceFile } from "../scanner/source-file.ts";
import { findByPatterns, type Found, settingsFile } from "./patterns.ts";
import { libraryRule, ownRules } from "./rules.ts";

/** Comments that switch rules off are a rule of the preset: it is the one that is left out. */
export const libraryRules = preset
  .filter(({ meta }) => !meta.id.endsWith("filter-comments"))
  .map((rule) => ({ id: rule.meta.id, rule }));

export function libraryRuleName(id: string): string {
  return id.replace(/^.*secretlint-rule-/, "");
}

/** Text that stands in packages of others and in lock files: names there are no guess worth making. */
const othersText =
  /(?:^|\/)(?:node_modules\/|package-lock\.json$|pnpm-lock\.yaml$|yarn\.lock$|go\.sum$)/;

export const secretsScanner: Scanner = {
  options: z.strictObject({}),
  begin: () => ({
    wants: () => ({ kind: "windows" }),
    file: async (file, report) => {
      for (const hit of await findSecrets(file)) report(hit);
    },
  }),
};

/**
 * All secrets of one file (or window of one), as hits without their values. What it says of its encoding is not
 * believed: it is searched as the text of bytes, and as UTF-16 as well wherever it may be that.
 */
export async function findSecrets(file: SourceFile): Promise<readonly Hit[]> {
  const { bytes, binary, utf16Texts } = file;
  if (bytes.length === 0) return [];
  const plain = isUtf8(bytes)
    ? bytes.toString("utf8").replace(/^\uFEFF/, "")
    : bytes.toString("latin1");
  const hits = [...(await findInText(file, plain, !binary))];
  for (const text of utf16Texts) hits.push(...(await findInText(file, text, true)));
  return hits;
}

async function findInText(
  file: SourceFile,
  text: string,
  isText: boolean,
): Promise<readonly Hit[]> {
  const certain = [...findByPatterns(text, "certain"), ...(await findByLibrary(file.path, text))];
  const guessable = isText && !othersText.test(file.path);
  const which = settingsFile.test(file.path) ? "guesses" : "quoted";
  const found = guessable ? [...certain, ...findByPatterns(text, which)] : certain;
  return toHits(file, text, withoutOverlaps(found));
}

async function findByLibrary(path: string, text: string): Promise<Found[]> {
  const dot = path.lastIndexOf(".");
  const { messages } = await lintSource({
    source: {
      content: text,
      filePath: path,
      ext: dot === -1 ? "" : path.slice(dot),
      contentType: "text",
    },
    options: { maskSecrets: true, noPhysicFilePath: true, config: { rules: libraryRules } },
  });
  return messages.flatMap((message) => {
    if (message.type !== "message") return [];
    const [start, end] = message.range;
    const name = libraryRuleName(message.ruleId);
    return [{ rule: `secretlint/${name}`, start, end, prefix: "" }];
  });
}

/** One place, one hit: own rules say more than the library's, and both more than a guess. */
function withoutOverlaps(found: readonly Found[]): readonly Found[] {
  const kept: Found[] = [];
  for (const one of found) {
    const known = kept.some(({ start, end }) => one.start < end && start < one.end);
    if (!known) kept.push(one);
    if (kept.length >= 1_000) break;
  }
  return kept.sort((a, b) => a.start - b.start);
}

const titles = new Map(ownRules.map(({ id, title }) => [id, title]));

function toHits(file: SourceFile, text: string, found: readonly Found[]): readonly Hit[] {
  if (found.length === 0) return [];
  const index = new LineIndex(text);
  const places = found.map((one) => ({ one, at: index.at(one.start) }));
  const lines = blanked(text, found).split("\n");
  const prints = new Fingerprints();
  return places.map(({ one, at }) => {
    const title = titles.get(one.rule) ?? libraryRule(one.rule.replace("secretlint/", "")).title;
    const begins = one.prefix === "" ? "" : `, begins with ${one.prefix}`;
    return {
      rule: one.rule,
      path: file.path,
      line: at.line + file.firstLine - 1,
      column: at.column,
      message: `${title} (${one.end - one.start} characters${begins})`,
      fingerprint: prints.of(one.rule, lines[at.line - 1] ?? "", at.column),
    };
  });
}

/**
 * The text with every secret replaced by one mark: a fingerprint over the value would let whoever reads the
 * report try passwords against it, and a secret that was replaced by another is still the same finding.
 */
function blanked(text: string, found: readonly Found[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of found) {
    const lines = text.slice(start, end).replaceAll(/[^\n]/g, "");
    parts.push(text.slice(at, start), "*", lines);
    at = end;
  }
  return [...parts, text.slice(at)].join("");
}
