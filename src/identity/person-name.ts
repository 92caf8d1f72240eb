import { plainName } from "./plain-name.ts";

/**
 * Whether a new name can be told from every other one by whoever reads it. Unicode TR39 asks the same of identifiers; of
 * its table of confusables (some six thousand lines, another edition each year) this holds the alphabets in which a whole
 * Latin name can be imitated, and its rule of one script for each word (5.2) refuses whatever mixes them.
 */

/** The script of a letter; what belongs to none or to all of them is not asked. */
const scripts = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Armenian",
  "Georgian",
  "Hebrew",
  "Arabic",
  "Cherokee",
  "Coptic",
].map((name) => ({ name, letter: new RegExp(`\\p{Script=${name}}`, "u") }));

/** Each row: a Latin letter, and what looks like it in a common typeface. Small letters after capital ones. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  [
    ["a", "АΑаαɑ"],
    ["b", "ВΒв"],
    ["c", "СсϲϹ"],
    ["d", "Ԁԁ"],
    ["e", "ЕΕеє"],
    ["g", "ɡ"],
    ["h", "НΗһнհ"],
    ["i", "ІΙіιıɩ"],
    ["j", "Јјϳ"],
    ["k", "КΚкκ"],
    ["l", "Ӏӏǀ1|"],
    ["m", "МΜм"],
    ["n", "Νηпո"],
    ["o", "ОΟоοσ0օ"],
    ["p", "РΡрρ"],
    ["q", "Ԛԛ"],
    ["r", "г"],
    ["s", "Ѕѕ"],
    ["t", "ТΤтτ"],
    ["u", "υսʋ"],
    ["v", "νѵ"],
    ["w", "Ԝԝωѡ"],
    ["x", "ХΧхχ"],
    ["y", "УΥуγү"],
    ["z", "Ζ"],
  ].flatMap(([plain = "", others = ""]) => [...others].map((other) => [other, plain] as const)),
);

/** What a name looks like: two that look alike have one and the same, whatever they are made of. Nobody's name. */
export function looksLike(name: string): string {
  const seen = [...name.normalize("NFKC").replace(/\s+/gu, " ")].map(
    (letter) => lookalikes.get(letter) ?? letter,
  );
  return [...plainName(seen.join(""))]
    .map((letter) => lookalikes.get(letter) ?? letter)
    .join("")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/** The same where a capital I is seen as the small l that it looks like; a capital L is neither. */
function looksInCapitals(name: string): string {
  return looksLike(name.normalize("NFKC").replaceAll("L", "\u0141").replaceAll("I", "l"));
}

/** Words by which Tidelock itself calls somebody or something that acts. */
const reserved: ReadonlySet<string> = new Set(
  `operator auto tidelock agent system server bootstrap owner
  unknown anonymous nobody somebody anybody anyone everybody everyone`
    .split(/\s+/)
    .map(looksLike),
);

/**
 * Why a name cannot be a new person's, in a sentence; null: it can.
 *
 * @param others every name that is known here; those that plainly are the same name (see `plainName`) are no reason
 */
export function whyNoNewName(name: string, others: readonly string[]): string | null {
  const [plain, looks, capitals] = [plainName(name), looksLike(name), looksInCapitals(name)];
  if (
    reserved.has(looks) ||
    reserved.has(capitals) ||
    /^(token|workload|person|provider):/i.test(name)
  ) {
    return "Tidelock itself acts under this name, or one that looks like it";
  }
  if (/\p{Default_Ignorable_Code_Point}/u.test(name)) return "it holds characters that nobody sees";
  if (name.normalize("NFKC") !== name) {
    return `it holds characters that stand for others: write ${name.normalize("NFKC")}`;
  }
  const mixed = name.split(/[^\p{L}\p{N}]+/u).find((word) => scriptsOf(word).length > 1);
  if (mixed !== undefined) {
    return `${mixed} mixes letters of ${scriptsOf(mixed).join(" and ")}`;
  }
  const double = others.find(
    (one) =>
      plainName(one) !== plain && (looksLike(one) === looks || looksInCapitals(one) === capitals),
  );
  return double === undefined ? null : `it looks like ${double}, who is somebody else`;
}

function scriptsOf(word: string): readonly string[] {
  return scripts.filter(({ letter }) => letter.test(word)).map((script) => script.name);
}
