import type { Json } from "../../probing/operation.ts";
import { textOf } from "../../probing/operation.ts";
import { type Node, nodeOf } from "../../probing/node.ts";
import { seedFiles } from "./seed-files.ts";

export const boundary = "tidelock-7d1f0a3c";

export interface Part {
  readonly name: string;
  readonly bytes: Buffer;
  readonly filename?: string;
  readonly type?: string;
}

/** A form with its fields as parts; a field of binary format is a small file. */
export function multipart(
  fields: Readonly<Record<string, Json>>,
  schema: Node,
): { readonly base64: string; readonly type: string } {
  const files = new Set(binaryFields(schema));
  const [seed] = seedFiles;
  const parts = Object.entries(fields).map(([name, value]): Part =>
    files.has(name) && seed !== undefined
      ? { name, bytes: seed.bytes, filename: seed.name, type: seed.type }
      : { name, bytes: Buffer.from(textOf(value)) },
  );
  return {
    base64: writeParts(parts).toString("base64"),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

/** Fields that are files: `format: binary` (3.0), or with a content type of their own (3.1). */
export function binaryFields(schema: Node): readonly string[] {
  return Object.entries(nodeOf(schema["properties"]))
    .filter(([, raw]) => {
      const one = nodeOf(raw);
      const item = nodeOf(one["items"]);
      return [one, item].some(
        ({ format, contentMediaType }) => format === "binary" || contentMediaType !== undefined,
      );
    })
    .map(([name]) => name);
}

export function writeParts(parts: readonly Part[], end = `--${boundary}--\r\n`): Buffer {
  const chunks = parts.flatMap(({ name, bytes, filename, type }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n${type === undefined ? "" : `Content-Type: ${type}\r\n`}\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...chunks, Buffer.from(end)]);
}
