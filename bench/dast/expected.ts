/**
 * What two deliberately vulnerable programs say of themselves, written down before the scanner was ever run
 * against either. A flaw is found when a finding's rule, route, parameter and technique all fit one of its
 * `ours`; the same for wapiti's category, path and parameter. Nothing here is changed after a run; what a
 * scanner does not even try stays in the list and counts as missed.
 */
export interface Published {
  /** As the program's own list calls it. */
  readonly name: string;
  /** Counts for the goal "injection classes at least 0.8 of wapiti's". */
  readonly injection: boolean;
  /** Needs two identities, or at least to know who asks. */
  readonly access: boolean;
  readonly ours: readonly OursMatch[];
  readonly wapiti: readonly WapitiMatch[];
}

export interface OursMatch {
  readonly rule: string;
  readonly technique?: string;
  /** Route template as Tidelock writes it; `*` for any. */
  readonly route: string;
  readonly parameter?: string;
}

export interface WapitiMatch {
  readonly category: string;
  /** A pattern over the path that it reports. */
  readonly path: RegExp;
  readonly parameter?: string;
}

export interface Application {
  readonly id: string;
  /** Public repository whose own list this is, and where in it. */
  readonly repository: string;
  readonly list: string;
  readonly flaws: readonly Published[];
}

function flaw(
  name: string,
  kind: "injection" | "access" | "other",
  ours: readonly OursMatch[],
  wapiti: readonly WapitiMatch[] = [],
): Published {
  return { name, injection: kind === "injection", access: kind === "access", ours, wapiti };
}

const at = (rule: string, parameter?: string, technique?: string, route = "/"): OursMatch => ({
  rule,
  route,
  ...(parameter === undefined ? {} : { parameter }),
  ...(technique === undefined ? {} : { technique }),
});
const w = (category: string, parameter?: string, path: RegExp = /^\/$/): WapitiMatch => ({
  category,
  path,
  ...(parameter === undefined ? {} : { parameter }),
});

export const dsvw: Application = {
  id: "dsvw",
  repository: "stamparm/DSVW",
  list: "the list of attacks on its start page",
  flaws: [
    flaw(
      "Blind SQL Injection (boolean)",
      "injection",
      [at("sql-injection", "id", "boolean")],
      [w("SQL Injection", "id"), w("Blind SQL Injection", "id")],
    ),
    flaw(
      "Blind SQL Injection (time)",
      "injection",
      [at("sql-injection", "id", "time")],
      [w("Blind SQL Injection", "id")],
    ),
    flaw(
      "UNION SQL Injection",
      "injection",
      [at("sql-injection", "id", "union")],
      [w("SQL Injection", "id")],
    ),
    flaw(
      "Login Bypass",
      "injection",
      [at("sql-injection", "password", undefined, "/login")],
      [
        w("SQL Injection", "password", /^\/login$/),
        w("Blind SQL Injection", "password", /^\/login$/),
      ],
    ),
    flaw("HTTP Parameter Pollution", "other", [
      at("parameter-pollution", "password", undefined, "/login"),
    ]),
    flaw(
      "Cross Site Scripting (reflected)",
      "injection",
      [at("xss-reflected", "v")],
      [w("Cross Site Scripting", "v"), w("Reflected Cross Site Scripting", "v")],
    ),
    flaw(
      "Cross Site Scripting (stored)",
      "injection",
      [at("xss-stored", "comment")],
      [w("Cross Site Scripting", "comment"), w("Stored Cross Site Scripting", "comment")],
    ),
    flaw("Cross Site Scripting (DOM)", "injection", [at("xss-dom", undefined)]),
    flaw(
      "Cross Site Scripting (JSONP)",
      "injection",
      [
        at("xss-jsonp", "callback", undefined, "/users.json"),
        at("xss-reflected", "callback", undefined, "/users.json"),
      ],
      [
        w("Cross Site Scripting", "callback", /^\/users\.json$/),
        w("Reflected Cross Site Scripting", "callback", /^\/users\.json$/),
      ],
    ),
    flaw(
      "XML External Entity (local)",
      "injection",
      [at("xxe", "xml", "local")],
      [w("XXE", "xml")],
    ),
    flaw(
      "XML External Entity (remote)",
      "injection",
      [at("xxe", "xml", "remote")],
      [w("XXE", "xml")],
    ),
    flaw(
      "Server Side Request Forgery",
      "injection",
      [at("ssrf", "path")],
      [w("Server Side Request Forgery", "path")],
    ),
    flaw(
      "Blind XPath Injection (boolean)",
      "injection",
      [at("xpath-injection", "name")],
      [w("SQL Injection", "name"), w("Blind SQL Injection", "name"), w("XPath Injection", "name")],
    ),
    flaw(
      "Cross Site Request Forgery",
      "other",
      [at("csrf", "comment")],
      [w("Cross Site Request Forgery")],
    ),
    flaw(
      "Frame Injection (phishing)",
      "injection",
      [at("xss-reflected", "v")],
      [w("Cross Site Scripting", "v"), w("Reflected Cross Site Scripting", "v")],
    ),
    flaw(
      "Frame Injection (content spoofing)",
      "injection",
      [at("xss-reflected", "v")],
      [w("Cross Site Scripting", "v"), w("Reflected Cross Site Scripting", "v")],
    ),
    flaw(
      "Clickjacking",
      "other",
      [at("framing", undefined, undefined, "*")],
      [w("HTTP Secure Headers", undefined, /./), w("Clickjacking Protection", undefined, /./)],
    ),
    flaw(
      "Unvalidated Redirect",
      "injection",
      [at("open-redirect", "redir")],
      [w("Open Redirect", "redir")],
    ),
    flaw(
      "Arbitrary Code Execution",
      "injection",
      [at("command-injection", "domain")],
      [w("Command execution", "domain")],
    ),
    flaw(
      "Full Path Disclosure",
      "other",
      [at("verbose-error", "path")],
      [w("Internal Server Error", "path")],
    ),
    flaw(
      "Source Code Disclosure",
      "other",
      [at("source-disclosure", "path")],
      [w("Path Traversal", "path"), w("File Handling", "path")],
    ),
    flaw(
      "Path Traversal",
      "injection",
      [at("path-traversal", "path")],
      [w("Path Traversal", "path"), w("File Handling", "path")],
    ),
    flaw(
      "File Inclusion (remote)",
      "injection",
      [at("code-inclusion", "include")],
      [
        w("Path Traversal", "include"),
        w("File Handling", "include"),
        w("Command execution", "include"),
      ],
    ),
    flaw(
      "HTTP Header Injection (phishing)",
      "injection",
      [at("header-injection", "charset")],
      [w("CRLF Injection", "charset")],
    ),
    flaw("Component with Known Vulnerability (pickle)", "injection", [
      at("unsafe-deserialization", "object"),
    ]),
    // Asking for enough memory to hurt is not something that a scan should do.
    flaw("Denial of Service (memory)", "other", []),
  ],
};

const user = "/users/v1/{username}";

export const vampi: Application = {
  id: "vampi",
  repository: "erev0s/VAmPI",
  list: "its README's list of vulnerabilities",
  flaws: [
    flaw(
      "SQLi Injection",
      "injection",
      [at("sql-injection", "username", undefined, user)],
      [
        w("SQL Injection", undefined, /^\/users\/v1\//),
        w("Blind SQL Injection", undefined, /^\/users\/v1\//),
      ],
    ),
    flaw("Unauthorized Password Change", "access", [
      at("object-access", undefined, undefined, `${user}/password`),
      at("object-access", "username", undefined, `${user}/password`),
    ]),
    flaw("Broken Object Level Authorization", "access", [
      at("object-access", undefined, undefined, "/books/v1/{book_title}"),
      at("object-access", "book_title", undefined, "/books/v1/{book_title}"),
    ]),
    flaw("Mass Assignment", "access", [
      at("mass-assignment", undefined, undefined, "/users/v1/register"),
    ]),
    flaw("Excessive Data Exposure through debug endpoint", "access", [
      at("excessive-data", undefined, undefined, "/users/v1/_debug"),
    ]),
    flaw("User and Password Enumeration", "access", [
      at("user-enumeration", undefined, undefined, "/users/v1/login"),
    ]),
    flaw("RegexDOS (Denial of Service)", "other", [
      at("regex-dos", "email", undefined, `${user}/email`),
    ]),
    flaw("Lack of Resources & Rate Limiting", "access", [
      at("missing-rate-limit", undefined, undefined, "/users/v1/login"),
    ]),
    flaw("JWT authentication bypass via weak signing key", "access", [
      at("weak-token", undefined, undefined, "*"),
    ]),
  ],
};

export const applications: readonly Application[] = [dsvw, vampi];
