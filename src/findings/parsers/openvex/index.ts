import { z } from "zod";
import type { Claim } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import { listOf, manyWords, words } from "../lenient.ts";
import { namesOf } from "../package-names.ts";
import { packagePlace } from "../package-url.ts";

/** A product by its name alone (0.0.1), or with other names for it. */
const Component = z.union([
  z.string().transform((name) => ({ "@id": name, purl: undefined, subcomponents: [] })),
  z
    .object({
      "@id": words,
      identifiers: z.object({ purl: words }).nullish().catch(undefined),
      subcomponents: z.unknown().optional(),
    })
    .transform((one) => ({
      "@id": one["@id"],
      purl: one.identifiers?.purl,
      subcomponents: Array.isArray(one.subcomponents) ? one.subcomponents : [],
    })),
]);
type Component = z.infer<typeof Component>;

const Statement = z.object({
  vulnerability: z.union([
    z
      .string()
      .transform((name) => ({ "@id": undefined, name, description: undefined, aliases: [] })),
    z.object({ "@id": words, name: words, description: words, aliases: manyWords }),
  ]),
  vuln_description: words,
  products: listOf(Component),
  /** 0.0.1: of all products of the statement. */
  subcomponents: listOf(Component),
  status: z.string(),
  status_notes: words,
  justification: words,
  impact_statement: words,
  action_statement: words,
  supplier: words,
  timestamp: words,
  last_updated: words,
});
type Statement = z.infer<typeof Statement>;

const Document = z.object({
  "@id": words,
  author: words,
  supplier: words,
  timestamp: words,
  last_updated: words,
  tooling: words,
});

const Frame = z.union([
  z.object({
    predicate: Document,
    subject: listOf(z.object({ name: words })).catch([]),
  }),
  Document.transform((predicate) => ({ predicate, subject: [] })),
]);

const isOpenVex = (value: unknown): boolean =>
  typeof value === "string" && /^https:\/\/openvex\.dev\/ns(?:\/|@|$)/.test(value);

/**
 * OpenVEX 0.0.1 and 0.2.0, plain or as an in-toto statement. One observation or claim for each vulnerability and
 * product; of several statements about the same two the latest counts.
 */
export const openvex: Format = {
  id: "openvex",
  title: "OpenVEX",
  syntax: "json",
  items: [{ path: ["statements", "*"] }, { path: ["predicate", "statements", "*"] }],
  recognise(sample) {
    const value = fieldsOf(sample);
    const inner = value?.["predicate"];
    return (
      isOpenVex(value?.["@context"]) ||
      isOpenVex(value?.["predicateType"]) ||
      (isRecord(inner) && isOpenVex(inner["@context"]))
    );
  },
  open(frame) {
    if (!isRecord(frame)) throw new Error("an OpenVEX document is an object");
    const inner = isRecord(frame["predicate"]) ? frame["predicate"] : frame;
    if (!Array.isArray(inner["statements"])) throw new Error("it has no list of statements");
    const { predicate: document, subject } = Frame.parse(frame);
    const made = document.last_updated ?? document.timestamp;
    const about = subject.flatMap(({ name }) => name ?? []);
    const latest = latestOnly();
    return {
      item(value) {
        const statement = Statement.parse(value);
        const at = Date.parse(statement.last_updated ?? statement.timestamp ?? made ?? "");
        return latest.take(draftsOf(statement, about, document.author), at);
      },
      end: () => ({
        drafts: latest.rest(),
        complete: false,
        missing:
          "statements about vulnerabilities, not a scan: what it does not name is not gone for that",
        ...(document.tooling === undefined
          ? {}
          : { tool: { name: document.tooling, version: "unknown" } }),
        ...(document["@id"] === undefined ? {} : { subject: document["@id"] }),
        ...(made === undefined ? {} : { madeAt: made }),
      }),
    };
  },
};

/** As many as are compared with each other; further ones pass on at once. */
const mostCompared = 50_000;

/** Keeps the latest of what is said about one vulnerability and product; of two at one time the worse stays. */
function latestOnly() {
  const kept = new Map<string, { readonly draft: Draft; readonly at: number }>();
  return {
    take(drafts: readonly Draft[], at: number): readonly Draft[] {
      return drafts.filter((draft) => {
        const key = JSON.stringify([draft.rule, draft.place, draft.scope]);
        const before = kept.get(key);
        if (!before && kept.size >= mostCompared) return true;
        const newer = !before || at > before.at || (!(at < before.at) && isHit(draft));
        if (newer) kept.set(key, { draft, at });
        return false;
      });
    },
    rest: (): readonly Draft[] => [...kept.values()].map(({ draft }) => draft),
  };
}

function isHit({ claim }: Draft): boolean {
  return claim?.status === "affected" || claim?.status === "under-investigation";
}

const statuses: ReadonlyMap<string, Claim["status"]> = new Map([
  ["affected", "affected"],
  ["under_investigation", "under-investigation"],
  ["not_affected", "not-affected"],
  ["fixed", "fixed"],
]);

function draftsOf(
  statement: Statement,
  about: readonly string[],
  author: string | undefined,
): readonly Draft[] {
  const { vulnerability, products, subcomponents, justification } = statement;
  const status = statuses.get(statement.status.toLowerCase());
  if (status === undefined)
    throw new Error(`${statement.status.slice(0, 40)} is no status of OpenVEX`);
  const { rule, aliases } = namesOf([
    vulnerability.name ?? vulnerability["@id"],
    ...vulnerability.aliases,
  ]);
  const text = vulnerability.description ?? statement.vuln_description;
  const said = [statement.impact_statement, statement.action_statement, statement.status_notes]
    .filter(Boolean)
    .join("\n");
  const by = statement.supplier ?? author;
  const shared = {
    kind: "dependency",
    rule,
    aliases,
    // OpenVEX has no severity.
    severity: null,
    title: text ?? rule,
    message: [text, said].filter(Boolean).join("\n\n"),
    references: vulnerability["@id"] === undefined ? [] : [vulnerability["@id"]],
    claim: {
      status,
      ...(justification === undefined ? {} : { justification }),
      ...(said === "" ? {} : { statement: said }),
      ...(by === undefined ? {} : { by }),
    },
  } satisfies Omit<Draft, "place">;
  const named: readonly Component[] =
    products.length > 0
      ? products
      : (about.length > 0 ? about : ["every product"]).map((name) => ({
          "@id": name,
          purl: undefined,
          subcomponents: [],
        }));
  return named.flatMap((product) => {
    const parts = [...product.subcomponents.map((part) => Component.parse(part)), ...subcomponents];
    if (parts.length === 0) return [{ ...shared, place: placeOf(product) }];
    return parts.map((part) => ({ ...shared, place: placeOf(part), scope: product["@id"] }));
  });
}

function placeOf(component: Component): Draft["place"] {
  const id = component["@id"];
  const purl = component.purl ?? (id?.startsWith("pkg:") ? id : undefined);
  return packagePlace(purl === undefined ? { name: id } : { purl });
}
