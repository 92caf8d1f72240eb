import { listOf, type Node } from "../../probing/node.ts";
import type { Json } from "../../probing/operation.ts";
import { boundsOf, numberOf, typesOf } from "../values/combine.ts";
import type { Family } from "../reproduce/reproduction.ts";

/** A value that programs trip over. */
export interface Awkward {
  readonly family: Family;
  readonly what: string;
  readonly value: Json;
}

const mark = "\u0001tidelock-raw:";

/** A piece of JSON that `JSON.stringify` does not write: numbers beyond all bounds, half characters. */
export function raw(text: string): string {
  return `${mark}${Buffer.from(text).toString("hex")}\u0001`;
}

/** Writes JSON with the raw pieces in it as they are. */
export function writeJson(value: Json): string {
  return JSON.stringify(value).replace(
    /"\\u0001tidelock-raw:([0-9a-f]*)\\u0001"/g,
    (_, hex: string) => Buffer.from(hex, "hex").toString(),
  );
}

export function hasRaw(value: Json): boolean {
  return JSON.stringify(value).includes("tidelock-raw:");
}

/** Texts that break what does not expect them. Plain data: none of them is an attack that does harm. */
const texts: readonly (readonly [what: string, value: string])[] = [
  ["an empty text", ""],
  ["a space", " "],
  ["a zero character", "tide\u0000lock"],
  ["control characters", "\u0001\u001b[31m\u007f\r\nx"],
  ["half a character", raw('"\\ud800"')],
  ["characters beyond the first 65536", "😀👩‍👩‍👧‍👦𝟙"],
  ["writing from right to left", "\u202eabc\u202c ابجد"],
  ["many marks on one letter", `Z${"\u0335\u0321".repeat(60)}`],
  ["letters that change length with case", "İıſßŉ"],
  ["digits of another script", "٣٤"],
  ["a mark of order", "\ufefftidelock"],
  ["what formats expand", "%s%n%x%d{0}{}"],
  ["what templates expand", "${7*7}{{7*7}}<%= 7*7 %>"],
  ["a path that climbs", "../../../../etc/hostname"],
  ["quotes of all kinds", "'\"`;--<>&\\"],
  ["a name that objects have", "__proto__"],
  ["another name that objects have", "constructor"],
  ["a word for nothing", "null"],
  ["a word for no number", "NaN"],
  ["a number with an exponent", "1e5"],
  ["300 characters", "a".repeat(300)],
  ["70000 characters", "b".repeat(70_000)],
];

const numbers: readonly (readonly [what: string, value: Json])[] = [
  ["zero", 0],
  ["minus one", -1],
  ["a fraction", 1.5],
  ["2^31", 2_147_483_648],
  ["-2^31-1", -2_147_483_649],
  ["2^53+1", raw("9007199254740993")],
  ["2^63", raw("9223372036854775808")],
  ["a number of forty digits", raw("1234567890123456789012345678901234567890")],
  ["a number beyond all numbers", raw("1e309")],
  ["minus zero", raw("-0.0")],
  ["a very small number", raw("1e-400")],
];

const otherTypes: readonly (readonly [type: string, what: string, value: Json])[] = [
  ["null", "null", null],
  ["string", "a text", "tidelock"],
  ["number", "a number", 12.5],
  ["boolean", "true", true],
  ["array", "a list", ["tidelock"]],
  ["object", "an object", { tidelock: 1 }],
];

/** Everything awkward for one place with this schema; what the schema's own type makes of it comes first. */
export function awkwardValues(schema: Node): readonly Awkward[] {
  const types = typesOf(schema) ?? ["string"];
  const is = (...names: string[]) => types.some((type) => names.includes(type));
  return [
    ...edges(schema),
    ...otherTypes
      .filter(([type]) => !is(type) && !(type === "number" && is("integer")))
      .map(([, what, value]): Awkward => ({ family: "type", what, value })),
    ...(is("integer", "number")
      ? numbers.map(([what, value]): Awkward => ({ family: "boundary", what, value }))
      : []),
    ...(is("string")
      ? texts.map(([what, value]): Awkward => ({ family: "text", what, value }))
      : []),
    ...(is("array") ? lists() : []),
    ...(is("string") && typeof schema["format"] === "string" ? ofFormat(schema["format"]) : []),
  ];
}

/** Just inside and just outside of what the schema says. */
function edges(schema: Node): readonly Awkward[] {
  const edge = (what: string, value: Json): Awkward => ({ family: "boundary", what, value });
  const all: Awkward[] = [];
  const types = typesOf(schema) ?? ["string"];
  if (types.some((type) => type === "integer" || type === "number")) {
    const { least, most, step } = boundsOf(schema);
    if (least !== null)
      all.push(edge("its least", least), edge("less than its least", least - step));
    if (most !== null)
      all.push(edge("its greatest", most), edge("more than its greatest", most + step));
  }
  const [shortest, longest] = [numberOf(schema["minLength"]), numberOf(schema["maxLength"])];
  if (shortest !== null && shortest > 0 && shortest < 100_000)
    all.push(edge("one character too few", "a".repeat(shortest - 1)));
  if (longest !== null && longest < 100_000)
    all.push(
      edge("its greatest length", "a".repeat(longest)),
      edge("one character too many", "a".repeat(longest + 1)),
    );
  const [fewest, most] = [numberOf(schema["minItems"]), numberOf(schema["maxItems"])];
  if (fewest !== null && fewest > 0 && fewest < 1_000) all.push(edge("one item too few", []));
  if (most !== null && most < 5_000)
    all.push(
      edge(
        "one item too many",
        Array.from({ length: most + 1 }, (_, n) => n),
      ),
    );
  const [first] = listOf(schema["enum"]);
  if (first !== undefined) {
    all.push(edge("none of its choices", "tidelock-none"));
    if (typeof first === "string" && first !== swapped(first))
      all.push(edge("a choice in other letters", swapped(first)));
  }
  return all;
}

function lists(): readonly Awkward[] {
  return [
    { family: "structure", what: "no items", value: [] },
    { family: "structure", what: "2000 items", value: Array.from({ length: 2_000 }, (_, n) => n) },
    { family: "structure", what: "items of all types", value: [null, 1, "a", true, [], {}] },
  ];
}

function ofFormat(format: string): readonly Awkward[] {
  const of = (...values: readonly string[]) =>
    values.map((value): Awkward => ({ family: "boundary", what: `${value} for ${format}`, value }));
  if (/^date-?time$/i.test(format))
    return of(
      "2024-02-30T25:61:61Z",
      "0000-00-00T00:00:00Z",
      "+275761-01-01T00:00:00Z",
      "2024-01-02",
    );
  if (/^date$/i.test(format)) return of("2024-02-30", "0000-00-00", "99999-01-01");
  if (/uuid/i.test(format)) return of("not-a-uuid", "00000000-0000-0000-0000-000000000000");
  if (/e-?mail/i.test(format)) return of("no-mail", `${"a".repeat(65)}@example.com`);
  if (/^ur[il]/i.test(format)) return of("no uri", "http://[::", "//");
  if (/byte|base64/i.test(format)) return of("%%%not-base64", "a");
  return [];
}

function swapped(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}
