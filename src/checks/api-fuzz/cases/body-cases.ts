import type { RawRequest } from "../../probing/operation.ts";
import type { FuzzOperation } from "../describe/operation.ts";
import type { Family } from "../reproduce/reproduction.ts";
import { writeJson } from "./awkward.ts";
import { type Draft, isJson, write, type Writing } from "./draft.ts";
import { boundary } from "./multipart.ts";
import type { PlannedCase } from "./planned.ts";

/** Bodies that are wrong as a whole, and right ones under another name. */
export function bodyCases(operation: FuzzOperation): readonly PlannedCase[] {
  if (operation.body === null) return unexpected();
  const json = operation.body.media.some(({ type }) => isJson(type));
  const form = operation.body.media.some(({ type }) => /multipart\/form-data/i.test(type));
  return [
    ...(json ? malformedJson() : []),
    ...(form ? malformedParts() : []),
    ...empty(),
    ...otherTypes(),
  ];
}

type Way = (draft: Draft) => Writing;

function make(family: Family, what: string, way: Way, place = "body"): PlannedCase {
  return { family, place, what, request: (draft): RawRequest => write(draft, way(draft)) };
}

/** A body where none is declared. */
function unexpected(): readonly PlannedCase[] {
  return [
    make("malformed", "a body that nobody asked for", () => ({
      body: { text: '{"tidelock":1}' },
      type: "application/json",
    })),
    make("malformed", "a broken body that nobody asked for", () => ({
      body: { text: '{"tidelock":' },
      type: "application/json",
    })),
  ];
}

function malformedJson(): readonly PlannedCase[] {
  const of = (what: string, text: (whole: string) => string) =>
    make("malformed", what, ({ body }) => ({
      body: { text: text(writeJson(body)) },
      type: "application/json",
    }));
  const bytes = (what: string, to: (whole: string) => Buffer) =>
    make("malformed", what, ({ body }) => ({
      body: { base64: to(writeJson(body)).toString("base64") },
      type: "application/json",
    }));
  return [
    of("JSON that ends in its middle", (whole) => whole.slice(0, Math.ceil(whole.length / 2))),
    of("JSON with a comma too many", (whole) => whole.replace(/([}\]])$/, ",$1")),
    of("JSON with something behind it", (whole) => `${whole}${whole}`),
    of("JSON in single quotes", (whole) => whole.replaceAll('"', "'")),
    of("no JSON at all", () => "tidelock"),
    of("null", () => "null"),
    of("a number", () => "1"),
    of("a text", () => '"tidelock"'),
    of("a list", (whole) => `[${whole}]`),
    of("an empty list", () => "[]"),
    of("an empty object", () => "{}"),
    of("not a number", () => '{"value":NaN,"other":Infinity}'),
    of("3000 lists in each other", () => "[".repeat(3_000) + "]".repeat(3_000)),
    of("100000 brackets that stay open", () => "[".repeat(100_000)),
    of("2000 objects in each other", () => `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`),
    of("a name of 60000 characters", () => `{"${"k".repeat(60_000)}":1}`),
    of("one megabyte of text", () => `{"value":"${"x".repeat(1_000_000)}"}`),
    bytes("JSON with a mark of order", (whole) => Buffer.from(`\ufeff${whole}`)),
    bytes("JSON in UTF-16", (whole) => Buffer.from(`\ufeff${whole}`, "utf16le")),
    bytes("JSON with bytes that are no UTF-8", (whole) =>
      Buffer.concat([
        Buffer.from(whole.slice(0, -1)),
        Buffer.from([0x2c, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
      ]),
    ),
    bytes("zeros", () => Buffer.alloc(64)),
    make("malformed", "a body that says it is compressed, and is not", ({ body }) => ({
      body: { text: writeJson(body) },
      headers: { "content-encoding": "gzip" },
    })),
  ];
}

function malformedParts(): readonly PlannedCase[] {
  const of = (what: string, text: string, type = `multipart/form-data; boundary=${boundary}`) =>
    make("malformed", what, () => ({
      body: { base64: Buffer.from(text, "latin1").toString("base64") },
      type,
    }));
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntidelock\r\n`;
  return [
    of("a form without its end", part),
    of(
      "a form without a boundary in its type",
      `${part}--${boundary}--\r\n`,
      "multipart/form-data",
    ),
    of("a form with another boundary than it says", part, "multipart/form-data; boundary=other"),
    of("a part without a disposition", `--${boundary}\r\n\r\ntidelock\r\n--${boundary}--\r\n`),
    of(
      "a part without a name",
      `--${boundary}\r\nContent-Disposition: form-data\r\n\r\ntidelock\r\n--${boundary}--\r\n`,
    ),
    of(
      "a part whose file name climbs",
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="../../../tmp/tidelock.txt"\r\n\r\nx\r\n--${boundary}--\r\n`,
    ),
    of(
      "a part whose file name has a zero in it",
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a\u0000b.txt"\r\n\r\nx\r\n--${boundary}--\r\n`,
    ),
    of(
      "a part with a header of 20000 characters",
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${"n".repeat(20_000)}"\r\n\r\nx\r\n--${boundary}--\r\n`,
    ),
    of(
      "1000 parts",
      `${Array.from({ length: 1_000 }, (_, n) => `--${boundary}\r\nContent-Disposition: form-data; name="f${n}"\r\n\r\n${n}\r\n`).join("")}--${boundary}--\r\n`,
    ),
    of("a form with nothing in it", `--${boundary}--\r\n`),
  ];
}

function empty(): readonly PlannedCase[] {
  return [
    make("malformed", "an empty body", () => ({ body: { text: "" } })),
    make("malformed", "no body and no type", () => ({ body: null, type: null })),
  ];
}

function otherTypes(): readonly PlannedCase[] {
  const types: readonly (readonly [string, string | null])[] = [
    ["without its type", null],
    ["as plain text", "text/plain"],
    ["as XML", "application/xml"],
    ["as a form", "application/x-www-form-urlencoded"],
    ["as a form of parts without a boundary", "multipart/form-data"],
    ["in a character set that does not exist", "application/json; charset=tidelock-8"],
    ["in UTF-16, it says", "application/json; charset=utf-16"],
    ["as a type that is none", "tidelock"],
    ["as a type of one slash", "/"],
    ["as a type of 5000 characters", `application/${"x".repeat(5_000)}`],
  ];
  return types.map(([what, type]) => make("content-type", what, () => ({ type }), "content-type"));
}
