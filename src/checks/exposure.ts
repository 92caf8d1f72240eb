import type { Exchange } from "./exchange.ts";

/**
 * Things that are not for users, and how their content is told from a page that answers everything. All
 * patterns here are tried on hostile bodies: no two open-ended repetitions that can share characters.
 */
export const exposedFiles: readonly { readonly path: string; readonly sign: RegExp }[] = [
  { path: "/.git/HEAD", sign: /^(ref: refs\/|[0-9a-f]{40}\s*$)/ },
  { path: "/.git/config", sign: /^[ \t]{0,20}\[core\]/m },
  { path: "/.env", sign: /^[ \t]{0,20}(export )?[A-Z][A-Z0-9_]{0,100} ?=/m },
  { path: "/.npmrc", sign: /^[^<\n]{0,300}(_authToken|registry) ?=/m },
  { path: "/.aws/credentials", sign: /aws_(access_key_id|secret_access_key) ?=/ },
  { path: "/.htpasswd", sign: /^[^:<\s]{1,100}:(\$|\{SHA\})/m },
  { path: "/server-status", sign: /Apache Server Status/ },
  { path: "/tidelock.yaml", sign: /^apiVersion: ?tidelock\.dev\//m },
];

/** Pages that servers generate for a folder without an index. */
export function isListing({ status, body }: Exchange): boolean {
  return (
    status === 200 &&
    /<(title|h1|h2)>\s*(Index of |Directory listing (for|of) |Directory: |listing directory )/i.test(
      body,
    )
  );
}

/** Frames of the usual languages' stack traces. */
const frames: readonly RegExp[] = [
  /\bat [^\n()]{1,200} \([^\n()]{1,300}:\d{1,7}:\d{1,7}\)/, // JavaScript
  /\bat (file:\/\/)?\/[^\s:]{1,300}:\d+:\d+/,
  /Traceback \(most recent call last\)/, // Python
  /\bat [\w$.]{1,200}\([\w$]{1,100}\.(java|kt|scala):\d{1,7}\)/, // JVM
  /goroutine \d+ \[running\]/, // Go
  /<b>(Fatal error|Warning|Notice)<\/b>:.{1,500} on line <b>\d+<\/b>/, // PHP
  /\bin [^\s:]{1,300}\.rb:\d+:in /, // Ruby
  /^[ \t]{0,20}from [^\s:]{1,300}\.rb:\d+:in /m,
  /thread '[^']{1,100}' panicked at /, // Rust
  / at [\w.<>`]{1,200}\([^\n()]{0,300}\) in [^\n]{1,300}:line \d+/, // .NET
];

export function showsStack({ body }: Exchange): boolean {
  return frames.some((frame) => frame.test(body));
}
