import {
  actSays,
  type EnrolmentAct,
  type EnrolmentRecord,
  type Vouching,
  whoDid,
} from "../../identity/enrolment/acts.ts";
import { countingWords } from "../../identity/enrolment/provider-words.ts";
import { programs } from "../../identity/lineage.ts";
import type { LogEntry } from "../log-entry.ts";
import { Linked, Vouched } from "../payloads-people.ts";
import { providersIn } from "./providers.ts";
import { type SignedChange, signedChanges } from "./signed-changes.ts";

/** What an auditor has of people: the log up to a place, and what comes with it. */
export interface PeopleMaterial {
  readonly before: readonly LogEntry[];
  /** Pseudonyms that tell nobody apart. */
  readonly shared: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** When it is asked, RFC 3339: words of providers end. Absent: at the last entry. */
  readonly now?: string;
}

/**
 * How everybody came to be here, out of the log alone: what the server gathers from its tables before a signature counts
 * (engine/access/people/enrolment.ts), so that who stands behind whom is computed anew and nobody's summary is believed.
 */
export function enrolmentsIn(material: PeopleMaterial): EnrolmentRecord {
  const { before, shared, files } = material;
  const changes = signedChanges(before, files);
  const acts = new Map<string, EnrolmentAct[]>();
  const vouchings: Vouching[] = [];
  const same = new Map<string, string>();
  let foundedAt: string | null = null;
  for (const entry of before) {
    const { leaf, payload } = entry;
    if (leaf.stream !== "system" || payload === null) continue;
    if (leaf.kind === "person.linked") {
      const link = Linked.safeParse(payload).data;
      if (link) same.set(link.same, link.person);
    } else if (leaf.kind === "person.vouched") {
      const word = Vouched.safeParse(payload).data;
      // Those of providers count below, as far as they do.
      if (word?.voucher) vouchings.push({ by: word.voucher, acts: word.acts });
    } else if (leaf.kind === "governance.set" && payload["mode"] === "team") {
      foundedAt ??= leaf.time;
    }
    const act = actOf(entry, shared, changes);
    if (act !== null) acts.set(act.person, [...(acts.get(act.person) ?? []), act]);
  }
  const now = material.now ?? before.at(-1)?.leaf.time ?? "";
  const providers = countingWords({
    ...providersIn(before),
    acts,
    same,
    team: foundedAt !== null,
    now,
  });
  return {
    acts: new Map([...acts, ...providers.acts]),
    vouchings: [...vouchings, ...providers.vouchings],
    same,
    foundedAt,
  };
}

/** Null: nobody could do anything by it that they could not before. */
function actOf(
  { leaf, payload }: LogEntry,
  shared: ReadonlySet<string>,
  changes: readonly SignedChange[],
): EnrolmentAct | null {
  const person = payload?.["person"];
  const says = payload === null ? null : actSays(leaf.kind, payload);
  if (says === null || payload === null || typeof person !== "string") return null;
  const { operation, kind, actor, time } = leaf;
  const own = changes
    .filter(({ made, proposal }) => made === operation || payload["proposal"] === proposal)
    .flatMap(({ signers }) => signers);
  // Who gave a right to exactly this key saw it too.
  const beside = changes
    .filter(({ keys }) => kind === "person.key-added" && keys.includes(String(payload["key"])))
    .flatMap(({ signers }) => signers);
  const nobody = programs.has(actor) || shared.has(actor);
  const did = whoDid(nobody ? null : actor, { own, beside });
  return { operation, kind, ...says, person, ...did, at: time };
}
