/**
 * What deliberately vulnerable programs that nobody here wrote publish about themselves, as far as it is a
 * matter of their own code. Fixed before the first run. `rule: null` are published flaws that reading one file
 * at a time cannot see by design (missing authorization, forgery across sites, sessions, old components,
 * missing encryption): they count neither as found nor as missed, and stand here so that nobody takes them for
 * covered.
 */
export interface Published {
  readonly flaw: string;
  readonly file: string;
  readonly rule: string | readonly string[] | null;
}

export interface Program {
  readonly name: string;
  /** The commit that was read. */
  readonly commit: string;
  /** Where it says so itself. */
  readonly source: string;
  /** Not its own code: libraries copied in, its own tests, and pages that quote the flaws. */
  readonly exclude: readonly string[];
  readonly published: readonly Published[];
}

export const programs: readonly Program[] = [
  {
    name: "dvna",
    commit: "9ba473add536f66ac9007966acb2a775dd31277a",
    source: "docs/solution/*.md",
    exclude: ["public/assets/**", "docs/**"],
    published: [
      { flaw: "SQL injection", file: "core/appHandler.js", rule: "sql-injection" },
      { flaw: "Command injection", file: "core/appHandler.js", rule: "command-injection" },
      {
        flaw: "Insecure reset token (MD5 of the login)",
        file: "core/authHandler.js",
        rule: ["weak-hash", "weak-password-hash"],
      },
      { flaw: "Insecure session secret", file: "server.js", rule: "hardcoded-secret" },
      { flaw: "XML external entities", file: "core/appHandler.js", rule: "xml-external-entities" },
      {
        flaw: "Reflected XSS in the search",
        file: "views/app/products.ejs",
        rule: "unescaped-template",
      },
      {
        flaw: "Stored XSS in the listing",
        file: "views/app/products.ejs",
        rule: "unescaped-template",
      },
      {
        flaw: "DOM XSS in the user listing",
        file: "views/app/adminusers.ejs",
        rule: ["dom-xss", "unescaped-template"],
      },
      {
        flaw: "Insecure deserialization",
        file: "core/appHandler.js",
        rule: "unsafe-deserialization",
      },
      { flaw: "Unvalidated redirect", file: "core/appHandler.js", rule: "open-redirect" },
      { flaw: "Hashed passwords disclosed by an API", file: "core/appHandler.js", rule: null },
      { flaw: "Unauthorized access to the users API", file: "core/appHandler.js", rule: null },
      { flaw: "Missing authorization in edit user", file: "core/appHandler.js", rule: null },
      { flaw: "Stack traces sent", file: "server.js", rule: null },
      { flaw: "X-Powered-By header", file: "server.js", rule: null },
      { flaw: "mathjs with a known vulnerability", file: "package.json", rule: null },
      { flaw: "Cross-site request forgery", file: "core/appHandler.js", rule: null },
      { flaw: "Insufficient logging", file: "core/passport.js", rule: null },
    ],
  },
  {
    name: "NodeGoat",
    commit: "c5cb68a7084e4ae7dcc60e6a98768720a81841e8",
    source: "app/views/tutorial/*.html",
    exclude: ["app/assets/vendor/**", "app/views/tutorial/**", "test/**", "cypress/**"],
    published: [
      {
        flaw: "A1 server-side JavaScript injection",
        file: "app/routes/contributions.js",
        rule: "code-injection",
      },
      {
        flaw: "A1 NoSQL injection ($where)",
        file: "app/data/allocations-dao.js",
        rule: "nosql-injection",
      },
      { flaw: "A1 log injection", file: "app/routes/session.js", rule: "log-injection" },
      { flaw: "A2 session cookie without flags", file: "server.js", rule: "cookie-flags" },
      { flaw: "A3 XSS: templates do not escape", file: "server.js", rule: "autoescape-off" },
      { flaw: "A10 unvalidated redirect", file: "app/routes/index.js", rule: "open-redirect" },
      {
        flaw: "Regular expression denial of service",
        file: "app/routes/profile.js",
        rule: "slow-regex",
      },
      { flaw: "Server-side request forgery", file: "app/routes/research.js", rule: "ssrf" },
      { flaw: "A2 passwords stored as they are", file: "app/data/user-dao.js", rule: null },
      { flaw: "A2 session fixation", file: "app/routes/session.js", rule: null },
      {
        flaw: "A4 insecure direct object reference",
        file: "app/routes/allocations.js",
        rule: null,
      },
      { flaw: "A5 misconfiguration (headers, session name)", file: "server.js", rule: null },
      { flaw: "A6 sensitive data not encrypted", file: "app/data/profile-dao.js", rule: null },
      { flaw: "A7 missing function level access control", file: "app/routes/index.js", rule: null },
      { flaw: "A8 cross-site request forgery", file: "server.js", rule: null },
      { flaw: "A9 components with known vulnerabilities", file: "package.json", rule: null },
    ],
  },
];
