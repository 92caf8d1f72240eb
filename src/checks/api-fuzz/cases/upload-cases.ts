import type { FuzzOperation } from "../describe/operation.ts";
import { type Draft, fieldsOf, isJson, write } from "./draft.ts";
import { binaryFields, boundary, type Part, writeParts } from "./multipart.ts";
import type { PlannedCase } from "./planned.ts";
import { hostileFiles, type SeedFile, seedFiles } from "./seed-files.ts";
import { textOf } from "../../probing/operation.ts";

interface Variant extends SeedFile {
  readonly what: string;
}

/** Files where files are taken: as they are, cut, with bits turned over, and hostile ones. */
export function uploadCases(
  operation: FuzzOperation,
  files: readonly SeedFile[],
): readonly PlannedCase[] {
  const media = operation.body?.media.find(
    ({ type }) => !isJson(type) && !/x-www-form-urlencoded/i.test(type),
  );
  if (media === undefined) return [];
  const form = /multipart\//i.test(media.type);
  const fields = form ? binaryFields(media.schema) : [];
  if (form && fields.length === 0) return [];
  const variants = [...files, ...seedFiles].flatMap(variantsOf).concat(hostileFiles, oddNames());
  return variants.map((file): PlannedCase => ({
    family: "upload",
    place: form ? `body.${fields[0]}` : "body",
    what: file.what,
    request: (draft) =>
      form
        ? write(draft, {
            body: { base64: parts(draft, fields, file).toString("base64") },
            type: `multipart/form-data; boundary=${boundary}`,
          })
        : write(draft, {
            body: { base64: file.bytes.toString("base64") },
            type: media.type.includes("*") ? file.type : media.type,
          }),
  }));
}

function parts({ body }: Draft, files: readonly string[], file: Variant): Buffer {
  const fields = Object.entries(fieldsOf(body)).filter(([name]) => !files.includes(name));
  const all: Part[] = fields.map(([name, value]) => ({ name, bytes: Buffer.from(textOf(value)) }));
  for (const name of files)
    all.push({ name, bytes: file.bytes, filename: file.name, type: file.type });
  return writeParts(all);
}

function variantsOf(seed: SeedFile): readonly Variant[] {
  const { name, bytes } = seed;
  const of = (what: string, changed: Buffer): Variant => ({
    ...seed,
    what: `${name}, ${what}`,
    bytes: changed,
  });
  const flips = [0.1, 0.35, 0.6, 0.9].map((share) => Math.floor(bytes.length * share));
  return [
    of("whole", bytes),
    of("only its first bytes", bytes.subarray(0, Math.min(12, bytes.length))),
    of("cut in half", bytes.subarray(0, Math.floor(bytes.length / 2))),
    of("without its last byte", bytes.subarray(0, -1)),
    of("with bytes behind it", Buffer.concat([bytes, Buffer.alloc(1_000, 0x41)])),
    ...flips.map((at) => of(`with the bits of byte ${at} turned over`, flip(bytes, at))),
    of(
      "with its lengths at their greatest",
      Buffer.from(
        bytes.map((byte, at) => (at > 3 && at < bytes.length - 8 && byte === 0 ? 0xff : byte)),
      ),
    ),
  ];
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

function oddNames(): readonly Variant[] {
  const [seed] = seedFiles;
  if (seed === undefined) return [];
  const named = (what: string, name: string, type = seed.type): Variant => ({
    ...seed,
    what,
    name,
    type,
  });
  return [
    named("a picture that says it is a program", "x.php", "application/x-php"),
    named("a name that climbs", "../../../../tmp/tidelock.png"),
    named("a name without an end", "n".repeat(5_000)),
    named("no name", ""),
    named("a type that is none", "a.png", "tidelock"),
    { ...seed, what: "an empty file", bytes: Buffer.alloc(0) },
    { ...seed, what: "a file of one megabyte", bytes: Buffer.alloc(1_000_000, 0x20) },
  ];
}
