import type { Claim } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { fixedIn } from "../fixed-in.ts";
import { namesOf } from "../package-names.ts";
import { type Rating, rank } from "../package-ratings.ts";
import { packagePlace } from "../package-url.ts";
import type { Products } from "./products.ts";
import type { Frame, Vulnerability } from "./schema.ts";

/** Worst first, so that a product that two lists name is a hit. `recommended` says nothing of its own (3.2.3.9.7). */
const statuses: readonly (readonly [string, Claim["status"]])[] = [
  ["known_affected", "affected"],
  ["first_affected", "affected"],
  ["last_affected", "affected"],
  ["under_investigation", "under-investigation"],
  ["unknown", "under-investigation"],
  ["fixed", "fixed"],
  ["first_fixed", "fixed"],
  ["known_not_affected", "not-affected"],
];

export interface Context {
  readonly products: Products;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly frame: Frame;
}

/** One for each product and what is said of it. */
export function draftsOf(one: Vulnerability, context: Context): readonly Draft[] {
  const shared = sharedOf(one);
  const said = aimsOf(one, context);
  const placed = statusesOf(one).map(([id, status]) => ({
    id,
    status,
    product: context.products.find(id),
  }));
  const repaired = new Map<string, Set<string>>();
  for (const { status, product } of placed) {
    const { name, version } = packagePlace(product);
    if (status !== "fixed" || version === "") continue;
    const versions = repaired.get(name) ?? new Set();
    repaired.set(name, versions.size < 10 ? versions.add(version) : versions);
  }
  const by = context.frame.document.publisher?.name;
  const whole = placed.length > 0 ? placed : [nothingNamed(context)];
  // One text for all products that the same is advised for: there may be a hundred thousand of them.
  const messages = new Map<string, string>();
  const messageWith = (advice: readonly string[]): string => {
    const key = advice.join("\n\n");
    const made = messages.get(key) ?? [shared.message, key].filter(Boolean).join("\n\n");
    messages.set(key, made);
    return made;
  };
  return whole.map(({ id, status, product: { scope, ...product } }) => {
    const place = packagePlace(product);
    const advice = said.advice.get(id) ?? said.advice.get("") ?? [];
    const justification = said.flags.get(id) ?? said.flags.get("");
    const impact = said.impact.get(id) ?? said.impact.get("");
    const statement = [impact, ...(status === "affected" ? advice : [])].filter(Boolean).join("; ");
    const versions = [...(repaired.get(place.name) ?? [])].join(", ");
    return {
      ...shared,
      ...rank([...(said.ratings.get(id) ?? []), ...(said.ratings.get("") ?? [])]),
      message: messageWith(advice),
      place,
      ...(scope === undefined ? {} : { scope }),
      fixedIn: status === "fixed" ? undefined : versions || fixedIn(advice[0]),
      claim: {
        status,
        ...(justification === undefined ? {} : { justification }),
        ...(statement === "" ? {} : { statement }),
        ...(by === undefined ? {} : { by }),
      },
    };
  });
}

/** A vulnerability without any product still is one, of whatever the document is about. */
function nothingNamed({ frame }: Context) {
  const name = frame.document.title ?? frame.document.tracking?.id ?? "unnamed";
  return { id: "", status: "affected" as const, product: { name, scope: undefined } };
}

/** Each product once a status; one that is said to be affected and repaired is both. */
function statusesOf({
  product_status,
}: Vulnerability): readonly (readonly [string, Claim["status"]])[] {
  const lists = new Map(Object.entries(product_status ?? {}));
  const seen = new Set<string>();
  return statuses.flatMap(([list, status]) =>
    (lists.get(list) ?? []).flatMap((id) => {
      const key = `${status} ${id}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return [[id, status] as const];
    }),
  );
}

function sharedOf(one: Vulnerability) {
  const { rule, aliases } = namesOf([one.cve, ...one.ids.map(({ text }) => text)]);
  const note = (category: string) => one.notes.find((each) => each.category === category)?.text;
  const text = note("description") ?? note("summary") ?? note("details") ?? one.title;
  const kind = "dependency" as const;
  return {
    kind,
    rule,
    aliases,
    title: one.title ?? text ?? rule,
    message: text ?? "",
    cwe: [one.cwe, ...one.cwes].map((cwe) => Number(/\d+/.exec(cwe?.id ?? "")?.[0])),
    references: one.references.flatMap(({ url }) => url ?? []),
  };
}

/** What is said of single products, by their ids; under `""` what is said of all. */
interface Aims {
  readonly ratings: ReadonlyMap<string, readonly Rating[]>;
  readonly advice: ReadonlyMap<string, readonly string[]>;
  readonly impact: ReadonlyMap<string, string>;
  readonly flags: ReadonlyMap<string, string>;
}

/** Groups make few words name many products; no real advisory comes near. */
const mostAimed = 5_000_000;

function aimsOf(one: Vulnerability, context: Context): Aims {
  let aimed = 0;
  const aim = (at: Aimed): readonly string[] => {
    const ids = aimedAt(at, context);
    aimed += ids.length;
    if (aimed > mostAimed)
      throw new Error("its groups of products name too many products too often");
    return ids;
  };
  const ratings = new Map<string, Rating[]>();
  const advice = new Map<string, string[]>();
  const impact = new Map<string, string>();
  const flags = new Map<string, string>();
  const overall = context.frame.document.aggregate_severity?.text;
  if (overall !== undefined) ratings.set("", [{ word: overall }]);
  for (const { products, ...content } of one.scores) addAll(ratings, products, ratingsIn(content));
  for (const { products, content } of one.metrics) addAll(ratings, products, ratingsIn(content));
  for (const threat of one.threats) {
    if (threat.category !== "impact" || threat.details === undefined) continue;
    const ids = aim(threat);
    addAll(ratings, ids, [{ word: threat.details }]);
    for (const id of ids) impact.set(id, threat.details);
  }
  for (const remedy of one.remediations) {
    const text = [remedy.details?.slice(0, 1_024), remedy.url].filter(Boolean).join(" ");
    if (text !== "") addAll(advice, aim(remedy), [text], 4);
  }
  for (const flag of one.flags) {
    if (flag.label !== undefined) for (const id of aim(flag)) flags.set(id, flag.label);
  }
  return { ratings, advice, impact, flags };
}

function addAll<Value>(
  into: Map<string, Value[]>,
  ids: readonly string[],
  values: readonly Value[],
  most = 64,
): void {
  for (const id of ids.length > 0 ? ids : [""]) {
    const before = into.get(id);
    if (!before) into.set(id, [...values]);
    else if (before.length < most) before.push(...values);
  }
}

interface Aimed {
  readonly product_ids: readonly string[];
  readonly group_ids: readonly string[];
}

function aimedAt({ product_ids, group_ids }: Aimed, { groups }: Context): readonly string[] {
  if (group_ids.length > 1_000) throw new Error("it names a thousand groups of products at once");
  const ids = [...product_ids, ...group_ids.flatMap((group) => groups.get(group) ?? [])];
  return ids.length > 0 ? ids : [""];
}

function ratingsIn(scores: Omit<Vulnerability["scores"][number], "products">): readonly Rating[] {
  return [scores.cvss_v4, scores.cvss_v3, scores.cvss_v2].flatMap((score) =>
    score
      ? [
          {
            word: score.baseSeverity,
            score: score.baseScore,
            vector: score.vectorString,
            method: score.version,
          },
        ]
      : [],
  );
}
