import type { Safeguard } from "../safeguard.ts";

const contentTests = "src/store/content-store.test.ts";
const serviceTests = "test/crash/agent-services.test.ts";
const changedOnDisk =
  "that was changed on disk is found by the proof, named, and refused by the next deploy";
const native = "whose service answers the nonce is proven native";

/** What runs is what was released. */
export const bytes: readonly Safeguard[] = [
  {
    name: "upload-digest",
    prevents: "other bytes under a release's name",
    off: "an upload's digest is not compared with the announced one",
    edits: [
      {
        file: "src/store/content-store.ts",
        text: 'if (digest !== expected) throw mismatch(expected, digest, "the upload");',
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: contentTests,
        name: "refuses other bytes than announced, also for a blob that it has, and keeps nothing",
      },
    ],
    unaffected: { file: contentTests, name: "gives back what was put, in whatever pieces it came" },
  },
  {
    name: "stored-digest",
    prevents: "bytes that changed on the disk are taken for the release",
    off: "the content store verifies without comparing",
    edits: [
      {
        file: "src/store/content-store.ts",
        text: "if (found === digest) return { size };",
        replacement: "if (found !== null) return { size };",
      },
    ],
    noticedBy: [
      {
        file: contentTests,
        name: "notices bytes that changed on the disk, and heals with the next upload",
      },
    ],
    unaffected: { file: contentTests, name: "gives back what was put, in whatever pieces it came" },
  },
  {
    name: "deploy-digest",
    prevents: "an artifact that was whole at admission is deployed after it has changed",
    off: "the engine does not verify the artifacts again at each deploy",
    edits: [
      {
        file: "src/engine/slots/slot-spec.ts",
        text: "await engine.content.verify(digest);",
        replacement: "",
      },
    ],
    noticedBy: [
      {
        file: "src/engine/steps/deploy.test.ts",
        name: "is refused when the stored artifact holds other bytes by then, although it was whole at admission",
      },
    ],
    unaffected: {
      file: "src/engine/engine.test.ts",
      name: "takes a first release and its successor through both environments",
    },
  },
  {
    name: "unpack-digest",
    prevents: "the agent unpacks other bytes than the release's",
    off: "the agent unpacks without an expected digest",
    edits: [
      {
        file: "src/agent/artifacts/artifacts.ts",
        text: "{ expected: artifact.digest, readOnly: true }",
        replacement: "{ readOnly: true }",
      },
    ],
    noticedBy: [
      {
        file: "src/agent/artifacts/artifacts.test.ts",
        name: "an artifact whose bytes were changed in the store is not unpacked, whatever its size",
      },
    ],
    unaffected: {
      file: "src/agent/artifacts/artifacts.test.ts",
      name: "an artifact is unpacked where its digest says, and as it was packed",
    },
  },
  {
    name: "unpacked-tree",
    prevents: "a tree with other files than the expected ones is unpacked",
    off: "unpacking does not compare the digest of what it read",
    edits: [
      {
        file: "src/tree/unpack-tree.ts",
        text: "if (options.expected !== undefined && options.expected !== digest) {",
        replacement: "if (options.expected !== undefined && digest.length === 0) {",
      },
    ],
    noticedBy: [
      {
        file: "src/tree/tree.test.ts",
        name: "refuses other bytes than the expected ones, and leaves nothing",
      },
    ],
    unaffected: {
      file: "src/tree/tree.test.ts",
      name: "is undone by unpackTree, read-only or not",
    },
  },
  {
    name: "deployed-tree",
    prevents: "files that were edited on the machine are started",
    off: "the agent does not read an unpacked release again before it starts it",
    edits: [
      {
        file: "src/agent/slots/slots.ts",
        text: "const change = await this.#parts.artifacts.changeOf(digest);",
        replacement: "const change: string | null = null as string | null;",
      },
    ],
    noticedBy: [{ file: serviceTests, name: changedOnDisk }],
    unaffected: { file: serviceTests, name: native },
  },
  {
    name: "proven-tree",
    prevents: "a proof of identity speaks of files that are not the release's (law 10)",
    off: "the proof does not read the unpacked release again",
    edits: [
      {
        file: "src/agent/slots/prove.ts",
        text: "const change = await firstChange(parts, spec);",
        replacement: "const change: string | null = firstChange === undefined ? '' : null;",
      },
    ],
    noticedBy: [{ file: serviceTests, name: changedOnDisk }],
    unaffected: { file: serviceTests, name: native },
  },
  {
    name: "proven-socket",
    prevents: "a foreign program at the port is tested in the release's place (law 10)",
    off: "the proof does not ask whose the listening socket is",
    edits: [
      {
        file: "src/agent/slots/prove.ts",
        text: "if (one.port !== null && !one.ownsSocket) {",
        replacement: "if (one.port !== null && !one.ownsSocket && one.pid < 0) {",
      },
    ],
    noticedBy: [{ file: serviceTests, name: "is not proven when another process holds its port" }],
    unaffected: { file: serviceTests, name: native },
  },
  {
    name: "ready-socket",
    prevents: "a service counts as ready because somebody else answers at its port",
    off: "readiness does not ask who answers",
    edits: [
      {
        file: "src/agent/processes/readiness-watch.ts",
        text: "return ownerInFamily(run.pid, port) === null",
        replacement: "return ownerInFamily(run.pid, port) === undefined",
      },
    ],
    noticedBy: [
      {
        file: serviceTests,
        name: "is not taken for ready when another process answers in its place",
      },
    ],
    unaffected: { file: serviceTests, name: native },
  },
];
