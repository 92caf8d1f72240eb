import type { Incoming } from "../../../findings/identity/incoming.ts";
import type { KnownFinding } from "../../../findings/identity/known.ts";
import type { Outcome } from "../../../findings/identity/reconcile.ts";

/** What the thread that reconciles and the server say to each other, some thousand rows at a time. */

export type ToReconciler =
  | { readonly kind: "known"; readonly rows: readonly KnownFinding[] }
  | { readonly kind: "incoming"; readonly rows: readonly Incoming[] }
  | { readonly kind: "finish" }
  /** The outcomes that came last are stored: more may come. */
  | { readonly kind: "more" };

export type FromReconciler =
  | { readonly kind: "outcomes"; readonly rows: readonly Outcome[] }
  | { readonly kind: "end" };

/** Rows of one message, of one query and of one statement. */
export const rowsAtOnce = 2_000;
