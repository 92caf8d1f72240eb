import { request } from "node:http";
import { z } from "zod";

const Answer = z.object({ release: z.string().max(200), nonce: z.string() });
const maxAnswerBytes = 4_096;
const answerTimeout = 2_000;

/**
 * Asks a service who it is: `GET /.well-known/tidelock-identity` with `x-tidelock-nonce`. A service that
 * takes part answers 200 and `{"release": $TIDELOCK_RELEASE, "nonce": <the nonce>}`; others need not.
 *
 * @returns the release that it says it is, null for one that does not take part
 */
export function answersNonce(host: string, port: number, nonce: string): Promise<string | null> {
  return new Promise((resolve) => {
    let answering = false;
    const call = request(
      {
        host,
        port,
        path: "/.well-known/tidelock-identity",
        headers: { "x-tidelock-nonce": nonce, connection: "close" },
        agent: false,
        signal: AbortSignal.timeout(answerTimeout),
      },
      (response) => {
        answering = true;
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > maxAnswerBytes) response.destroy();
        });
        response.once("close", () => {
          resolve(response.statusCode === 200 ? releaseIn(text, nonce) : null);
        });
      },
    );
    // Without this listener Node destroys the request of a 101 and says neither `response` nor `error`.
    call.once("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(null);
    });
    call.once("error", () => resolve(null));
    // With a response its own end decides, which may come after the connection's.
    call.once("close", () => {
      if (!answering) resolve(null);
    });
    call.end();
  });
}

function releaseIn(text: string, nonce: string): string | null {
  try {
    const answer = Answer.parse(JSON.parse(text));
    return answer.nonce === nonce ? answer.release : null;
  } catch {
    return null;
  }
}
