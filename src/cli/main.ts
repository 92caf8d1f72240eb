import { readFileSync } from "node:fs";
import module from "node:module";

// The fast path: `--version` loads nothing but this file.
const [first, ...rest] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && rest.length === 0) {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  process.stdout.write(`${(manifest as { version: string }).version}\n`);
} else {
  // Keeps V8's compiled form of our modules between runs (Node 22.8 and newer).
  module.enableCompileCache();
  const { main } = await import("./run.ts");
  await main(process.argv.slice(2));
}
