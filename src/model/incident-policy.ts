import { z } from "zod";

/**
 * What happens to what is live when something that it was let through by is contradicted, from mild to strict: say so,
 * let nothing further go there until somebody clears the line, give the traffic back to what is known to be better, or, where
 * nothing is, take it away from what is contradicted as well: users get 503 until somebody promotes or returns.
 */
export const OnContradiction = z.enum(["alert", "hold", "return", "isolate"]);
export type OnContradiction = z.infer<typeof OnContradiction>;

/** What happens when a runtime control reports something grave (high or critical) of what is live. */
export const OnSignal = z.enum(["alert", "stop-the-line"]);
export type OnSignal = z.infer<typeof OnSignal>;
