import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Layout } from "../../model/layout.ts";

/**
 * Node's compile cache, in a folder that only the agent's user can write: a router or a runner of checks
 * starts in less than half the time, which is what users wait for when a router was killed.
 */
export function compileCache(paths: Layout): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(paths.agent, "compile-cache") };
}

/**
 * Fills the cache for a program that does nothing without arguments. The program itself may never get to
 * write it: it runs until it is killed, and perhaps without the right to.
 */
export function warmUp(paths: Layout, program: string): void {
  const child = spawn(process.execPath, [program], {
    env: compileCache(paths),
    cwd: "/",
    stdio: "ignore",
    timeout: 30_000,
  });
  child.once("error", () => undefined);
  child.unref();
}
