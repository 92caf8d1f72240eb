import type { Writable } from "node:stream";

/** What a line may carry: flat and small, so that no object with a secret inside slips in. */
export type LogLine = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface ServerLog {
  info(event: string, line?: LogLine): void;
  warn(event: string, line?: LogLine): void;
  error(event: string, line?: LogLine): void;
}

/** One JSON object a line, for `jq` and log shippers. Text is kept to 4 KiB a field. */
export function jsonLog(out: Writable, now: () => Date = () => new Date()): ServerLog {
  const write = (level: string, event: string, line: LogLine = {}): void => {
    const entry: Record<string, unknown> = { at: now().toISOString(), level, event };
    for (const [key, value] of Object.entries(line)) {
      entry[key] = typeof value === "string" && value.length > 4096 ? value.slice(0, 4096) : value;
    }
    out.write(`${JSON.stringify(entry)}\n`);
  };
  return {
    info: (event, line) => write("info", event, line),
    warn: (event, line) => write("warn", event, line),
    error: (event, line) => write("error", event, line),
  };
}

export const silentLog: ServerLog = { info() {}, warn() {}, error() {} };
