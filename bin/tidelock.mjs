#!/usr/bin/env node
// The command `tidelock`. Plain JavaScript that every Node can read, so that an old one gets a sentence and
// not a syntax error. In a clone it runs the sources, in the package what was built from them.
import { existsSync } from "node:fs";

// Its `crypto.argon2` hashes passwords.
const needed = "24.7";
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 24 || (major === 24 && minor < 7)) {
  process.stderr.write(
    `tidelock: needs Node ${needed} or newer, and this is Node ${process.version}. ` +
      `Install it, or let npm fetch one for this call: npx -p node@24 -p tidelock tidelock --version\n`,
  );
  process.exitCode = 1;
} else {
  const sources = new URL("../src/cli/main.ts", import.meta.url);
  const built = new URL("../dist/cli/main.js", import.meta.url);
  await import((existsSync(sources) ? sources : built).href);
}
