import { randomInt } from "node:crypto";

/** Crockford's base 32 without what people confuse; people type these. */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";

/** `p` and ten letters (50 random bits): short enough to type, unique without asking anybody. */
export function newPromotionId(): string {
  let id = "p";
  for (let count = 0; count < 10; count += 1) id += letters[randomInt(letters.length)];
  return id;
}

/** `i` and twelve letters: one import of a report. */
export function newImportId(): string {
  let id = "i";
  for (let count = 0; count < 12; count += 1) id += letters[randomInt(letters.length)];
  return id;
}
/** `a` and twelve letters: what somebody said of a finding. */
export function newActId(): string {
  let id = "a";
  for (let count = 0; count < 12; count += 1) id += letters[randomInt(letters.length)];
  return id;
}
