import { readdirSync, readFileSync, statSync } from "node:fs";
import { TidelockError } from "../../src/model/errors.ts";
import { Observation } from "../../src/model/observation.ts";
import type { Format } from "../../src/findings/parsers/format.ts";
import { formats } from "../../src/findings/parsers/formats.ts";
import { detectFormat, detectText } from "../../src/findings/reading/detect.ts";
import { asScan, readReport } from "../../src/findings/reading/read-report.ts";
import { readText } from "../../src/findings/reading/read-text.ts";
import { fallbackSeeds } from "./fuzz-seeds.ts";
import { mutated, type Random, randomOf } from "./mutate-report.ts";

/**
 * The law of every format: whatever a report is, it is refused by a clear error in little time, or read into
 * observations of the model; how its bytes arrive changes nothing; and nothing outside of the result changes.
 */

const folder = `${import.meta.dirname}/../fixtures/findings`;

/** Real reports of each format, small ones first, or written ones where there is none. */
export function seedsOf(most: number): ReadonlyMap<Format, readonly string[]> {
  const found = new Map<Format, string[]>(formats.map((format) => [format, []]));
  for (const name of readdirSync(folder)) {
    if (!statSync(`${folder}/${name}`).isDirectory() || name === "grype-db") continue;
    for (const file of readdirSync(`${folder}/${name}`)) {
      if (file.endsWith(".md") || statSync(`${folder}/${name}/${file}`).size > most) continue;
      const text = readFileSync(`${folder}/${name}/${file}`, "utf8");
      try {
        found.get(detectText(text))?.push(text);
      } catch {
        // One that is nobody's is none of anybody's seeds.
      }
    }
  }
  for (const [format, texts] of found) {
    texts.sort((a, b) => a.length - b.length);
    if (texts.length === 0) texts.push(fallbackSeeds.get(format.id) ?? anySeed(format));
  }
  return found;
}

function anySeed({ syntax }: Format): string {
  switch (syntax) {
    case "xml":
      return "<report version='1'><a b='c'>d</a></report>";
    case "csv":
      return "id,severity,name\n1,HIGH,a";
    case "text":
      return "one\ntwo: three";
    default:
      return '{"results":[{"id":"a","severity":"HIGH"}],"version":"1"}';
  }
}

export interface Case {
  readonly format: Format;
  readonly bytes: Buffer;
  readonly random: Random;
}

/** The same for the same seed and number. */
export function caseOf(
  seeds: ReadonlyMap<Format, readonly string[]>,
  seed: number,
  number: number,
): Case {
  const random = randomOf(seed * 1_000_003 + number);
  const all = [...seeds.keys()];
  const format = all[number % all.length] as Format;
  const texts = seeds.get(format) ?? [];
  const text = texts[random(texts.length)] ?? "";
  return { format, bytes: mutated(text, format.syntax, random), random };
}

const mostMilliseconds = 20_000;

/** Throws what breaks the law, with what was read. */
export async function hold({ format, bytes, random }: Case): Promise<void> {
  const began = performance.now();
  const whole = await outcomeOf(format, bytes, bytes.length || 1);
  const pieces = await outcomeOf(format, bytes, 1 + random(random(2) === 0 ? 16 : 4_096));
  // Of several faults in one report either may be met first.
  const refused = !whole.startsWith("{") && !pieces.startsWith("{");
  if (whole !== pieces && !refused) {
    throw new Error(
      `in pieces it is read differently:\n${whole.slice(0, 500)}\n${pieces.slice(0, 500)}`,
    );
  }
  const text = bytes.toString();
  if (Buffer.compare(Buffer.from(text), bytes) === 0 && !text.includes("\0"))
    sync(format, text, whole);
  await clear(() => detectFormat(sourceOf(bytes, 65_536)));
  const took = performance.now() - began;
  if (took > mostMilliseconds) throw new Error(`it took ${took} ms`);
  const grown = Object.keys(Object.prototype);
  if (grown.length > 0) throw new Error(`every object has ${grown.join(", ")} now`);
}

function sync(format: Format, text: string, whole: string): void {
  let outcome: string;
  try {
    const { observations, claims = [], ...summary } = readText(format, text);
    outcome = JSON.stringify({ observations, claims, summary: asScan(format, summary) });
  } catch (error) {
    assertClear(error);
    return;
  }
  if (whole.startsWith("{") && outcome !== whole)
    throw new Error("as a text it is read differently");
}

async function outcomeOf(format: Format, bytes: Buffer, piece: number): Promise<string> {
  const observations: Observation[] = [];
  const claims: Observation[] = [];
  return await clear(async () => {
    const {
      format: _format,
      items: _items,
      observations: _hits,
      claims: _claims,
      ...summary
    } = await readReport(sourceOf(bytes, piece), {
      format: format.id,
      secretKey: null,
      onBatch(batch) {
        observations.push(...batch.observations);
        claims.push(...batch.claims);
      },
    });
    for (const one of [...observations, ...claims]) Observation.parse(one);
    return JSON.stringify({ observations, claims, summary });
  });
}

/** What was made, or the error's words. */
async function clear<Made>(make: () => Promise<Made>): Promise<Made | string> {
  try {
    return await make();
  } catch (error) {
    assertClear(error);
    return (error as Error).message;
  }
}

const bugs: ReadonlySet<string> = new Set([
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "URIError",
  "InternalError",
]);

function assertClear(error: unknown): void {
  if (!(error instanceof TidelockError)) throw error;
  const { cause } = error;
  // A decoder's own word for bytes that are not of its encoding.
  const decoding = error.message.includes("encoding");
  if (cause instanceof Error && bugs.has(cause.name) && !decoding) throw cause;
  if (error.message === "" || error.message.length > 2_000)
    throw new Error(`its words: ${error.message}`);
}

function sourceOf(bytes: Buffer, piece: number) {
  return {
    async *open() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    },
  };
}
