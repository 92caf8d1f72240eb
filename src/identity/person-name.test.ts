import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looksLike, whyNoNewName } from "./person-name.ts";

describe("a new name", () => {
  it("is none that Tidelock itself acts under, nor one that looks like it", () => {
    for (const name of [
      "auto",
      "Auto",
      "system",
      "server",
      "tidelock",
      "unknown",
      "anyone",
      "operator",
      "0perator",
      "аuto",
      "token:x",
      "oper\u{1d41a}tor",
      "tideIock",
    ]) {
      // prettier-ignore
      expect([name, whyNoNewName(name, [])]).toEqual([name, expect.stringContaining("Tidelock")]);
    }
    expect(whyNoNewName("automation@shop.example", [])).toBeNull();
  });

  it("mixes no scripts within a word, and is written in plain characters", () => {
    expect(whyNoNewName("аdmin", [])).toBe("аdmin mixes letters of Latin and Cyrillic");
    expect(whyNoNewName("mαria@shop.example", [])).toContain("Latin and Greek");
    expect(whyNoNewName("ｍaria", [])).toContain("write maria");
    expect(whyNoNewName("ﬁona", [])).toContain("write fiona");
    for (const hidden of ["maria\u115f@shop.example", "maria\u3164", "ma\u00adria"]) {
      expect([hidden, whyNoNewName(hidden, [])]).toEqual([hidden, expect.stringContaining("nobody sees")]); // prettier-ignore
    }
    // A capital L is told from a capital I.
    expect(whyNoNewName("Ian@shop.example", ["Lan@shop.example"])).toBeNull();
    for (const name of [
      "Мария",
      "мария@shop.example",
      "Γιώργος",
      "山田太郎",
      "山田ハナコ",
      "Åsa Öberg",
      "Jo3 D",
      "김철수",
      "محمد",
    ]) {
      // prettier-ignore
      expect([name, whyNoNewName(name, ["maria@shop.example", "admin"])]).toEqual([name, null]);
    }
  });

  it("is not taken for one that is known, whatever it is made of", () => {
    const doubles = [
      ["ореn", "оpеn"],
      ["аре", "ape"],
      ["АРЕ", "ape"],
      ["сорра", "coppa"],
      ["οκο", "oko"],
      ["bemd@shop.example", "bernd@shop.example"],
      ["max0", "maxo"],
      ["pau1@shop.example", "paul@shop.example"],
      ["maria@shop.exampIe", "maria@shop.example"],
      ["maria@shop.example", "maria@shop.exampIe"],
      ["Ida Small", "lda  Small"],
    ] as const;
    for (const [name, known] of doubles) {
      expect([name, whyNoNewName(name, ["x", known])]).toEqual([name, expect.any(String)]);
      // Whichever of them was there first.
      expect([known, whyNoNewName(known, [name])]).toEqual([known, expect.any(String)]);
    }
    // The same name in another spelling is told elsewhere, by everything that counts people.
    expect(whyNoNewName("Paul@shop.example", ["paul@shop.example"])).toBeNull();
    expect(
      whyNoNewName("paul@shop.example", ["paul@shop.example", "paula@shop.example"]),
    ).toBeNull();
  });

  it("looks like itself, also when what it looks like is looked at again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(looksLike(looksLike(name))).toBe(looksLike(looksLike(looksLike(name))));
        expect(looksLike(name.normalize("NFKC"))).toBe(looksLike(name));
      }),
    );
  });
});
