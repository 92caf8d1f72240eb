import { z } from "zod";
import { scanThresholds } from "../../ports/check.ts";

/** Those that need no listener on the internet to see what they did. */
const modules = [
  "backup",
  "brute_login_form",
  "buster",
  "cookieflags",
  "crlf",
  "csp",
  "csrf",
  "exec",
  "file",
  "htaccess",
  "http_headers",
  "methods",
  "nikto",
  "permanentxss",
  "redirect",
  "shellshock",
  "sql",
  "timesql",
  "xss",
] as const;

export const WapitiConfiguration = z.strictObject({
  ...scanThresholds,
  /** wapiti's attack modules. */
  modules: z
    .array(z.enum(modules))
    .min(1)
    .default(["exec", "file", "permanentxss", "redirect", "sql", "xss"]),
  /** Where the crawl begins. */
  start: z.string().startsWith("/", "write a path, e.g. /shop").max(1_000).default("/"),
  /** A crawl that finds fewer addresses and forms than this saw a login page or nothing. */
  minimumPages: z.int().min(1).default(2),
  /** How deep links are followed. */
  depth: z.int().min(1).max(100).default(40),
  /** Links that are left alone, e.g. the one that logs out. Paths; `*` stands for anything. */
  exclude: z.array(z.string().startsWith("/").max(500)).max(50).default([]),
});
export type WapitiConfiguration = z.infer<typeof WapitiConfiguration>;
