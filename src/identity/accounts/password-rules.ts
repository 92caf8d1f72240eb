/**
 * NIST SP 800-63B-4, 3.1.1.2: length, and a list of what everybody tries; no rules of composition, no change by the
 * calendar. Every character counts, spaces too; a text that looks the same is the same (NFKC, 3.1.1.2).
 */
const least = 12;
/** Longer ones would cost whoever computes them, and say nothing more. */
const most = 256;

/** Beginnings of what is tried first, at least in part of our length: lists of leaked passwords, without variations. */
const commonest = [
  "123456789012",
  "1234567890123",
  "12345678910",
  "123123123123",
  "111111111111",
  "000000000000",
  "987654321098",
  "qwertyuiop12",
  "qwertyuiopas",
  "1qaz2wsx3edc",
  "1q2w3e4r5t6y",
  "zxcvbnm,./",
  "asdfghjkl",
  "passwordpassword",
  "password1234",
  "password12345",
  "mypassword",
  "letmeinletmein",
  "iloveyou",
  "unbelievable",
  "administrator",
  "adminadminadmin",
  "changemechangeme",
  "welcomewelcome",
  "correcthorsebatterystaple",
  "correct horse battery staple",
  "trustno1trustno1",
  "abcdefghijkl",
  "abcd1234abcd",
  "abc123abc123",
];

/** Words that are no secret here. */
const known = ["tidelock", "password", "welcome", "administrator", "operator", "changeme"];

/** As it is hashed: the same text, however a keyboard made it. */
export function plainPassword(text: string): string {
  return text.normalize("NFKC");
}

/** Why a password is not taken; null: it is. Names never the password. */
export function passwordProblem(password: string, name: string): string | null {
  const plain = plainPassword(password);
  const length = [...plain].length;
  if (length < least) return `it has ${length} characters; ${least} are the least`;
  if (length > most) return `it has more than ${most} characters`;
  const bare = squeezed(plain);
  if (new Set(bare).size < 5) return "it repeats a few characters";
  const listed = commonest.map(squeezed);
  if (listed.includes(bare) || listed.some((one) => one.length >= 9 && isPadded(bare, one))) {
    return "it is one of those that everybody tries first";
  }
  const parts = [name, ...name.split(/[^\p{L}\p{N}]+/u)].map(squeezed);
  for (const part of [...parts, ...known]) {
    if (part.length >= 3 && isPadded(bare, part)) return "it is made of your name, or of a word that is known here"; // prettier-ignore
  }
  return null;
}

function squeezed(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Whether fewer than eight characters are left without a word: digits and marks around it are tried as well. */
function isPadded(text: string, word: string): boolean {
  return text.includes(word) && text.replaceAll(word, "").length < 8;
}
