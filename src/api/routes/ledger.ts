import { z } from "zod";
import { anywhere, everything } from "../../model/permissions.ts";
import { AnchorSettings } from "../../model/anchor.ts";
import { Name } from "../../model/primitives.ts";
import { VerifierKey } from "../../model/trust.ts";
import { KeyUse, LedgerProofView, LedgerStateView, LedgerStatusView } from "../views/ledger.ts";
import { AnchorView, WitnessView } from "../views/outside.ts";
import { ErasureView, HoldView } from "../views.ts";

/** The part of the API's table (routes.ts) that is about the ledger. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const Done = z.object({ done: z.literal(true), message: z.string() });

export const ledgerRoutes = {
  ledgerStatus: {
    method: "GET",
    path: "/api/v1/ledger",
    permission: "ledger.read",
    resource: anywhere,
    response: LedgerStatusView,
  },
  /** `entry`: an index or an operation. */
  ledgerProof: {
    method: "GET",
    path: "/api/v1/ledger/proof",
    permission: "ledger.read",
    resource: everything,
    query: z.object({ entry: z.string().min(1).max(1_024) }),
    response: LedgerProofView,
  },
  /** Rebuilds from the log every table that can open a gate; answers the first difference. */
  ledgerVerifyState: {
    method: "POST",
    path: "/api/v1/ledger/verify-state",
    permission: "ledger.verify",
    resource: everything,
    response: LedgerStateView,
  },
  ledgerKeyRotate: {
    method: "POST",
    path: "/api/v1/ledger/keys",
    permission: "ledger.manage",
    resource: everything,
    body: z.object({ use: KeyUse, overlapMs: z.int().min(0).max(31_622_400_000).optional() }),
    response: Done,
  },
  ledgerKeyCompromised: {
    method: "POST",
    path: "/api/v1/ledger/keys/:key/compromised",
    permission: "ledger.manage",
    resource: everything,
    params: z.object({ key: z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hex digits") }),
    body: z.object({ trustedSize: z.int().nonnegative().optional() }),
    response: Done,
  },
  /** After a restore: records what was lost, and opens a successor log. */
  ledgerRecover: {
    method: "POST",
    path: "/api/v1/ledger/recover",
    permission: "ledger.manage",
    resource: everything,
    response: Done,
  },

  /** The first of two people asks; what may not be erased yet is refused at once. */
  erasureRequest: {
    method: "POST",
    path: "/api/v1/ledger/erasures",
    permission: "erasure.request",
    resource: everything,
    body: z.object({
      wish: z.union([
        z.strictObject({ entry: z.int().nonnegative() }),
        z.strictObject({ person: z.string().min(1).max(256) }),
      ]),
      reason: z.string().trim().min(1).max(1_000),
    }),
    response: ErasureView,
  },
  erasureList: {
    method: "GET",
    path: "/api/v1/ledger/erasures",
    permission: "erasure.read",
    resource: everything,
    response: list(ErasureView),
  },
  /** The second person does it. */
  erasureConfirm: {
    method: "POST",
    path: "/api/v1/ledger/erasures/:id/confirm",
    permission: "erasure.confirm",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: ErasureView,
  },
  holdAdd: {
    method: "POST",
    path: "/api/v1/ledger/holds",
    permission: "hold.write",
    resource: everything,
    body: z.object({
      /** Null: everything. */
      stream: z.string().min(1).max(512).nullable(),
      reason: z.string().trim().min(1).max(1_000),
    }),
    response: HoldView,
  },
  holdList: {
    method: "GET",
    path: "/api/v1/ledger/holds",
    permission: "erasure.read",
    resource: everything,
    response: list(HoldView),
  },
  holdRemove: {
    method: "DELETE",
    path: "/api/v1/ledger/holds/:id",
    permission: "hold.write",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: HoldView,
  },

  /** Who looks at the ledger from outside: witnesses cosign its checkpoints, anchors keep them. */
  ledgerWitnessList: {
    method: "GET",
    path: "/api/v1/ledger/witnesses",
    permission: "ledger.read",
    resource: anywhere,
    response: list(WitnessView),
  },
  ledgerWitnessAdd: {
    method: "POST",
    path: "/api/v1/ledger/witnesses",
    permission: "ledger.manage",
    resource: everything,
    body: z.object({
      key: VerifierKey,
      url: z.string().min(1).max(2_000),
      operator: z.string().trim().min(1).max(256),
    }),
    response: WitnessView,
  },
  ledgerWitnessRemove: {
    method: "DELETE",
    path: "/api/v1/ledger/witnesses/:name",
    permission: "ledger.manage",
    resource: everything,
    params: z.object({ name: z.string().min(1).max(512) }),
    response: Done,
  },
  ledgerAnchorList: {
    method: "GET",
    path: "/api/v1/ledger/anchors",
    permission: "ledger.read",
    resource: anywhere,
    response: list(AnchorView),
  },
  ledgerAnchorAdd: {
    method: "POST",
    path: "/api/v1/ledger/anchors",
    permission: "ledger.manage",
    resource: everything,
    body: z.object({
      name: Name,
      settings: AnchorSettings,
      /** At most one checkpoint in this time. */
      everyMs: z.int().min(0).max(31_622_400_000),
    }),
    response: AnchorView,
  },
  ledgerAnchorRemove: {
    method: "DELETE",
    path: "/api/v1/ledger/anchors/:name",
    permission: "ledger.manage",
    resource: everything,
    params: z.object({ name: Name }),
    response: Done,
  },
} as const;
