import {
  type WorkloadExchange,
  WorkloadTokenView,
  workloadTokenPath,
} from "../../api/routes/federation.ts";
import { ErrorView } from "../../api/views.ts";
import { type ErrorCode, errorCodes, TidelockError } from "../../model/errors.ts";

/**
 * One of a server's tokens for a platform's: the one call that needs no token of ours.
 *
 * @throws TidelockError the server's own, `unavailable`, `incompatible`
 */
export async function exchangeWorkload(
  url: string,
  wish: WorkloadExchange,
  signal: AbortSignal,
): Promise<WorkloadTokenView> {
  const where = url.replace(/\/+$/, "");
  let response: Response;
  try {
    response = await fetch(`${where}${workloadTokenPath}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wish),
      // The token belongs to this address and to no other.
      redirect: "error",
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw new TidelockError("cancelled", "interrupted");
    throw new TidelockError("unavailable", "no server answers there", { where, cause });
  }
  const answer: unknown = await response.json().catch(() => null);
  const given = WorkloadTokenView.safeParse(answer);
  if (response.ok && given.success) return given.data;
  const refused = ErrorView.safeParse(answer);
  if (!refused.success) {
    throw new TidelockError("incompatible", "what answers there is no Tidelock server", { where });
  }
  const { code, message, where: at, hint } = refused.data.error;
  throw new TidelockError(isCode(code) ? code : "failed", message, {
    fault: "operator",
    ...(at === undefined ? {} : { where: at }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function isCode(text: string): text is ErrorCode {
  return (errorCodes as readonly string[]).includes(text);
}
