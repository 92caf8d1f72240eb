import type { Random } from "../../probing/random.ts";

const most = 200;

/**
 * A text that a simple regular expression takes: literals, classes, groups, alternatives and counts. Null for
 * what it does not know (look-around, back references): then nothing is claimed about such a field.
 */
export function textFor(pattern: string, random: Random): string | null {
  const reader = new Reader(pattern, random);
  const text = reader.alternatives();
  return text === null || !reader.done || text.length > most ? null : text;
}

const classes: Readonly<Record<string, string>> = {
  d: "0123456789",
  w: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
  s: " ",
  D: "abcXYZ-_",
  W: "-. ",
  S: "abcXYZ019",
};

class Reader {
  readonly #text: string;
  readonly #random: Random;
  #at = 0;
  #depth = 0;

  constructor(text: string, random: Random) {
    this.#text = text;
    this.#random = random;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  alternatives(): string | null {
    if ((this.#depth += 1) > 20) return null;
    const all: string[] = [];
    do {
      const one = this.#sequence();
      if (one === null) return null;
      all.push(one);
    } while (this.#eat("|"));
    this.#depth -= 1;
    return this.#random.pick(all) ?? null;
  }

  #sequence(): string | null {
    let text = "";
    while (!this.done && !"|)".includes(this.#peek())) {
      if (this.#eat("^") || this.#eat("$")) continue;
      const from = this.#at;
      const first = this.#atom();
      if (first === null) return null;
      const to = this.#at;
      const count = this.#count();
      if (count === null) return null;
      if (count === 0) continue;
      text += first;
      const after = this.#at;
      for (let n = 1; n < count && text.length <= most; n += 1) {
        this.#at = from;
        text += this.#atom() ?? "";
        if (this.#at !== to) return null;
      }
      this.#at = after;
    }
    return text;
  }

  #atom(): string | null {
    const character = this.#next();
    if (character === "(") {
      if (this.#eat("?") && !this.#eat(":")) {
        if (!/^<[A-Za-z]/.test(this.#text.slice(this.#at, this.#at + 2))) return null;
        this.#at = this.#text.indexOf(">", this.#at) + 1;
        if (this.#at === 0) return null;
      }
      const inner = this.alternatives();
      return inner !== null && this.#eat(")") ? inner : null;
    }
    if (character === "[") return this.#class();
    if (character === ".") return this.#one(classes["w"] ?? "");
    if (character === "\\") return this.#escape(this.#next());
    return "*+?{".includes(character) ? null : character;
  }

  #escape(character: string): string | null {
    const known = classes[character];
    if (known !== undefined) return this.#one(known);
    if (character === "b" || character === "B") return "";
    if (character === "t") return "\t";
    if (character === "n") return "\n";
    return /[A-Za-z0-9]/.test(character) || character === "" ? null : character;
  }

  #class(): string | null {
    const negated = this.#eat("^");
    let set = "";
    while (!this.done && this.#peek() !== "]") {
      let from = this.#next();
      if (from === "\\") {
        const next = this.#next();
        const known = classes[next];
        if (known !== undefined) {
          set += known;
          continue;
        }
        if (/[A-Za-z0-9]/.test(next)) return null;
        from = next;
      }
      if (this.#peek() === "-" && this.#text[this.#at + 1] !== "]") {
        this.#next();
        const to = this.#next();
        if (to === "\\") return null;
        const [low, high] = [from.charCodeAt(0), to.charCodeAt(0)];
        for (let code = low; code <= high && code - low < 256; code += 1)
          set += String.fromCharCode(code);
      } else set += from;
    }
    if (!this.#eat("]")) return null;
    const wanted = negated
      ? [..."abcxyzABC019-_ "].filter((one) => !set.includes(one)).join("")
      : set;
    return wanted === "" ? null : this.#one(wanted);
  }

  #count(): number | null {
    let range: readonly [number, number] = [1, 1];
    if (this.#eat("*")) range = [0, 3];
    else if (this.#eat("+")) range = [1, 4];
    else if (this.#eat("?")) range = [0, 1];
    else if (this.#peek() === "{") {
      const found = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(
        this.#text.slice(this.#at, this.#at + 13),
      );
      if (found === null) return null;
      this.#at += found[0].length;
      const least = Number(found[1]);
      range = [
        least,
        found[2] === undefined ? least : found[3] === "" ? least + 2 : Number(found[3]),
      ];
    } else return 1;
    this.#eat("?");
    if (range[0] > most) return null;
    return this.#random.between(range[0], Math.min(range[1], range[0] + 8));
  }

  #one(set: string): string {
    return set[this.#random.number(set.length)] ?? "";
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    return this.#text[this.#at++] ?? "";
  }

  #eat(character: string): boolean {
    if (this.done || this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}
