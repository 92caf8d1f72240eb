import type { SarifRule } from "../sarif.ts";

function rule(title: string, severity: number, cwe: readonly number[], help: string) {
  return { title, severity, cwe, help };
}

/** Everything that the scanner can say, with what it costs: CVSS-like severity, CWE, what to do instead. */
const table = {
  "sql-injection": rule(
    "SQL injection",
    9.4,
    [89],
    "Pass values as parameters of the statement, never as part of its text.",
  ),
  "nosql-injection": rule(
    "NoSQL injection",
    8.8,
    [943],
    "Take texts where texts are expected: refuse objects and operators in input.",
  ),
  "xpath-injection": rule(
    "XPath injection",
    8.2,
    [643],
    "Bind values as XPath variables, or refuse quotes.",
  ),
  "command-injection": rule(
    "Command injection",
    9.8,
    [78],
    "Start programs by an argument list, never through a shell.",
  ),
  "code-inclusion": rule(
    "Code from another host is run",
    9.8,
    [98, 94],
    "Run nothing that was fetched by an address from input.",
  ),
  "unsafe-deserialization": rule(
    "Deserialization runs what it is given",
    9.8,
    [502],
    "Read data formats that carry no code, such as JSON, with a schema.",
  ),
  "path-traversal": rule(
    "Files outside the folder can be read",
    8.6,
    [22],
    "Resolve the path, then refuse whatever is not inside the folder.",
  ),
  "source-disclosure": rule(
    "The program's own source can be read",
    7.5,
    [540],
    "Keep source outside of what can be served.",
  ),
  "xss-reflected": rule(
    "Cross-site scripting, reflected",
    7.2,
    [79],
    "Escape for the place in the page where the value stands.",
  ),
  "xss-stored": rule(
    "Cross-site scripting, stored",
    8.2,
    [79],
    "Escape for the place in the page where the value stands.",
  ),
  "xss-dom": rule(
    "Cross-site scripting by the page's own script",
    6.1,
    [79],
    "Write text with textContent; never build markup from the address.",
  ),
  "xss-jsonp": rule(
    "JSONP callback takes any script",
    6.1,
    [79],
    "Allow only identifiers as callback, or drop JSONP for CORS.",
  ),
  xxe: rule(
    "XML external entities are resolved",
    8.6,
    [611],
    "Switch document types and external entities off in the parser.",
  ),
  ssrf: rule(
    "The service fetches addresses that a user gives",
    8.6,
    [918],
    "Allow known hosts only, and judge the address that is connected to.",
  ),
  "template-injection": rule(
    "Template injection",
    9.4,
    [1336],
    "Pass values to a template; never make a template of them.",
  ),
  "header-injection": rule("Header injection", 6.5, [113], "Refuse line breaks in header values."),
  "open-redirect": rule(
    "Open redirect",
    5.4,
    [601],
    "Redirect to paths of this host, or to listed hosts.",
  ),
  "object-access": rule(
    "Another user's things can be reached",
    8.1,
    [639],
    "Ask for every object whether this user may do this with it.",
  ),
  "function-access": rule(
    "A function for administrators is open to others",
    8.8,
    [285],
    "Deny by default; ask for the role in the function itself.",
  ),
  "missing-authentication": rule(
    "A secured route answers strangers",
    8.6,
    [306],
    "Ask for a session before the route does anything.",
  ),
  "mass-assignment": rule(
    "A user may set fields that are not the user's",
    8.1,
    [915],
    "List the fields that may be set; refuse others.",
  ),
  "weak-token": rule(
    "Tokens can be forged",
    9.1,
    [347, 327],
    "Sign with a long random key, and accept one algorithm only.",
  ),
  "user-enumeration": rule(
    "The sign-in tells which users exist",
    5.3,
    [204],
    "Give one answer for an unknown user and a wrong password.",
  ),
  "missing-rate-limit": rule(
    "Nothing stops guessing passwords",
    5.3,
    [307],
    "Slow down or refuse after a few wrong passwords.",
  ),
  "excessive-data": rule(
    "Passwords or their hashes are shown",
    7.5,
    [200, 522],
    "List the fields that an answer has; a password is never one.",
  ),
  "regex-dos": rule(
    "A pattern takes exponential time",
    5.9,
    [1333],
    "Bound the input's length, and use patterns without nested repetition.",
  ),
  "cors-credentials": rule(
    "Any site may read with the user's session",
    7.1,
    [942],
    "Allow listed origins only.",
  ),
  "verbose-error": rule(
    "Errors show the program's inside",
    4.3,
    [209],
    "Show a number, and keep the stack trace in the log.",
  ),
  "directory-listing": rule("A folder's content is listed", 5.3, [548], "Switch listings off."),
  "header-policy": rule(
    "A security header is missing or weak",
    2.6,
    [693],
    "Set the header on every answer.",
  ),
  framing: rule(
    "A page may be framed by any site",
    3.1,
    [1021],
    "Say with frame-ancestors who may frame it.",
  ),
  "cookie-flags": rule(
    "A cookie lacks flags",
    3.1,
    [614, 1004, 1275],
    "Set HttpOnly, SameSite, and Secure over TLS.",
  ),
  "weak-tls": rule(
    "TLS is weak",
    6.5,
    [326],
    "TLS 1.2 or newer, with a certificate that is trusted and valid.",
  ),
  "version-leak": rule(
    "Tells what it runs on",
    2.1,
    [200],
    "Leave version numbers out of headers.",
  ),
} as const satisfies Record<string, ReturnType<typeof rule>>;

export type RuleId = keyof typeof table;

export const rules: Readonly<Record<RuleId, SarifRule>> = Object.fromEntries(
  Object.entries(table).map(([id, one]) => [id, { id, ...one }]),
) as unknown as Readonly<Record<RuleId, SarifRule>>;
