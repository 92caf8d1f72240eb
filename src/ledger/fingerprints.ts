import { sha256TextInto } from "./crypto.ts";

/**
 * A set of texts in 16 to 64 bytes each: of every one only 128 bits of its SHA-256 are kept, in which nobody can
 * make two texts meet. A million operations of a log take 32 MB, where the texts would take several times that.
 */
export class Fingerprints {
  #slots = new Uint32Array(4 * 1_024);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** False when the text was there already. */
  add(text: string): boolean {
    if (this.#count * 2 >= this.#slots.length / 4) this.#grow();
    const at = find(this.#slots, fingerprint(text));
    if (isTaken(this.#slots, at)) return false;
    this.#slots.set(words, at);
    this.#count += 1;
    return true;
  }

  has(text: string): boolean {
    return isTaken(this.#slots, find(this.#slots, fingerprint(text)));
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 4) {
      if (!isTaken(old, at)) continue;
      const taken = old.subarray(at, at + 4);
      slots.set(taken, find(slots, taken));
    }
    this.#slots = slots;
  }
}

const digest = new Uint8Array(32);
/** Of the text that was looked at last: its place is used again, so that a log of a million has no garbage. */
const words = new Uint32Array(digest.buffer, 0, 4);

function fingerprint(text: string): Uint32Array {
  sha256TextInto(text, digest, 0);
  // An empty slot is four zeros; what would look like one is as rare as a collision.
  if (words[0] === 0) words[0] = 1;
  return words;
}

const isTaken = (slots: Uint32Array, at: number) => slots[at] !== 0;

/** Where the words stand, or the empty slot where they belong. */
function find(slots: Uint32Array, wanted: Uint32Array): number {
  const a = wanted[0];
  const b = wanted[1];
  const c = wanted[2];
  const d = wanted[3];
  const count = slots.length / 4;
  let at = ((a ?? 0) % count) * 4;
  while (slots[at] !== 0) {
    if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d) break;
    at = (at + 4) % slots.length;
  }
  return at;
}
