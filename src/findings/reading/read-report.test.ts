import { describe, expect, it } from "vitest";
import { TidelockError } from "../../model/errors.ts";
import { type Format, isRecord } from "../parsers/format.ts";
import { attributeOf, type Element } from "../parsers/xml.ts";
import { type Batch } from "./reading.ts";
import { type ReadOptions, readReport } from "./read-report.ts";
import { readText } from "./read-text.ts";

/** Bytes in pieces of some length, in memory that is used again. */
function sourceOf(report: string | Uint8Array, piece = 7) {
  const bytes = typeof report === "string" ? Buffer.from(report) : report;
  return {
    async *open() {
      const memory = Buffer.alloc(piece);
      for (let at = 0; at < bytes.length; at += piece) {
        const part = bytes.subarray(at, at + piece);
        memory.set(part);
        yield memory.subarray(0, part.length);
      }
    },
  };
}

async function read(report: string | Uint8Array, options: Partial<ReadOptions> = {}, piece = 7) {
  const batches: Batch[] = [];
  const onBatch = (batch: Batch) => void batches.push(batch);
  const summary = await readReport(sourceOf(report, piece), {
    secretKey: null,
    onBatch,
    ...options,
  });
  return { summary, hits: batches.flatMap(({ observations }) => observations), batches };
}

const place = { kind: "file", path: "a" } as const;
const hit = (rule: string) => [{ rule, severity: "low", place }] as const;

/** Of each syntax one that names its items by their text. */
const plain: readonly Format[] = [
  {
    id: "json",
    title: "",
    syntax: "json",
    items: [
      { path: ["list", "*"] },
      { path: ["groups", "*", "members", "*"] },
      { path: ["late", "*"], pass: 2 },
    ],
    recognise: (sample) =>
      sample.syntax === "json" && isRecord(sample.value) && "json" in sample.value,
    open(frame) {
      const text = JSON.stringify(frame);
      return {
        item: (value, { item, keys }) => hit(`${item} ${keys.join("/")} ${JSON.stringify(value)}`),
        end: () => ({ complete: true, subject: text }),
      };
    },
  },
  {
    id: "lines",
    title: "",
    syntax: "lines",
    recognise: ({ syntax }) => syntax === "lines",
    open: () => ({
      item: (value) => hit(JSON.stringify(value)),
      end: () => ({ complete: true }),
    }),
  },
  {
    id: "xml",
    title: "",
    syntax: "xml",
    items: [{ path: ["report", "**", "hit"] }],
    recognise: (sample) => sample.syntax === "xml" && sample.root === "report",
    open: (frame) => ({
      item: (value) =>
        hit(`${attributeOf(value as Element, "id") ?? ""} ${(value as Element).text.trim()}`),
      end: () => ({ complete: true, subject: (frame as Element).text.trim() }),
    }),
  },
  {
    id: "csv",
    title: "",
    syntax: "csv",
    recognise: (sample) => sample.syntax === "csv" && sample.header.includes("rule"),
    open: (frame) => ({
      item: (value) => hit(JSON.stringify(value)),
      end: () => ({ complete: true, subject: String(frame) }),
    }),
  },
  {
    id: "text",
    title: "",
    syntax: "text",
    recognise: (sample) => sample.syntax === "text" && sample.lines[0] === "REPORT",
    open: () => ({ item: (line) => hit(String(line)), end: () => ({ complete: true }) }),
  },
];

const rules = (hits: readonly { rule: string }[]) => hits.map(({ rule }) => rule);

describe("a report is read", () => {
  it("as what somebody calls it, and when it is plainly another one, the error says which", async () => {
    const report = { "@generated": true, runs: "none" };
    const named = read(JSON.stringify(report), { format: "sarif" });
    await expect(named).rejects.not.toMatchObject({ hint: expect.stringContaining("looks like") });
    const wrong = read('{"json":{},"list":[1]}', { format: "xml", among: plain });
    await expect(wrong).rejects.toMatchObject({
      code: "invalid-input",
      hint: "It looks like json, and not like xml: leave --format out.",
    });
  });

  it("as frame first and items after, those of the second pass last, with what the stars stood for", async () => {
    const report = {
      late: ["z"],
      list: [{ a: 1 }, "é☃"],
      groups: [{ name: "g", members: [1] }, { members: { x: null } }],
      json: { deep: [1, { two: "}]" }] },
    };
    const { summary, hits } = await read(JSON.stringify(report, null, 1), { among: plain });
    expect(rules(hits)).toEqual(['0 0 {"a":1}', '0 1 "é☃"', "1 0/0 1", "1 1/x null", '2 0 "z"']);
    expect(summary).toMatchObject({ format: "json", items: 5, observations: 5, complete: true });
    expect(JSON.parse(summary.subject ?? "")).toEqual({
      late: [],
      list: [],
      groups: [{ name: "g", members: [] }, { members: {} }],
      json: { deep: [1, { two: "}]" }] },
    });
  });

  it.each([
    ['{"a":1}\n{"a":\n2}\r\n{}', ['{"a":1}', '{"a":2}', "{}"]],
    ['[{"a":1},\n[2], 3]', ['{"a":1}', "[2]", "3"]],
    ['{"a":1}{"b":2} 7', ['{"a":1}', '{"b":2}', "7"]],
  ])("as values one after the other, or as one list: %j", async (text, expected) => {
    expect(rules((await read(text, { among: plain, format: "lines" })).hits)).toEqual(expected);
  });

  it("as XML, with references, CDATA, comments, and items at any depth", async () => {
    const text = `<?xml version="1.0"?><!DOCTYPE report SYSTEM "r.dtd"><!-- > --><report>A &amp; B
      <hit id='1>"2'/><in><hit id="&#x33;">x<![CDATA[<y>]]]>&lt;<b/>z</hit></in></report>`;
    const { hits, summary } = await read(text, { among: plain });
    expect(rules(hits)).toEqual(['1>"2 ', "3 x<y>]<z"]);
    expect(summary.subject).toBe("A & B");
  });

  it("as CSV with quotes, line breaks and a byte order mark", async () => {
    const text = '\uFEFFrule,"what ""is"""\r\na,"1,\r\n2"\r\n\r\nb\n"",last';
    const { hits, summary } = await read(text, { among: plain });
    expect(hits.map(({ rule }) => JSON.parse(rule))).toEqual([
      { rule: "a", 'what "is"': "1,\r\n2" },
      { rule: "b", 'what "is"': "" },
      { rule: "", 'what "is"': "last" },
    ]);
    expect(summary.subject).toBe('rule,what "is"');
  });

  it("as lines of text", async () => {
    const { hits } = await read("REPORT\r\n[x] é\n\nend", { among: plain });
    expect(rules(hits)).toEqual(["REPORT", "[x] é", "unnamed", "end"]);
  });

  it.each([1, 2, 3, 64, 1_000])("alike in pieces of %i bytes and as a whole", async (piece) => {
    const texts = [
      JSON.stringify({ json: 1, list: ['\\"\\\\', { "a\u2028": [] }], groups: [] }),
      '{"a":"\\u00e9\\\\"}\n["x"]',
      "<report>é<hit id='é'>&amp;&amp;</hit></report>",
      'rule,b\n"é""",2',
      "REPORT\né",
    ];
    for (const text of texts) {
      const { hits, summary } = await read(text, { among: plain }, piece);
      const format = plain.find(({ id }) => id === summary.format);
      expect(format).toBeDefined();
      if (format) expect(readText(format, text).observations).toEqual(hits);
    }
  });

  it("in UTF-16 with its mark, and in the encoding that XML declares", async () => {
    const text = '{"json":1,"list":["é☃"]}';
    const little = Buffer.from(`\uFEFF${text}`, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big]) {
      expect(rules((await read(bytes, { among: plain })).hits)).toEqual(['0 0 "é☃"']);
    }
    const xml = '<?xml version="1.0" encoding="ISO-8859-1"?><report><hit id="é"/></report>';
    expect(rules((await read(Buffer.from(xml, "latin1"), { among: plain })).hits)).toEqual(["é "]);
  });

  it("in batches that are waited for", async () => {
    const list = Array.from({ length: 20_000 }, (_, index) => `item ${index}`);
    const sizes: number[] = [];
    let busy = false;
    const summary = await readReport(sourceOf(JSON.stringify({ json: 1, list }), 100_000), {
      secretKey: null,
      among: plain,
      batchSize: 500,
      async onBatch({ observations }) {
        expect(busy).toBe(false);
        busy = true;
        await new Promise((resolve) => setImmediate(resolve));
        busy = false;
        sizes.push(observations.length);
      },
    });
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20_000);
    expect(Math.max(...sizes)).toBeLessThan(10_000);
    expect(summary.observations).toBe(20_000);
  });
});

describe("a report is refused in words that name format and position", () => {
  const json = (text: string) => [text, "json"] as const;
  it.each([
    [...json(""), /empty/],
    [...json('{"json":1,"list":[1,'), /json: JSON at byte 20: it ends in the middle/],
    [...json('{"json":1,"list":[{"a":"b}'), /json: JSON at byte \d+: it ends in the middle/],
    [...json('{"json":1} x'), /json: JSON at byte 11: something stands behind its end/],
    [...json('{"json":1,"list":[],"list":[1]}'), /the key "list" stands there twice/],
    [...json('{"json":1,"list":[tru]}'), /json: JSON at byte 21/],
    [...json('{"json":1,"list":[{"a" 1}]}'), /json: JSON at byte 2\d/],
    [...json('{"json" 1}'), /json: JSON at byte 8: a colon is missing/],
    [...json('{"json":1,}'), /json: JSON at byte 10: a key is missing/],
    [...json('{"list":[1,]}'), /json: JSON at byte 11: no value begins like this/],
    [...json('{"list":[1}}'), /json: JSON at byte 10: a comma or an end is missing/],
    [...json(`{"list":[${"[".repeat(6_000)}`), /json: JSON at byte \d+: nested too deeply/],
    ["<report><hit>", "xml", /xml: XML at offset 13, line 1: hit is not closed/],
    ["<report>\n\n</hit>", "xml", /xml: XML at offset 10, line 3: an end without its start/],
    ['<!DOCTYPE a [<!ENTITY b "b">]><report/>', "xml", /xml: XML at offset \d+, line 1: a DOCTYPE/],
    ["<report>&b;</report>", "xml", /xml: XML at offset \d+, line 1: an entity/],
    [`${"<a>".repeat(300)}`, "xml", /xml: XML at offset 600, line 1: nested too deeply/],
    ['rule,b\na,"b', "csv", /csv: CSV at line 2: it ends within quotes/],
    ['rule,b\n"a"b', "csv", /csv: CSV at line 2: text stands behind quotes/],
  ])("%.60j", async (text, format, message) => {
    const refused = await read(text, { among: plain, format }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TidelockError);
    expect((refused as TidelockError).message).toMatch(message);
  });

  it.each([
    ["a NUL", Buffer.from('{"json":"\0"}'), /byte 9 is NUL/],
    ["what is no UTF-8", Buffer.from('{"json":"\xff"}', "latin1"), /byte 9 is not UTF-8/],
    ["half a character at its end", Buffer.from('"\xe2\x98', "latin1"), /byte 1 is not UTF-8/],
    ["gzip", Buffer.from("1f8b0800", "hex"), /it is packed \(gzip\)/],
    ["UTF-16 that is none", Buffer.from("fffe00d800d8", "hex"), /encoding utf-16le/],
    ["nothing", Buffer.alloc(0), /it is empty/],
    ["white space", Buffer.from(" \n"), /it is empty/],
    ["an encoding that nobody knows", Buffer.from('<?xml encoding="x-y"?><report/>'), /x-y/],
  ])("%s", async (_name, bytes, message) => {
    for (const piece of [1, 1_000]) {
      await expect(read(bytes, { among: plain }, piece)).rejects.toThrow(message);
    }
  });

  it("without quoting anything that stands in it", async () => {
    const text = '{"json":1,"list":[{"password":"hunter2" hunter2}]}';
    const refused = await read(text, { among: plain, format: "json" }).catch(String);
    expect(refused).toContain("JSON at byte");
    expect(refused).not.toContain("hunter2");
  });

  it("when an item, or what stands around the items, is too large", async () => {
    const limits = { itemBytes: 100, frameBytes: 1_000 };
    const large = "x".repeat(1_200);
    const about = { among: plain, limits };
    await expect(read(JSON.stringify({ json: 1, list: [large] }), about)).rejects.toThrow(
      /JSON at byte 18: a part of it is longer than 100 bytes/,
    );
    await expect(read(JSON.stringify({ json: large }), about)).rejects.toThrow(/1000 bytes/);
    await expect(read(`<report><hit id="${large}"/></report>`, about)).rejects.toThrow(
      /xml: <hit> is longer than 100/,
    );
    await expect(read(`rule,b\n${large}`, about)).rejects.toThrow(/line 2: a record is longer/);
    await expect(read(`REPORT\n${large}`, about)).rejects.toThrow(/line 2 is longer than 100/);
  });
});

describe("a report that is named another format's", () => {
  it("is refused where it holds no item, and not taken for one without a hit", async () => {
    for (const [format, text] of [
      ["json", '{"other":[1]}'],
      ["xml", "<other/>"],
      ["csv", "other,b"],
    ] as const) {
      await expect(read(text, { among: plain, format })).rejects.toThrow(
        /nothing in it shows that it is a report of this format/,
      );
    }
    expect((await read('{"json":1}', { among: plain, format: "json" })).hits).toEqual([]);
  });
});

describe("a report of too many items", () => {
  it("is read as far as that, and says so", async () => {
    const texts = [
      JSON.stringify({ json: 1, list: [1, 2, 3, 4] }),
      "1 2 3 4",
      "<report><hit/><hit/><hit/></report>",
      "rule,b\n1,2\n3,4\n5,6",
    ];
    for (const text of texts) {
      const { summary, hits } = await read(text, { among: plain, limits: { items: 2 } });
      expect(hits).toHaveLength(2);
      expect(summary).toMatchObject({
        complete: false,
        missing: "only the first 2 items were read",
      });
    }
  });
});

describe("keys that every object has", () => {
  it("are keys like others", async () => {
    const text = '{"json":1,"__proto__":{"list":[1]},"list":[{"__proto__":2}],"constructor":[]}';
    const { summary, hits } = await read(text, { among: plain });
    expect(rules(hits)).toEqual(['0 0 {"__proto__":2}']);
    expect(summary.subject).toContain('"__proto__"');
  });
});
