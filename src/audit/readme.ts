import type { Digest } from "../model/primitives.ts";

/**
 * README.txt of every pack of format 1. It is the same text in each, so that nobody can put other
 * instructions into a pack: the verifier knows its digest. A change of a word adds a digest below, and the
 * ones before stay.
 */
export const readme = `Tidelock audit pack, format 1
=============================

With Tidelock (any machine, no server, no network):

    tidelock audit verify pack.zip --trust trust.json

trust.json comes from OUTSIDE this pack, from people you believe: the log's key, the witnesses' keys, and
checkpoints you have seen before. Without it the answer is "consistent, not authenticated": everything fits
together, and anybody could have made it.

Without Tidelock, with jq, openssl (3.0 or newer) and any SHA-256:

1. Files. manifest.json names every file by size and SHA-256:

    jq -r '.files[] | "\\(.digest[7:])  \\(.path)"' manifest.json | sha256sum --check

2. Checkpoint. "checkpoint" is a signed note (C2SP signed-note, tlog-checkpoint): origin, tree size, root
   hash, an empty line, signatures. With your key of the log in log.pem (Ed25519), for the line of that key:
   it begins with the log's name (the first line of the note), as do those of other keys of the log while
   keys overlap, and the first 4 bytes of its signature are the key's id.

    origin=$(head -n 1 checkpoint)
    id=$( (printf '%s\\n\\001' "$origin"; openssl pkey -pubin -in log.pem -outform DER | tail -c 32) |
      sha256sum | head -c 8)
    sed '/^$/,$d' checkpoint > body
    rm -f signature
    grep -F -- "— $origin " checkpoint | sed 's/.* //' | while read -r line; do
      if [ "$(printf %s "$line" | base64 -d | head -c 4 | od -An -tx1 | tr -d ' ')" = "$id" ]; then
        printf %s "$line" | base64 -d | tail -c +5 > signature
      fi
    done
    openssl pkeyutl -verify -pubin -inkey log.pem -rawin -in body -sigfile signature

   With Go: note.Open(checkpoint, note.VerifierList(verifier)) of golang.org/x/mod/sumdb/note.
   A witness signs "cosignature/v1\\ntime <seconds>\\n" and the same body (C2SP tlog-cosignature); its
   signature is the key's 4 bytes, 8 bytes of time (big-endian) and 64 bytes of Ed25519.

3. Entries. Each line of entries.jsonl has an index, a leaf (base64), a proof and an opening. With Go, for
   each line: tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(leaf)) of
   golang.org/x/mod/sumdb/tlog, where size and root are the checkpoint's second and third line.
   By hand (RFC 9162, 2.1.3.2): a leaf's hash is SHA-256(0x00 || leaf), a node's SHA-256(0x01 || left || right).

4. Payloads. A leaf names its payload by HMAC-SHA-256, keyed with the opening's salt, over the payload's
   canonical JSON (RFC 8785). For one whose payload is plain ASCII, e.g. the first:

    head -n 1 entries.jsonl | jq -cSj .opening.payload |
      openssl dgst -sha256 -mac HMAC -macopt hexkey:$(head -n 1 entries.jsonl | jq -r .opening.salt)
    head -n 1 entries.jsonl | jq -r .leaf | base64 -d | jq -r .payload

   An opening of null means that payload and salt were erased: an entry of the kind payload.erased, in this
   pack, names the index. In a pack about a release, entries of the stream "system" that are about other
   services or the installation are closed too: kinds access.recorded, erasure.requested, person.erased,
   hold.*, witness.*, anchor.*, agent.*, payload.erased, and document.* whose operation names another
   service's pipeline or an environment in which the service has no stream here. In a pack about an access
   review the same kinds are closed, all of document.* among them, and person.erased never. Nothing else may
   be missing.

5. Completeness. In each leaf, "stream", "sequence" and "previous" form chains: sequence counts from 1
   without a gap, previous is the leaf hash (hex) of the stream's entry before, and the last entry of each
   stream in this pack is of the kind stream.head. Every effect.intent is followed, in its stream, by an
   effect.outcome, effect.failure or effect.unseen of the same operation.

6. Evidence. Files below blobs/ are named by their SHA-256, which payloads repeat. Files below attestations/
   are DSSE envelopes around in-toto statements, named by the SHA-256 of the file, which an entry's payload
   names. Keys are introduced by entries of the kind key.added in the stream "system".

7. People appear by pseudonym. shared-names.jsonl opens those that are no person's: the person.met of each
   is HMAC-SHA-256, keyed with "key", over "name"; the last stream.head names the SHA-256 of that file.
   In a pack about an access review, access.review-started names the report (blobs/), whose lines are what
   role.assigned, grant.added, token.created and person.key-added before it gave and nothing had taken;
   access.reviewed names each signed word. review.txt says the same in words, and adds nothing.

What a pack cannot show: that no second chain of one of its streams stands elsewhere in the same log (replay
the whole log for that), and, without a witness or a checkpoint seen earlier, that the holder of key and
database did not write all of it yesterday.
`;

/** Every text that a pack of format 1 may carry. */
const readmeDigests: readonly Digest[] = [
  "sha256:70cb92291c11708f234e3b7f7b7146870485829109b2fdb955fd06d4266d7955",
  "sha256:d162305623f6ac2d44bd26a0f520adb3e3c24c7622f07cf3bb068a92979c4a28",
  "sha256:c646a1b433b9b0294115c956e71b1eaabd38224eee30d54c93f874b7bee5c4b1",
  "sha256:04babfcd9f2e5e3f86636b24884241431a5c4a12a0842203af4ac699d312a287",
];

export function isKnownReadme(digest: Digest): boolean {
  return readmeDigests.includes(digest);
}
