import { sarifRule as rule, type SarifRule } from "../sarif.ts";

/** CWE-489 active debug code, 530 backup files, 540 source in what ships, 1295 debug messages. */
export const devToolRules: readonly SarifRule[] = [
  rule(
    "debugger-listens",
    8.5,
    [489],
    "The service starts with a debugger that listens",
    "Whoever reaches its port runs code in the service. Start it without --inspect.",
  ),
  rule(
    "memory-dump",
    7.5,
    [528],
    "A dump of a process's memory",
    "It holds every secret that the process held. Leave it out and delete it where it came from.",
  ),
  rule(
    "environment-file",
    7,
    [538],
    "A file with settings of an environment",
    "Settings come from the environment's configuration. Leave the file out of the release.",
  ),
  rule(
    "development-start",
    5.3,
    [489],
    "The service starts through a development tool",
    "Start the program itself: node main.js.",
  ),
  rule(
    "development-package",
    5,
    [489],
    "A development package ships",
    "Install with --omit=dev before packing.",
  ),
  rule("debugger-statement", 4.3, [489], "A debugger statement", "Take it out."),
  rule(
    "version-control",
    5.3,
    [527],
    "Files of a version control system",
    "Leave them out of the release.",
  ),
  rule(
    "source-map",
    4.3,
    [540],
    "A source map",
    "It gives the sources to whoever loads the page. Keep it where errors are looked at, and do not ship it.",
  ),
  rule(
    "backup-file",
    4.3,
    [530],
    "A backup copy of a file",
    "A server may send it as text. Leave it out.",
  ),
  rule("tool-log", 4.3, [532], "A log of a build tool", "Leave it out of the release."),
  rule("editor-file", 2.5, [538], "A file of an editor or desktop", "Leave it out of the release."),
  rule(
    "test-folder",
    2.5,
    [531],
    "Tests ship",
    "Leave them out of the release: test code and fixtures are no part of a service.",
  ),
];
