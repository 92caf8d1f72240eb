import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../bytes.ts";
import { diffSboms } from "./diff.ts";
import { generateSbom, isSbomInput } from "./generate.ts";
import { readSbom } from "./read.ts";

const of = {
  name: "shop",
  version: "1.0.0",
  release: `sha256:${"a".repeat(64)}`,
  artifact: `sha256:${"b".repeat(64)}`,
};

function sbom(document: object) {
  const read = readSbom(utf8(JSON.stringify(document)));
  if (!read.ok) throw new Error(read.problem);
  return read.value;
}

const cyclonedx = (components: readonly object[], specVersion = "1.5") => ({
  bomFormat: "CycloneDX",
  specVersion,
  components,
});

describe("reading an SBOM", () => {
  it("takes CycloneDX with nested components, groups and all forms of licences", () => {
    const read = sbom({
      ...cyclonedx([
        {
          type: "library",
          group: "@a",
          name: "b",
          version: "1",
          purl: "pkg:npm/%40a/b@1",
          licenses: [{ license: { id: "MIT" } }, { license: { name: "own" } }],
          hashes: [{ alg: "SHA-1", content: "AB" }],
          components: [{ type: "file", name: "inner", licenses: [{ expression: "MIT OR ISC" }] }],
        },
      ]),
      metadata: {
        component: { name: "shop", hashes: [{ alg: "SHA-256", content: "C".repeat(64) }] },
      },
    });
    expect(read.subject).toEqual({
      name: "shop",
      version: "",
      digests: [`sha256:${"c".repeat(64)}`],
    });
    expect(read.components).toEqual([
      { name: "inner", version: "", purl: null, licences: ["MIT OR ISC"], hashes: {} },
      {
        name: "@a/b",
        version: "1",
        purl: "pkg:npm/%40a/b@1",
        licences: ["MIT", "own"],
        hashes: { "SHA-1": "ab" },
      },
    ]);
  });

  it("takes SPDX 2.3 and leaves out what the document is about", () => {
    const read = sbom({
      spdxVersion: "SPDX-2.3",
      packages: [
        {
          SPDXID: "SPDXRef-root",
          name: "shop",
          versionInfo: "1.0.0",
          checksums: [{ algorithm: "SHA256", checksumValue: "d".repeat(64) }],
        },
        {
          SPDXID: "SPDXRef-a",
          name: "left-pad",
          versionInfo: "1.3.0",
          licenseConcluded: "NOASSERTION",
          licenseDeclared: "WTFPL",
          checksums: [{ algorithm: "SHA512", checksumValue: "EE" }],
          externalRefs: [{ referenceType: "purl", referenceLocator: "pkg:npm/left-pad@1.3.0" }],
        },
      ],
      relationships: [
        {
          spdxElementId: "SPDXRef-DOCUMENT",
          relationshipType: "DESCRIBES",
          relatedSpdxElement: "SPDXRef-root",
        },
      ],
    });
    expect(read.subject?.digests).toEqual([`sha256:${"d".repeat(64)}`]);
    expect(read.components).toEqual([
      {
        name: "left-pad",
        version: "1.3.0",
        purl: "pkg:npm/left-pad@1.3.0",
        licences: ["WTFPL"],
        hashes: { "SHA-512": "ee" },
      },
    ]);
  });

  it("refuses other versions, other documents and absurd nesting with a sentence", () => {
    let deep: object = { name: "x" };
    for (let depth = 0; depth < 40; depth += 1) deep = { name: "x", components: [deep] };
    for (const [document, sentence] of [
      [cyclonedx([], "1.3"), "CycloneDX 1.3 is not read"],
      [{ spdxVersion: "SPDX-3.0" }, "SPDX-3.0 is not read"],
      [{ a: 1 }, "neither a CycloneDX nor an SPDX"],
      [cyclonedx([{ version: "1" }]), "name"],
      [cyclonedx([deep]), "nested more than 32 deep"],
    ] as const) {
      const read = readSbom(utf8(JSON.stringify(document)));
      expect(read.ok ? "" : read.problem).toContain(sentence);
    }
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
        const read = readSbom(bytes);
        if (!read.ok) expect(read.problem.length).toBeGreaterThan(5);
      }),
    );
  });
});

describe("the difference of two SBOMs", () => {
  const lib = (name: string, version: string, more: object = {}) => ({
    name,
    version,
    purl: `pkg:npm/${name}@${version}`,
    ...more,
  });

  it("names what came, went, moved, changed its licence, and changed its bytes under one version", () => {
    const a = sbom(
      cyclonedx([
        lib("gone", "1"),
        lib("moved", "1"),
        lib("same", "1", { licenses: [{ license: { id: "MIT" } }] }),
        lib("evil", "1", { hashes: [{ alg: "SHA-512", content: "aa" }] }),
        lib("twice", "1"),
        lib("twice", "2"),
      ]),
    );
    const b = sbom(
      cyclonedx([
        lib("come", "1"),
        lib("moved", "2"),
        lib("same", "1", { licenses: [{ license: { id: "ISC" } }] }),
        lib("evil", "1", { hashes: [{ alg: "SHA-512", content: "bb" }] }),
        lib("twice", "2"),
      ]),
    );
    expect(diffSboms(a, b)).toEqual([
      { kind: "added", name: "come", version: "1" },
      { kind: "bytes", name: "evil", version: "1", algorithm: "SHA-512", from: "aa", to: "bb" },
      { kind: "removed", name: "gone", version: "1" },
      { kind: "version", name: "moved", from: ["1"], to: ["2"] },
      { kind: "licence", name: "same", version: "1", from: ["MIT"], to: ["ISC"] },
      { kind: "removed", name: "twice", version: "1" },
    ]);
  });

  it("of one with itself in another order is empty", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
    fc.assert(
      fc.property(names, (list) => {
        const components = list.map((name) => lib(name, "1"));
        expect(
          diffSboms(sbom(cyclonedx(components)), sbom(cyclonedx(components.toReversed()))),
        ).toEqual([]);
      }),
    );
  });
});

describe("an SBOM made of a Node service", () => {
  const lock = JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { name: "shop", version: "1.0.0" },
      "node_modules/@a/b": { version: "1.0.0", integrity: "sha512-AAEC", license: "(MIT OR ISC)" },
      "node_modules/dev-only": { version: "2.0.0", dev: true, license: "MIT" },
      "node_modules/x": { version: "1.1.0", license: "Strange" },
      "node_modules/link": { link: true },
      "packages/own": { name: "own", version: "0.0.1" },
    },
  });

  it("lists what the lock asks for without development, with purls, licences and hashes", () => {
    const made = generateSbom(of, { lock, manifests: new Map() });
    if (!made.ok || made.value === null) throw new Error("expected an SBOM");
    const read = readSbom(made.value);
    expect(read).toMatchObject({
      ok: true,
      value: { format: "cyclonedx", formatVersion: "1.6", subject: { digests: [of.artifact] } },
    });
    expect(read.ok && read.value.components).toEqual([
      {
        name: "@a/b",
        version: "1.0.0",
        purl: "pkg:npm/%40a/b@1.0.0",
        licences: ["(MIT OR ISC)"],
        hashes: { "SHA-512": "000102" },
      },
      { name: "x", version: "1.1.0", purl: "pkg:npm/x@1.1.0", licences: ["Strange"], hashes: {} },
    ]);
  });

  it("lists what is installed when something is, and takes hashes only where the lock agrees", () => {
    const manifests = new Map([
      ["node_modules/@a/b/package.json", '{"name":"@a/b","version":"1.0.0","license":"MIT"}'],
      ["node_modules/x/package.json", '{"name":"x","version":"6.6.6"}'],
      ["node_modules/x/node_modules/@a/b/package.json", '{"name":"@a/b","version":"1.0.0"}'],
      ["node_modules/broken/package.json", "{"],
    ]);
    const made = generateSbom(of, { lock, manifests });
    const read = made.ok && made.value ? readSbom(made.value) : null;
    expect(read?.ok && read.value.components).toEqual([
      {
        name: "@a/b",
        version: "1.0.0",
        purl: "pkg:npm/%40a/b@1.0.0",
        licences: ["MIT"],
        hashes: { "SHA-512": "000102" },
      },
      { name: "x", version: "6.6.6", purl: "pkg:npm/x@6.6.6", licences: [], hashes: {} },
    ]);
  });

  it("is the same bytes for the same tree", () => {
    const [one, two] = [lock, lock].map((text) =>
      generateSbom(of, { lock: text, manifests: new Map() }),
    );
    expect(one).toEqual(two);
  });

  it("reads the locks of npm 6, and this repository's own", () => {
    const old = JSON.stringify({
      lockfileVersion: 1,
      dependencies: { a: { version: "1.0.0", dependencies: { b: { version: "2.0.0" } } } },
    });
    const made = generateSbom(of, { lock: old, manifests: new Map() });
    const read = made.ok && made.value ? readSbom(made.value) : null;
    expect(read?.ok && read.value.components.map(({ purl }) => purl)).toEqual([
      "pkg:npm/a@1.0.0",
      "pkg:npm/b@2.0.0",
    ]);
    const own = generateSbom(of, {
      lock: readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8"),
      manifests: new Map(),
    });
    const ours = own.ok && own.value ? readSbom(own.value) : null;
    const zod = ours?.ok ? ours.value.components.find(({ name }) => name === "zod") : undefined;
    expect(zod).toMatchObject({ licences: ["MIT"] });
    expect(zod?.hashes["SHA-512"]).toMatch(/^[0-9a-f]{128}$/);
  });

  it("is none for a tree without packages, and an error for a broken lock", () => {
    expect(generateSbom(of, { lock: null, manifests: new Map() })).toEqual({
      ok: true,
      value: null,
    });
    expect(generateSbom(of, { lock: "{", manifests: new Map() })).toMatchObject({ ok: false });
  });

  it("knows which files it wants", () => {
    expect(isSbomInput("package-lock.json")).toBe(true);
    expect(isSbomInput("node_modules/@a/b/package.json")).toBe(true);
    expect(isSbomInput("node_modules/a/lib/package.json")).toBe(false);
    expect(isSbomInput("src/package.json")).toBe(false);
  });
});
