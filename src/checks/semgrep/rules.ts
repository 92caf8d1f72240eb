interface Rule {
  readonly id: string;
  readonly languages: readonly string[];
  readonly severity: "ERROR" | "WARNING" | "INFO";
  readonly message: string;
  readonly cwe: number;
  /** Alternatives; a hit of any is one. */
  readonly either: readonly string[];
  /** Harmless forms of the same. */
  readonly unless?: readonly string[];
}

const js = ["javascript", "typescript"];

/** Few rules with few false alarms, written for Tidelock; a server's owner adds further ones. */
const rules: readonly Rule[] = [
  {
    id: "js-eval",
    languages: js,
    severity: "ERROR",
    message: "Text is run as a program",
    cwe: 95,
    either: [
      "eval($X)",
      "new Function(..., $X)",
      "vm.runInThisContext($X)",
      "vm.runInNewContext($X, ...)",
    ],
    unless: ['eval("...")', 'new Function("...")'],
  },
  {
    id: "js-shell",
    languages: js,
    severity: "ERROR",
    message: "A command is put together from text and handed to a shell",
    cwe: 78,
    either: [
      "child_process.exec($X, ...)",
      "child_process.execSync($X, ...)",
      "exec(`...${$X}...`, ...)",
      "execSync(`...${$X}...`, ...)",
      `spawn($X, $Y, {..., ${"shell"}: true, ...})`,
    ],
    unless: ['child_process.exec("...", ...)', 'child_process.execSync("...", ...)'],
  },
  {
    id: "js-sql",
    languages: js,
    severity: "ERROR",
    message: "A database statement is put together from text",
    cwe: 89,
    either: [
      "$DB.query(`...${$X}...`, ...)",
      '$DB.query("..." + $X, ...)',
      "$DB.execute(`...${$X}...`, ...)",
    ],
  },
  {
    id: "js-html",
    languages: js,
    severity: "WARNING",
    message: "Text becomes part of a page as HTML",
    cwe: 79,
    either: [
      "$E.innerHTML = $X",
      "$E.outerHTML = $X",
      "document.write($X)",
      "$E.insertAdjacentHTML($P, $X)",
    ],
    unless: ['$E.innerHTML = "..."', '$E.outerHTML = "..."', 'document.write("...")'],
  },
  {
    id: "js-tls-unverified",
    languages: js,
    severity: "ERROR",
    message: "A TLS certificate is not verified",
    cwe: 295,
    either: [
      "{..., rejectUnauthorized: false, ...}",
      'process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"',
    ],
  },
  {
    id: "js-weak-hash",
    languages: js,
    severity: "WARNING",
    message: "MD5 and SHA-1 can be forged",
    cwe: 328,
    either: [
      '$C.createHash("md5")',
      '$C.createHash("sha1")',
      'createHash("md5")',
      'createHash("sha1")',
    ],
  },
  {
    id: "js-jwt-unverified",
    languages: js,
    severity: "ERROR",
    message: "A token is accepted without a signature",
    cwe: 347,
    either: ['$J.verify($T, $K, {..., algorithms: [..., "none", ...], ...})'],
  },
  {
    id: "python-eval",
    languages: ["python"],
    severity: "ERROR",
    message: "Text is run as a program",
    cwe: 95,
    either: ["eval($X, ...)", "exec($X, ...)"],
    unless: ['eval("...", ...)', 'exec("...", ...)'],
  },
  {
    id: "python-shell",
    languages: ["python"],
    severity: "ERROR",
    message: "A command is handed to a shell",
    cwe: 78,
    either: ["subprocess.$F($X, ..., shell=True, ...)", "os.system($X)", "os.popen($X, ...)"],
    unless: [
      'subprocess.$F("...", ..., shell=True, ...)',
      'os.system("...")',
      'os.popen("...", ...)',
    ],
  },
  {
    id: "python-sql",
    languages: ["python"],
    severity: "ERROR",
    message: "A database statement is put together from text",
    cwe: 89,
    either: [
      '$C.execute("..." % $X, ...)',
      '$C.execute("..." + $X, ...)',
      '$C.execute(f"...{$X}...", ...)',
      '$C.execute("...".format(...), ...)',
    ],
  },
  {
    id: "python-deserialize",
    languages: ["python"],
    severity: "ERROR",
    message: "Data from outside can run a program while it is read",
    cwe: 502,
    either: [
      "pickle.loads($X, ...)",
      "pickle.load($X, ...)",
      "marshal.loads($X)",
      "yaml.load($X)",
      "yaml.load($X, Loader=yaml.Loader)",
      "yaml.unsafe_load($X)",
    ],
  },
  {
    id: "python-tls-unverified",
    languages: ["python"],
    severity: "ERROR",
    message: "A TLS certificate is not verified",
    cwe: 295,
    either: ["requests.$F(..., verify=False, ...)", "ssl._create_unverified_context(...)"],
  },
  {
    id: "python-debug",
    languages: ["python"],
    severity: "WARNING",
    message: "A debugger is offered to whoever causes an error",
    cwe: 489,
    either: ["$APP.run(..., debug=True, ...)"],
  },
  {
    id: "go-shell",
    languages: ["go"],
    severity: "ERROR",
    message: "A command is put together from text and handed to a shell",
    cwe: 78,
    either: [
      'exec.Command("sh", "-c", $X)',
      'exec.Command("bash", "-c", $X)',
      'exec.Command("/bin/sh", "-c", $X)',
    ],
    unless: [
      'exec.Command("sh", "-c", "...")',
      'exec.Command("bash", "-c", "...")',
      'exec.Command("/bin/sh", "-c", "...")',
    ],
  },
  {
    id: "go-sql",
    languages: ["go"],
    severity: "ERROR",
    message: "A database statement is put together from text",
    cwe: 89,
    either: [
      "$DB.Query(fmt.Sprintf(...), ...)",
      "$DB.Exec(fmt.Sprintf(...), ...)",
      '$DB.Query("..." + $X, ...)',
      '$DB.Exec("..." + $X, ...)',
    ],
  },
  {
    id: "go-tls-unverified",
    languages: ["go"],
    severity: "ERROR",
    message: "A TLS certificate is not verified",
    cwe: 295,
    either: ["tls.Config{..., InsecureSkipVerify: true, ...}"],
  },
  {
    id: "java-shell",
    languages: ["java"],
    severity: "WARNING",
    message: "A command is put together from text",
    cwe: 78,
    either: [
      'Runtime.getRuntime().exec("..." + $X)',
      "Runtime.getRuntime().exec(String.format(...))",
    ],
  },
  {
    id: "java-sql",
    languages: ["java"],
    severity: "ERROR",
    message: "A database statement is put together from text",
    cwe: 89,
    either: [
      '$S.executeQuery("..." + $X)',
      '$S.executeUpdate("..." + $X)',
      '$S.execute("..." + $X)',
      '$E.createQuery("..." + $X, ...)',
    ],
  },
];

/** Rules as a semgrep file: JSON, which is YAML. */
export function rulesFile(): string {
  return JSON.stringify({
    rules: rules.map(({ id, languages, severity, message, cwe, either, unless }) => ({
      id,
      languages,
      severity,
      message,
      metadata: { cwe: [`CWE-${cwe}`] },
      patterns: [
        { "pattern-either": either.map((pattern) => ({ pattern })) },
        ...(unless ?? []).map((pattern) => ({ "pattern-not": pattern })),
      ],
    })),
  });
}

/** Languages of the rules above, as file names; an owner's rules for others meet files that are not counted. */
export const ruledFiles = /\.(?:[cm]?[jt]sx?|py|go|java)$/;
