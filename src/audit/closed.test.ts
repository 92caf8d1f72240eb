import { describe, expect, it } from "vitest";
import { AuditStory, trustRoot } from "../../test/support/audit-story.ts";
import { toBase64 } from "../ledger/bytes.ts";
import { verifyPack } from "./verify-pack.ts";
import { makePack } from "./write-pack.ts";

/** A pack in which the entries of these operations do not say what they say. */
async function closing(wish: (operation: string) => boolean) {
  const story = await AuditStory.tell();
  for (const operation of ["document/Pipeline/bank/1/1", "document/Environment/vault/1/1"]) {
    const [, kind = "", name = ""] = operation.split("/");
    const payload = { kind, name, version: 1, digest: `sha256:${"b".repeat(64)}` };
    story.log.append({ kind: "document.registered", operation, stream: "system", payload });
  }
  story.log.append({
    kind: "access.recorded",
    operation: "access/1",
    stream: "system",
    payload: { digest: `sha256:${"c".repeat(64)}` },
  });
  const closed = new Set(
    story.log.entries
      .filter(({ leaf }) => wish(leaf.operation))
      .map(({ bytes }) => toBase64(bytes)),
  );
  const content = await story.content();
  const entries = content.entries.map((line) =>
    closed.has(line.leaf) ? { ...line, opening: null } : line,
  );
  const { report } = verifyPack(makePack({ ...content, entries }), trustRoot());
  return { report, said: report.problems.map(({ message }) => message).join("\n") };
}

describe("a pack about a release", () => {
  it("may leave closed what is about other services and the installation, and says so", async () => {
    const { report, said } = await closing((operation) => /bank|vault|^access/.test(operation));
    expect(said).toBe("");
    expect(report.result).toBe("verified");
    expect(JSON.stringify(report.checks)).toContain(
      "3 entries of the stream system are about other",
    );
    expect(report.erased).toEqual([]);
  });

  it.each([
    ["its own pipeline", "document/Pipeline/shop/1"],
    ["the environment in which it runs", "document/Environment/production/1"],
    ["a key", "key/log/2"],
    ["an entry of a lane", "psecond"],
  ])("may not leave %s closed", async (_name, operation) => {
    const { said } = await closing((one) => one === operation);
    expect(said).toContain("its payload is withheld");
  });
});
