import { entropy, isPlaceholder } from "./values.ts";

/** Where a secret begins and ends in a text, and what it is. It is never carried further than this. */
export interface Found {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  /** The part of it that every secret of its kind begins with, and that therefore says nothing. */
  readonly prefix: string;
}

interface Pattern {
  readonly rule: string;
  /** Group 1 is the secret; without a group the whole match is. Flags `dg`. */
  readonly expression: RegExp;
  readonly accept?: (value: string) => boolean;
  /** Guesses by name, which are wrong in the packages and documents of others. */
  readonly guess?: boolean;
  readonly prefix?: number;
}

/**
 * What the library's rules miss or want more context for. No expression has nested repetition: the texts are
 * hostile, and each must stay linear.
 */
export const patterns: readonly Pattern[] = [
  {
    rule: "aws-access-key-id",
    expression: /(?<![A-Za-z0-9/+])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9/+])/dg,
    accept: (value) => !value.endsWith("EXAMPLE"),
    prefix: 4,
  },
  {
    rule: "aws-secret-access-key",
    expression:
      /(?:aws|secret)[\w.-]{0,30}key["']?\s{0,5}(?:=>|[:=])\s{0,5}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi,
    accept: (value) => entropy(value) > 3.5 && !value.endsWith("EXAMPLEKEY"),
  },
  {
    rule: "private-key",
    expression:
      /-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\w+/=:,.\s\\"'-]){16,20000}/dg,
  },
  {
    rule: "jwt",
    expression:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}/dg,
    prefix: 3,
  },
  {
    rule: "google-api-key",
    expression: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/dg,
    prefix: 4,
  },
  {
    rule: "azure-storage-key",
    expression: /AccountKey=([A-Za-z0-9+/]{86}==)/dg,
  },
  {
    rule: "slack-webhook",
    expression:
      /hooks\.slack\.com\/services\/(T[A-Z0-9]{6,14}\/B[A-Z0-9]{6,14}\/[A-Za-z0-9]{20,28})/dg,
  },
  {
    rule: "npm-token",
    expression: /_(?:authToken|auth|password)\s{0,3}=\s{0,3}["']?([^\s"'$#;]{8,500})/dg,
    accept: (value) => !isPlaceholder(value),
  },
  {
    rule: "connection-string",
    expression:
      /(?<![a-z0-9])[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/?#@"'`<>{}$]{1,100}:([^\s:/?#@"'`<>{}$*]{3,200})@[\w[]/dgi,
    accept: (value) => !isPlaceholder(value),
  },
  {
    rule: "hardcoded-credential",
    guess: true,
    expression:
      /(?<![A-Za-z])[\w.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|apikey|auth[_-]?token|access[_-]?token|private[_-]?key|client[_-]?secret|signing[_-]?key|encryption[_-]?key|credential)s?[\w-]{0,20}["'\]]{0,2}\s{0,5}(?:=>|:=|[:=]{1,3})\s{0,5}(?:[\w.]{1,40}\s{0,2}(?:\|\||\?\?)\s{0,2})?["'`]([^"'`\n\r]{6,300})["'`]/dgi,
    accept: looksSecret,
  },
  {
    // NAME=value, name: value without quotation marks, in files that are settings.
    rule: "hardcoded-credential",
    guess: true,
    expression:
      /^[ \t]{0,20}(?:export[ \t]{1,3}|-[ \t]{1,3}|ENV[ \t]{1,3}|ARG[ \t]{1,3})?[\w.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|apikey|auth[_-]?token|access[_-]?token|token|private[_-]?key)[\w-]{0,20}[ \t]{0,3}[:=][ \t]{0,3}([^\s"'`#;,(){}[\]<>$]{6,300})[ \t]{0,10}$/dgim,
    accept: looksSecret,
  },
];

/** Files whose lines are `name = value` without quotation marks. */
export const settingsFile =
  /(?:^|\/)(?:\.env[\w.-]*|[\w.-]+\.env|Dockerfile[\w.-]*|Containerfile|[\w.-]+\.(?:ya?ml|ini|cfg|conf|config|properties|toml|tfvars))$/i;

export function looksSecret(value: string): boolean {
  if (isPlaceholder(value)) return false;
  // Sentences, names of things, paths, and code are what is said about secrets, not secrets.
  if (/\s/.test(value) && value.trim().split(/\s+/).length > 2) return false;
  if (/^(?:[./~]|https?:|[a-z]+(?:[._-][a-z]+){2,}$)/i.test(value) && entropy(value) < 4)
    return false;
  if (/^[a-z]+(?:[A-Z][a-z]+)+$/.test(value)) return false;
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value)) return false;
  if (
    /^(?:true|false|null|undefined|none|required|optional|string|text|number|boolean|hidden)$/i.test(
      value,
    )
  )
    return false;
  if (
    /^\w+\(.*\)$/.test(value) ||
    /^(?:process\.env|os\.environ|env|config|this|self|req|params)[.[]/.test(value)
  )
    return false;
  return true;
}

/** @param which certain kinds by their form, or guesses by the name beside them (`quoted`: only `name = "…"`) */
export function findByPatterns(text: string, which: "certain" | "guesses" | "quoted"): Found[] {
  return patterns.flatMap(({ rule, expression, accept, guess, prefix }) => {
    if ((guess === true) !== (which !== "certain")) return [];
    if (which === "quoted" && expression.multiline) return [];
    const found: Found[] = [];
    for (const match of text.matchAll(expression)) {
      const value = match[1] ?? match[0];
      const [start, end] = match.indices?.[1] ?? match.indices?.[0] ?? [0, 0];
      if (accept?.(value) === false) continue;
      found.push({ rule, start, end, prefix: value.slice(0, prefix ?? 0) });
      if (found.length >= 500) break;
    }
    return found;
  });
}
