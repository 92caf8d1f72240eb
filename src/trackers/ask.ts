import type { z } from "zod";
import { send } from "../egress/send.ts";
import { TidelockError } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import type { TrackerCall } from "../ports/tracker.ts";

export interface Asked {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content?: object | undefined;
}

/** As much as a list of one issue needs, with the longest texts that trackers take. */
const maxBodyBytes = 2 * 1024 * 1024;

/**
 * Asks a tracker, at the address that its settings name and nowhere else: no redirect is followed, and neither a
 * metadata service nor Tidelock itself is reached. Answers what its adapter expects; else an error that shows what was
 * said, and no token.
 */
export async function ask<T>(
  where: string,
  { method, url, headers, content }: Asked,
  call: TrackerCall,
  schema: z.ZodType<T>,
): Promise<T> {
  const { status, text } = await exchange({ method, url, headers, content }, call);
  if (status >= 200 && status < 300) {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new TidelockError("unavailable", `${where} answered what nobody expects of it`, {
        where,
      });
    }
  }
  throw refused(where, status, text);
}

/** The same for whoever answers nothing that is read. */
export async function tell(where: string, asked: Asked, call: TrackerCall): Promise<void> {
  const { status, text } = await exchange(asked, call);
  if (status < 200 || status >= 300) throw refused(where, status, text);
}

async function exchange(
  { method, url, headers, content }: Asked,
  { ownPorts, signal }: TrackerCall,
): Promise<{ status: number; text: string }> {
  const { origin } = new URL(url);
  const { status, body } = await send(
    {
      method,
      url,
      headers: { ...headers, "content-type": "application/json", "user-agent": "tidelock" },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      timeoutMs: 20_000,
      maxBodyBytes,
      signal,
    },
    { allow: [origin], onlyAllowed: true, authored: { ownPorts } },
  );
  return { status, text: Buffer.from(body).toString("utf8") };
}

function refused(where: string, status: number, text: string): TidelockError {
  return new TidelockError(
    status === 401 || status === 403 ? "forbidden" : "unavailable",
    `${where} answered ${status}: ${printable(text)}`,
    {
      where,
      retryable: status >= 500 || status === 429,
      hint: "look at the tracker's address and project, and at what its token may do",
    },
  );
}

/** Without a slash at its end, so that paths can follow. */
export function base(url: string): string {
  return url.replace(/\/+$/, "");
}
