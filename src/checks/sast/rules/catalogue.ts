import type { SarifRule } from "../../sarif.ts";

/** Raised when a rule finds more or less. */
export const rulesVersion = "1.0.0";

function rule(
  id: string,
  severity: number,
  cwe: readonly number[],
  title: string,
  help: string,
): SarifRule {
  return { id, severity, cwe, title, help };
}

/** Severities read like CVSS base scores of a typical case; a hit with a weaker source has a lower one. */
export const sastRules: readonly SarifRule[] = [
  rule(
    "code-injection",
    9.8,
    [94, 95],
    "Code made from input",
    "Text from outside is run as code. Parse it as data, or choose from a fixed list.",
  ),
  rule(
    "command-injection",
    9.8,
    [78],
    "Command made from input",
    "Text from outside reaches a shell. Use execFile or spawn with an array of arguments and no shell.",
  ),
  rule(
    "sql-injection",
    9.4,
    [89],
    "SQL made from input",
    "Text from outside becomes part of a statement. Use parameters ($1, ?) or a query builder.",
  ),
  rule(
    "nosql-injection",
    7.5,
    [943],
    "Query object made from input",
    "An object from a request can carry operators ($gt, $where). Turn each value into a string or validate its type first.",
  ),
  rule(
    "path-traversal",
    7.5,
    [22],
    "File name made from input",
    "A name from outside can lead out of its folder. Take path.basename of it, or compare the resolved path with the folder.",
  ),
  rule(
    "ssrf",
    8.1,
    [918],
    "Request to an address from input",
    "Whoever chooses the address reaches what this server reaches. Choose from a fixed list of hosts.",
  ),
  rule(
    "open-redirect",
    6.1,
    [601],
    "Redirect to an address from input",
    "A link to this site can lead anywhere. Redirect to fixed paths or a checked list.",
  ),
  rule(
    "reflected-xss",
    7.1,
    [79],
    "Input in an HTML answer",
    "Text from outside is sent as HTML. Let a template escape it, or answer JSON.",
  ),
  rule(
    "dom-xss",
    7.1,
    [79],
    "Input written into the page as HTML",
    "Use textContent, or sanitise with a library made for it.",
  ),
  rule(
    "unescaped-template",
    6.1,
    [79],
    "Template output without escaping",
    "The template writes a value as it is. Use the escaping form.",
  ),
  rule(
    "autoescape-off",
    7.1,
    [79],
    "Template engine does not escape",
    "Switch automatic escaping on.",
  ),
  rule(
    "regex-injection",
    5.9,
    [1333, 400],
    "Regular expression made from input",
    "Whoever writes the expression can make it run for minutes. Escape it, or do not offer it.",
  ),
  rule(
    "slow-regex",
    5.3,
    [1333],
    "Regular expression that can run for minutes",
    "A repetition inside a repetition takes exponential time on some texts. Rewrite it.",
  ),
  rule(
    "prototype-pollution",
    7.3,
    [1321],
    "Property name from input",
    "A name such as __proto__ changes every object. Use a Map, or refuse such names.",
  ),
  rule(
    "mass-assignment",
    5.4,
    [915],
    "Whole request written to a record",
    "The sender chooses the fields. Pick the ones that are meant.",
  ),
  rule(
    "unsafe-deserialization",
    9.1,
    [502],
    "Input deserialised by an unsafe library",
    "It can run code. Use JSON, or a loader that makes plain data only.",
  ),
  rule(
    "xml-external-entities",
    8.2,
    [611],
    "XML with external entities",
    "The document can read files and reach hosts. Leave entities off.",
  ),
  rule(
    "log-injection",
    3.1,
    [117],
    "Input in a log line",
    "Line ends in it forge entries. Log it as a field of structured data, or strip control characters.",
  ),
  rule(
    "weak-password-hash",
    7.5,
    [916, 328],
    "Password hashed by a fast or broken hash",
    "Use argon2id, scrypt or bcrypt.",
  ),
  rule(
    "weak-hash",
    3.7,
    [327, 328],
    "Broken hash",
    "MD5 and SHA-1 have collisions. Use SHA-256 where it guards anything.",
  ),
  rule("weak-cipher", 5.9, [327], "Weak cipher or mode", "Use AES-256-GCM or ChaCha20-Poly1305."),
  rule(
    "insecure-random",
    7.0,
    [338],
    "Guessable random value",
    "Math.random can be predicted. Use crypto.randomBytes or crypto.randomUUID.",
  ),
  rule(
    "tls-verification-off",
    7.4,
    [295],
    "TLS certificate is not verified",
    "Anybody on the way can answer. Trust the right authority instead.",
  ),
  rule("weak-tls", 5.9, [326], "Old TLS version", "Ask for TLS 1.2 or newer."),
  rule(
    "cors-any-origin",
    5.3,
    [942],
    "Any site may read the answers",
    "Name the origins that may.",
  ),
  rule(
    "cookie-flags",
    5.3,
    [614, 1004],
    "Cookie without protection",
    "Set httpOnly, secure and sameSite.",
  ),
  rule(
    "hardcoded-secret",
    7.5,
    [798],
    "Key in the code",
    "Read it from the environment or a secret store when the process starts.",
  ),
  rule(
    "jwt-not-verified",
    8.2,
    [347],
    "Token that is not verified",
    "Verify the signature, with the algorithms named and none not among them.",
  ),
  rule(
    "error-details",
    4.3,
    [209],
    "Error details in an answer",
    "Log the error; tell the sender only that there was one.",
  ),
];

export const severityOf: ReadonlyMap<string, number> = new Map(
  sastRules.map(({ id, severity }) => [id, severity]),
);
