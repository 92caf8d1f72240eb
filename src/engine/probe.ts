import { request } from "node:http";

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly why: string };

/**
 * One GET on a connection of its own. Answers in words what was wrong; never throws, never waits longer
 * than `timeoutMs`, and reads no more of the body than arrives with the head.
 */
export function probe(
  url: string,
  expected: { readonly status: number; readonly timeoutMs: number },
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(expected.timeoutMs);
    const sent = request(
      url,
      { agent: false, signal, headers: { "user-agent": "tidelock-watch" } },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        resolve(
          status === expected.status
            ? { ok: true }
            : { ok: false, why: `${url} answers ${status} instead of ${expected.status}` },
        );
      },
    );
    sent.on("error", (error) => {
      const why = signal.aborted ? `no answer within ${expected.timeoutMs} ms` : error.message;
      resolve({ ok: false, why: `${url}: ${why}` });
    });
    sent.end();
  });
}
