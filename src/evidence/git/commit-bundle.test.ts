import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Repository, sshKey } from "../../../test/support/git-people.ts";
import { bundleCommits } from "../../intake/git/commit-bundle.ts";
import { describeSource } from "../../intake/source.ts";
import { concat, utf8 } from "../bytes.ts";
import { readSshKey } from "../ssh/ssh-key.ts";
import { readCommitObject } from "./commit-object.ts";
import { bundleHead, readCommitBundle, verifyCommit } from "./commit-bundle.ts";

const maria = sshKey();
const paul = sshKey("ecdsa", 256);

const idOf = (key: typeof maria) => {
  const read = readSshKey(key.publicKey);
  return read.ok ? read.value.id : "";
};

async function bundled(repository: Repository, since?: string) {
  const source = await describeSource({ folder: repository.folder, dirty: false, ...(since === undefined ? {} : { since }) }); // prettier-ignore
  if (source.kind !== "git") throw new Error("no repository");
  const revisions = source.commits.map(({ revision }) => revision);
  const bytes = await bundleCommits(repository.folder, revisions, since);
  const bundle = bytes && readCommitBundle(bytes);
  return { source, bytes, bundle: bundle?.ok ? bundle.value : [] };
}

describe.each(["sha1", "sha256"] as const)("signed commits of a %s repository", (format) => {
  it("are verified over git's own bytes, whoever they say has written them", async () => {
    const repository = new Repository(format);
    const one = repository.commit({
      key: maria,
      message: "one\n\nlong\n text\n\nCo-authored-by: Jo <jo@shop.example>",
    });
    const two = repository.commit({ key: paul, author: "Maria <maria@shop.example>" });
    const three = repository.commit();
    const { bundle } = await bundled(repository);
    const read = bundle.map(verifyCommit).flatMap((commit) => (commit.ok ? [commit.value] : []));
    expect(read.map(({ revision, signer }) => [revision, signer])).toEqual([
      [one, idOf(maria)],
      [two, idOf(paul)],
      [three, null],
    ]);
    expect(read[0]).toMatchObject({ coAuthors: [{ email: "jo@shop.example" }], parents: [] });
    expect(read[1]).toMatchObject({ author: { email: "maria@shop.example" }, parents: [one] });
    expect(read[2]?.problem).toBe("it is not signed");
  });

  it("are nobody's once a byte of them is another", async () => {
    const repository = new Repository(format);
    repository.commit({ key: maria });
    const { bundle } = await bundled(repository);
    const [commit] = bundle;
    if (!commit) throw new Error("no commit");
    for (let at = 0; at < commit.bytes.length; at += 17) {
      const bytes = Uint8Array.from(commit.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(verifyCommit({ ...commit, bytes }).ok).toBe(false);
    }
  });
});

describe("a commit that was made by hand", () => {
  const repository = new Repository();
  repository.commit({ key: maria });
  const raw = Buffer.from(repository.git(["cat-file", "commit", "HEAD"]));
  const made = (text: string) => {
    const revision = repository.git(["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], undefined, text).trim(); // prettier-ignore
    return verifyCommit({ format: "sha1", revision, bytes: Buffer.from(text) });
  };

  it("is not what was signed with another author, a second signature, or a header more", () => {
    const text = raw.toString();
    expect(made(text)).toMatchObject({ ok: true, value: { signer: idOf(maria) } });
    const forged = text.replace(/^author .*>/m, "author Paul <paul@shop.example>");
    expect(made(forged)).toMatchObject({ ok: true, value: { signer: null } });
    const signature = /^gpgsig (.*\n)( .*\n)*/m.exec(text)?.[0] ?? "";
    const twice = text.replace(signature, signature + signature);
    expect(made(twice)).toMatchObject({ ok: true, value: { signer: null } });
    const more = text.replace(/^committer/m, "x-review done\ncommitter");
    expect(made(more)).toMatchObject({ ok: true, value: { signer: null } });
    const author = text.replace(/^author/m, "author Paul <paul@shop.example> 1 +0000\nauthor");
    expect(made(author).ok).toBe(false);
    // In its message a signature signs nothing.
    const below = `${text.replace(signature, "")}\n${signature}`;
    expect(made(below)).toMatchObject({ ok: true, value: { problem: "it is not signed" } });
  });

  it("with a hundred thousand lines in a header is read, and with a megabyte of them refused in words", () => {
    const text = raw.toString();
    const cut = text.indexOf("\n\n") + 1;
    const spoilt = (more: string) =>
      readCommitObject("sha1", Buffer.from(text.slice(0, cut) + more + text.slice(cut)));
    const lines = spoilt(`x-notes\n${" \n".repeat(70_000)}`);
    expect(lines.ok && lines.value.signature?.kind).toBe("ssh");
    expect(spoilt("x\n".repeat(600_000))).toMatchObject({
      problem: expect.stringContaining("headers have more than"),
    });
  });

  it("whatever is put into its headers is read, or refused in words (property)", () => {
    const head = raw.subarray(0, raw.indexOf("\n\n") + 1);
    const piece = fc.oneof(
      fc.constantFrom("gpgsig x\n", "mergetag object\n gpgsig y\n", "encoding utf-16le\n"),
      fc.constantFrom("\r\n", " \n", "\n\n", "\0", "parent \n", "author", "gpgsig-sha256 z\n"),
      fc.string({ unit: "binary", maxLength: 10 }),
    );
    fc.assert(
      fc.property(
        fc.nat(head.length),
        fc.array(piece, { minLength: 1, maxLength: 3 }),
        (at, put) => {
          const bytes = concat(raw.subarray(0, at), utf8(put.join("")), raw.subarray(at));
          const read = readCommitObject("sha1", bytes);
          if (!read.ok) return;
          const { revision } = read.value;
          const commit = verifyCommit({ format: "sha1", revision, bytes });
          const signer = commit.ok ? commit.value.signer : null;
          // What stands in a signature's own header is not signed: everything else is.
          if (signer !== null) {
            const same = ["author", "committer", "subject", "parents"] as const;
            const whole = readCommitObject("sha1", raw);
            for (const one of same) expect(read.value[one]).toEqual(whole.ok && whole.value[one]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("with a signature of OpenPGP or X.509 says that this is not verified", () => {
    const unsigned = raw.toString().replace(/^gpgsig (.*\n)( .*\n)*/m, "");
    const pgp = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n";
    const read = made(unsigned.replace("\n\n", `\n${pgp}\n`));
    expect(read).toMatchObject({
      ok: true,
      value: { signer: null, problem: expect.stringContaining("OpenPGP") },
    });
  });
});

describe("a bundle", () => {
  it("shows where a merged branch began before what is live", async () => {
    const repository = new Repository();
    const root = repository.commit({ key: maria });
    repository.git(["branch", "side"]);
    repository.commit({ key: maria });
    const live = repository.commit({ key: maria });
    repository.git(["checkout", "-q", "side"]);
    const side = repository.commit({ key: paul });
    repository.git(["checkout", "-q", "main"]);
    const merge = repository.merge(["side"], { key: maria });
    const { source, bundle } = await bundled(repository, live);
    const named = source.commits.map(({ revision }) => revision);
    expect(new Set(named)).toEqual(new Set([side, merge]));
    const there = bundle.map(({ revision }) => revision);
    expect(there).toEqual(expect.arrayContaining([side, merge, live]));
    expect(there).not.toContain(root);
  });

  it("is refused where it is cut off, and is none where nobody has signed", async () => {
    const repository = new Repository();
    repository.commit();
    expect((await bundled(repository)).bytes).toBeNull();
    const head = bundleHead("sha1");
    const line = utf8(`${"a".repeat(40)} commit 20\nshort\n`);
    expect(readCommitBundle(concat(head, line)).ok).toBe(false);
    expect(readCommitBundle(utf8("tidelock git commits 1 md5\n")).ok).toBe(false);
    expect(readCommitBundle(head)).toEqual({ ok: true, value: [] });
  });
});
