import { crc32, deflateRawSync, deflateSync } from "node:zlib";

export interface SeedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Small right files of the kinds that services take. */
export const seedFiles: readonly SeedFile[] = [
  { name: "pixel.png", type: "image/png", bytes: png() },
  { name: "note.zip", type: "application/zip", bytes: zip("note.txt", Buffer.from("tidelock\n")) },
  { name: "page.pdf", type: "application/pdf", bytes: pdf() },
  {
    name: "data.xml",
    type: "application/xml",
    bytes: Buffer.from('<?xml version="1.0"?>\n<items><item id="1">lantern</item></items>\n'),
  },
  {
    name: "rows.csv",
    type: "text/csv",
    bytes: Buffer.from("id,name,price\n1,lantern,3\n2,rope,4\n"),
  },
  {
    name: "data.json",
    type: "application/json",
    bytes: Buffer.from('{"items":[{"id":1,"name":"lantern"}]}'),
  },
];

/** Right in form, hostile in content; each is small, whatever it unpacks to. */
export const hostileFiles: readonly (SeedFile & { readonly what: string })[] = [
  // 8 MiB of zeros: enough to tell whether anybody counts while unpacking.
  {
    name: "bomb.zip",
    type: "application/zip",
    what: "a ZIP that unpacks to a thousand times its size",
    bytes: zip("zeros.bin", Buffer.alloc(8 * 1024 * 1024)),
  },
  {
    name: "slip.zip",
    type: "application/zip",
    what: "a ZIP with a path that climbs out",
    bytes: zip("../../../../tmp/tidelock-slip.txt", Buffer.from("tidelock\n")),
  },
  {
    name: "huge.png",
    type: "image/png",
    what: "a PNG that says it is 65535 by 65535",
    bytes: png(65_535, 65_535),
  },
  {
    name: "laughs.xml",
    type: "application/xml",
    what: "XML whose entities multiply",
    bytes: Buffer.from(laughs()),
  },
  {
    name: "outside.xml",
    type: "application/xml",
    what: "XML with an external entity",
    bytes: Buffer.from(
      '<?xml version="1.0"?>\n<!DOCTYPE items [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<items><item>&x;</item></items>\n',
    ),
  },
  {
    name: "deep.xml",
    type: "application/xml",
    what: "XML that is 3000 levels deep",
    bytes: Buffer.from(`${"<a>".repeat(3_000)}${"</a>".repeat(3_000)}`),
  },
  {
    name: "formula.csv",
    type: "text/csv",
    what: "CSV with formulas, quotes that never end and rows of other lengths",
    bytes: Buffer.from('id,name\n=1+1,"never ends\n1\n1,2,3,4\n\u0000,\ufeff\n'),
  },
];

/** @returns the whole file: signature, IHDR, IDAT, IEND (PNG specification, section 5) */
function png(width = 1, height = 1): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, typed, word32(crc32(typed), "BE")]);
  };
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from([0, 255]))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** One deflated entry (APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.16). */
function zip(name: string, content: Buffer): Buffer {
  const path = Buffer.from(name);
  const packed = deflateRawSync(content, { level: 9 });
  const common = Buffer.concat([
    Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x58]),
    word32(crc32(content), "LE"),
    word32(packed.length, "LE"),
    word32(content.length, "LE"),
    word16(path.length),
    word16(0),
  ]);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004", "latin1"), common, path, packed]);
  const central = Buffer.concat([
    Buffer.from("PK\u0001\u0002", "latin1"),
    word16(20),
    common,
    Buffer.alloc(14),
    path,
  ]);
  const end = Buffer.concat([
    Buffer.from("PK\u0005\u0006\0\0\0\0", "latin1"),
    word16(1),
    word16(1),
    word32(central.length, "LE"),
    word32(local.length, "LE"),
    word16(0),
  ]);
  return Buffer.concat([local, central, end]);
}

function pdf(): Buffer {
  return Buffer.from(
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
  );
}

/** Ten to the sixth: noticed where entities are expanded, and no danger to the machine. */
function laughs(): string {
  const entities = Array.from(
    { length: 6 },
    (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`,
  );
  return `<?xml version="1.0"?>\n<!DOCTYPE items [<!ENTITY a0 "ha">${entities.join("")}]>\n<items><item>&a6;</item></items>\n`;
}

function word16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function word32(value: number, order: "BE" | "LE"): Buffer {
  const buffer = Buffer.alloc(4);
  if (order === "BE") buffer.writeUInt32BE(value >>> 0);
  else buffer.writeUInt32LE(value >>> 0);
  return buffer;
}
