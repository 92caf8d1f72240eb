import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64 } from "../../src/ledger/bytes.ts";
import {
  formatCheckpoint,
  parseCheckpoint,
  verifyCheckpoint,
  verifyNote,
} from "../../src/ledger/checkpoint.ts";
import { cosign } from "../../src/ledger/cosignature.ts";
import {
  formatNote,
  formatSignatureLine,
  formatVerifierKey,
  mergeSignatures,
  noteKey,
  noteKeyTypes,
  parseNote,
  parseVerifierKey,
  signNote,
} from "../../src/ledger/note.ts";
import { aSigner, signedCheckpoint } from "./support.ts";

const log = aSigner("tidelock/one");
const stranger = aSigner("tidelock/one");
const witness = aSigner("witness.example/w1", noteKeyTypes.cosignature);
const root = new Uint8Array(32).fill(5);
const trusted = { origin: "tidelock/one", keys: [log.key] };

describe("keys", () => {
  it("come back from their text", () => {
    for (const { key } of [log, witness]) {
      expect(parseVerifierKey(formatVerifierKey(key))).toEqual(key);
    }
  });

  it.each([
    "",
    "a+b",
    "a+00000000+",
    "a+00000000+AQ==",
    "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
    "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/ foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  ])("%j is none", (text) => {
    expect(() => parseVerifierKey(text)).toThrow(
      expect.objectContaining({ code: "invalid-input" }),
    );
  });
});

describe("a note", () => {
  const text = "first\n\nthird\n";

  it("verifies with the key that signed, whoever else signed too", async () => {
    const signatures = [await signNote(text, stranger), await signNote(text, log)];
    const note = formatNote({ text, signatures });
    const answer = verifyNote(note, [log.key]);
    expect(answer).toMatchObject({ ok: true, verified: [{ key: log.key, seconds: null }] });
    expect(parseNote(note)).toEqual({ text, signatures });
  });

  it("of unknown keys alone is refused", async () => {
    const note = formatNote({ text, signatures: [await signNote(text, stranger)] });
    expect(verifyNote(note, [log.key])).toEqual({
      ok: false,
      problem: `no known key signed the note (signed by: tidelock/one+${stranger.key.id})`,
    });
    expect(verifyNote(note, [])).toMatchObject({ ok: false });
  });

  it("with a wrong signature of a known key is refused although another known one is right", async () => {
    const good = await signNote(text, log);
    const bad = { ...(await signNote("other\n", log)) };
    const forged = {
      ...(await signNote(text, witness)),
      name: "witness.example/w1",
      id: witness.key.id,
    };
    for (const wrong of [bad, forged]) {
      for (const signatures of [
        [good, wrong],
        [wrong, good],
      ]) {
        expect(verifyNote(formatNote({ text, signatures }), [log.key, witness.key])).toMatchObject({
          ok: false,
          problem: expect.stringMatching(/is wrong$/),
        });
      }
    }
  });

  it("is found damaged whichever bit is flipped", async () => {
    const note = new TextEncoder().encode(
      formatNote({ text, signatures: [await signNote(text, log)] }),
    );
    fc.assert(
      fc.property(fc.nat(note.length * 8 - 1), (bit) => {
        const copy = Uint8Array.from(note);
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyNote(copy, [log.key]).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it("of any bytes gets an answer, never an error", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: fc.constantFrom("\n", "\u2014", " ", "a", "A", "=", "+", "\ud800") }),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        expect(verifyNote(bytes, [log.key]).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it("that is not exactly in its form is refused, whoever signed", async () => {
    const line = formatSignatureLine(await signNote(text, log));
    const good = `${text}\n${line}`;
    expect(verifyNote(good, [log.key]).ok).toBe(true);
    const bad: Record<string, string> = {
      "no newline at the end": good.slice(0, -1),
      CRLF: good.replaceAll("\n", "\r\n"),
      "a tab": good.replace("third", "th\tird"),
      "a zero": good.replace("third", "th\0ird"),
      "no blank line": text + line,
      "no signature": `${text}\n`,
      "a blank line behind": `${good}\n`,
      "a hyphen for the dash": good.replace("\u2014", "-"),
      "two spaces": good.replace("\u2014 ", "\u2014  "),
      "a space behind": good.replace(/\n$/, " \n"),
      "no-break space in a name": `${good}\u2014 a\u00a0b AAAAAAAA\n`,
      "plus in a name": `${good}\u2014 a+b AAAAAAAA\n`,
      "unpadded base64": good.replace(/=*\n$/, "\n").replace(/[^=]\n$/, "\n"),
      "a signature of an unknown key that is no base64": `${good}\u2014 other !!!!\n`,
      "a signature too short": `${good}\u2014 other AAAA\n`,
      "more signatures than anybody gives": good + `\u2014 other AAAAAAAA\n`.repeat(100),
      "more than a megabyte": `${"a".repeat(1_000_000)}\n${good}`,
      "half a character": good.replace("third", "th\ud800ird"),
    };
    for (const [what, note] of Object.entries(bad)) {
      expect(verifyNote(note, [log.key]).ok, what).toBe(false);
    }
    const ignored = `${good}\u2014 other AAAAAAAA\n`;
    expect(verifyNote(ignored, [log.key]).ok).toBe(true);
  });

  it("takes 16 signatures and more", async () => {
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, at) => signNote(text, aSigner(`key${at}`))),
    );
    const note = formatNote({ text, signatures: [...many, await signNote(text, log)] });
    expect(verifyNote(note, [log.key]).ok).toBe(true);
  });

  it("is not made by a signer whose signature its own key refuses", async () => {
    const false_ = { ...log, sign: async () => new Uint8Array(64) };
    await expect(signNote(text, false_)).rejects.toThrow(/does not verify/);
    await expect(signNote("no newline", log)).rejects.toThrow();
    await expect(signNote("car\rriage\n", log)).rejects.toThrow(/control/);
  });

  it("takes up another's signatures, each once", async () => {
    const note = parseNote(formatNote({ text, signatures: [await signNote(text, log)] }));
    const more = [await signNote(text, stranger), ...note.signatures];
    expect(mergeSignatures(mergeSignatures(note, more), more).signatures).toHaveLength(2);
  });
});

describe("a checkpoint", () => {
  it("comes back from its text", () => {
    const size = Number.MAX_SAFE_INTEGER;
    const text = formatCheckpoint({ origin: "tidelock/one", size, root });
    expect(text).toBe(`tidelock/one\n9007199254740991\n${toBase64(root)}\n`);
    expect(parseCheckpoint(text)).toEqual({ origin: "tidelock/one", size, root, extensions: [] });
    expect(parseCheckpoint(`${text}more\n`).extensions).toEqual(["more"]);
  });

  it.each([
    ["size beyond 2^53 - 1", `o\n9007199254740992\n${toBase64(root)}\n`],
    ["leading zero", `o\n01\n${toBase64(root)}\n`],
    ["sign", `o\n-1\n${toBase64(root)}\n`],
    ["short root", `o\n1\n${toBase64(root.subarray(1))}\n`],
    ["no root", "o\n1\n"],
    ["no newline", `o\n1\n${toBase64(root)}`],
    ["empty origin", `\n1\n${toBase64(root)}\n`],
    ["empty extension", `o\n1\n${toBase64(root)}\n\nx\n`],
    ["empty last line", `o\n1\n${toBase64(root)}\n\n`],
    ["base64 that is not canonical", `o\n1\n${toBase64(root).replace("U=", "V=")}\n`],
  ])("with %s is refused", (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(/checkpoint/);
  });

  it("that cannot be said is not written", () => {
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53, Infinity]) {
      expect(() => formatCheckpoint({ origin: "o", size, root })).toThrow(/no size/);
    }
    expect(() => formatCheckpoint({ origin: "o\np", size: 1, root })).toThrow(/checkpoint/);
    expect(() => formatCheckpoint({ origin: "o", size: 1, root: root.subarray(1) })).toThrow(/32/);
  });

  it("of another log is refused although a known key signed it", async () => {
    const other = await signedCheckpoint(log, { origin: "tidelock/two", size: 3, root });
    expect(verifyCheckpoint(other, trusted)).toEqual({
      ok: false,
      problem: "the checkpoint is of the log tidelock/two, not of tidelock/one",
    });
  });

  it("is not the log's when only a witness signed it", async () => {
    const text = formatCheckpoint({ origin: "tidelock/one", size: 3, root });
    const note = formatNote({ text, signatures: [await cosign(text, 1_700_000_000, witness)] });
    expect(verifyCheckpoint(note, trusted, [witness.key])).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/no known key of the log/),
    });
  });
});

describe("a cosignature", () => {
  const text = formatCheckpoint({ origin: "tidelock/one", size: 3, root });

  it("says when, and covers it", async () => {
    const signature = await cosign(text, 1_700_000_000, witness);
    const signatures = [await signNote(text, log), signature];
    const answer = verifyCheckpoint(formatNote({ text, signatures }), trusted, [witness.key]);
    expect(answer).toMatchObject({
      ok: true,
      checkpoint: { size: 3, cosignedBy: [{ key: witness.key, seconds: 1_700_000_000 }] },
    });
    for (let at = 0; at < signature.signature.length; at++) {
      const changed = Uint8Array.from(signature.signature);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const note = formatNote({
        text,
        signatures: [signatures[0]!, { ...signature, signature: changed }],
      });
      expect(verifyCheckpoint(note, trusted, [witness.key]).ok).toBe(false);
    }
  });

  it("is no plain signature, and a plain one is no cosignature", async () => {
    const line = { ...(await signNote(text, witness)), id: witness.key.id };
    expect(verifyNote(formatNote({ text, signatures: [line] }), [witness.key]).ok).toBe(false);
  });

  it("by the log's own key counts for no witness", async () => {
    const own = { ...log, name: "independent.example" };
    const ownKey = noteKey(own.name, noteKeyTypes.cosignature, log.publicKey);
    const signatures = [await signNote(text, log), await cosign(text, 1_700_000_000, own)];
    const answer = verifyCheckpoint(formatNote({ text, signatures }), trusted, [ownKey]);
    expect(answer).toMatchObject({ ok: true, checkpoint: { cosignedBy: [] } });
  });

  it("has a time", async () => {
    for (const seconds of [0, -1, 0.5, Number.NaN, 2 ** 53]) {
      await expect(cosign(text, seconds, witness)).rejects.toThrow(/no time/);
    }
  });
});
