/** Shorter values would blank half of every text; they are no secrets to speak of. */
const shortestSecret = 4;
/** A line of a longer secret (a PEM key) is blanked by itself when it has at least this many characters. */
const shortestLine = 8;

const blank = "[redacted]";

export interface Redactor {
  readonly clean: (text: string) => string;
  /** The same for a text that was cut: what it ends in may be the beginning of a secret. */
  readonly cleanCut: (text: string) => string;
}

/**
 * Blanks secrets in what is about to be kept (law 11): each as it is, percent-encoded, in JSON, in base64,
 * and line by line. A secret that was encoded in another way is not found.
 */
export function redactor(secrets: readonly string[]): Redactor {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    const whole = secret.toWellFormed();
    for (const text of [whole, ...linesOf(whole)]) {
      forms.add(text);
      forms.add(encodeURIComponent(text));
      forms.add(JSON.stringify(text).slice(1, -1));
      forms.add(Buffer.from(text).toString("base64"));
      forms.add(Buffer.from(text).toString("base64url"));
    }
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const clean = (text: string) =>
    longestFirst.reduce((rest, form) => rest.replaceAll(form, blank), text);
  return {
    clean,
    cleanCut: (text) => {
      const cleaned = clean(text);
      const partial = Math.max(0, ...longestFirst.map((form) => overlap(cleaned, form)));
      return partial === 0 ? cleaned : cleaned.slice(0, cleaned.length - partial) + blank;
    },
  };
}

function linesOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/);
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= shortestLine);
}

/** How many characters of the end of `text` are a beginning of `form`; fewer than four are chance. */
function overlap(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length >= shortestSecret; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}
