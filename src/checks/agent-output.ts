import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../model/errors.ts";
import type { CheckContext } from "../ports/check.ts";
import type { CheckProcess } from "../ports/host-agent.ts";

type Stream = "stdout" | "stderr";
type Kept = NonNullable<CheckProcess["kept"]>;

/** Nothing that a check may write to one stream is longer: the largest raw report, and a margin. Bytes. */
const longest = 17 * 1024 * 1024;
const awayMs = 500;

/**
 * The output of a run that is too long for one answer of the agent's, page by page. The agent may be
 * replaced meanwhile; the digest shows that the pages are one output.
 *
 * @throws TidelockError `failed` (retryable) when it is not there any more, or is another
 */
export async function readWhole(context: CheckContext, ended: CheckProcess): Promise<CheckProcess> {
  const { kept } = ended;
  if (kept === undefined) return ended;
  const stdout = await readStream(context, "stdout", kept);
  const stderr = await readStream(context, "stderr", kept);
  return { ...ended, stdout, stderr, truncated: kept.limited };
}

async function readStream(context: CheckContext, stream: Stream, kept: Kept): Promise<string> {
  const { bytes, sha256 } = kept[stream];
  if (bytes > longest) throw spoilt(context, `${stream} is longer than ${longest} bytes`);
  const pages: Buffer[] = [];
  const hash = createHash("sha256");
  for (let offset = 0; offset < bytes;) {
    const page = await pageAt(context, stream, offset);
    if (page.length === 0 || offset + page.length > bytes) {
      throw spoilt(context, `${stream} is not ${bytes} bytes long any more`);
    }
    hash.update(page);
    pages.push(page);
    offset += page.length;
  }
  if (hash.digest("hex") !== sha256) throw spoilt(context, `${stream} has another digest`);
  return Buffer.concat(pages).toString("utf8");
}

/** Asks again while the agent is away for a moment. */
async function pageAt(context: CheckContext, stream: Stream, offset: number): Promise<Buffer> {
  const { agent, run, signal } = context;
  for (;;) {
    signal.throwIfAborted();
    try {
      const { data } = await agent.call("check.read", { run, stream, offset });
      return Buffer.from(data, "base64");
    } catch (error) {
      if (!(error instanceof TidelockError)) throw error;
      if (error.code === "not-found") throw spoilt(context, error.message);
      if (!error.retryable) throw error;
    }
    await sleep(awayMs, undefined, { signal });
  }
}

function spoilt(context: CheckContext, why: string): TidelockError {
  return new TidelockError("failed", `the program's output cannot be read whole: ${why}`, {
    retryable: true,
    where: context.run,
    hint: "`retries: 1` runs it again by itself",
  });
}
