import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Client } from "../api/client.ts";
import { decodeBase64 } from "../evidence/bytes.ts";
import { publicKeyFromSpki } from "../evidence/keys.ts";
import {
  waiverConsentOf,
  waiverStatement,
  waiverText,
} from "../evidence/predicates/waiver-consent.ts";
import { type PersonKeys, verifySigned } from "../identity/signing/signed.ts";
import type { Waived } from "../model/waiver.ts";
import { CommandContext } from "./context.ts";
import { signShown } from "./sign-shown.ts";
import { systemTerminal } from "./terminal.ts";

const sha = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const person = `person:${"1".repeat(32)}`;
const waived: Waived = {
  waiver: "W-1",
  ledger: "ledger.example/1",
  service: "shop",
  environment: "production",
  release: null,
  of: {
    kind: "finding",
    finding: "F-1",
    rule: `sneaky\n  owner          nobody`,
    title: `\u001b[2Jgone ${"long ".repeat(99)}end`,
    fingerprints: sha("a"),
    severity: "high",
    knownExploited: null,
  },
  reason: "first line\nsecond\tline",
  control: "edge",
  owner: "maria",
  until: "2026-12-31T00:00:00.000Z",
};

let folder: string;
let key: string;
let publicKey: Uint8Array;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-sign-"));
  key = join(folder, "key.pem");
  const pair = generateKeyPairSync("ed25519");
  writeFileSync(key, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  publicKey = pair.publicKey.export({ type: "spki", format: "der" });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function surroundings() {
  const notes: string[] = [];
  const terminal = { ...systemTerminal({}), interactive: false };
  const signal = new AbortController().signal;
  terminal.note = (text) => void notes.push(text);
  return {
    notes,
    context: new CommandContext({ terminal, environment: {}, folder, signal }),
  };
}

function signsFor(): { readonly client: Client; readonly known: Parameters<typeof verified>[1] } {
  const known = publicKeyFromSpki(publicKey);
  if (!known.ok) throw new Error(known.problem);
  const keys = [{ id: known.value.id, removedAt: null }];
  const items = [{ person, name: "Maria", keys }];
  return { client: { call: async () => ({ items }) } as unknown as Client, known: [known.value] };
}

function verified(envelope: string, keys: PersonKeys["keys"]) {
  const bytes = decodeBase64(envelope);
  return (
    bytes &&
    verifySigned(bytes, { keys, credentials: [] }, (payload) =>
      waiverConsentOf(payload, { waived, person }),
    )
  );
}

it("signs what it has shown whole, line by line, with nothing that acts on a terminal", async () => {
  const { context, notes } = surroundings();
  const { client, known } = signsFor();
  const shown = {
    text: (who: string) => waiverText(waived, who),
    statement: (who: string) => waiverStatement(waived, who),
  };
  const envelope = await signShown(context, client, shown, { key, yes: true });
  expect(verified(envelope, known)).toMatchObject({ ok: true });
  expect(notes).toContain("  reason         first line");
  expect(notes).toContain("                 second    line");
  expect(notes.join("")).toContain("\\x1b[2Jgone");
  expect(notes.join("")).toContain("long end");
  // A text from outside makes no line of the form.
  expect(notes).not.toContain("  owner          nobody");
  expect(notes.join("")).not.toMatch(/\p{Cc}/u);
  expect(notes.at(-1)).toBe(`(${person} is Maria)`);
});

it("says beside the text whom it means by pseudonym, and signs no name", async () => {
  const { notes, context } = surroundings();
  const { client, known } = signsFor();
  const jo = `person:${"2".repeat(32)}`;
  const shown = {
    text: (who: string) => waiverText(waived, who),
    statement: (who: string) => waiverStatement(waived, who),
    names: new Map([[jo, "Jo\u001b[2J"]]),
  };
  const envelope = await signShown(context, client, shown, { key, yes: true });
  expect(verified(envelope, known)).toMatchObject({ ok: true });
  expect(notes.at(-2)).toContain(`(${jo} is Jo`);
  expect(notes.at(-2)).not.toMatch(/\p{Cc}/u);
  expect(notes.at(-1)).toBe(`(${person} is Maria)`);
});

it("signs nothing when what would be signed is not what was shown, or nobody said yes", async () => {
  const { context } = surroundings();
  const { client } = signsFor();
  const statement = (who: string) => waiverStatement(waived, who);
  const other = { text: () => ["I accept a small thing."], statement };
  await expect(signShown(context, client, other, { key, yes: true })).rejects.toMatchObject({
    code: "internal",
    message: "what would be signed is not what was shown",
  });
  const right = { text: (who: string) => waiverText(waived, who), statement };
  await expect(signShown(context, client, right, { key, yes: false })).rejects.toMatchObject({
    hint: "say --yes when you are sure",
  });
});
