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
    const late = `no answer within ${expected.timeoutMs} ms`;
    const fail = (why: string): void => resolve({ ok: false, why: `${url}: ${why}` });
    // Without this listener Node destroys the request of a 101 and says neither `response` nor `error`.
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ ok: false, why: `${url} answers 101 instead of ${expected.status}` });
    });
    sent.on("error", (error) => fail(signal.aborted ? late : error.message));
    sent.on("close", () => fail("the connection closed without an answer"));
    // The limit holds whatever becomes of the request: a lane waits for this answer.
    signal.addEventListener("abort", () => fail(late), { once: true });
    sent.end();
  });
}
