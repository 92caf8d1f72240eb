import type { Claim } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import { packageIndex } from "../package-index.ts";
import { namesIn, namesOf } from "../package-names.ts";
import { type Rating, rank } from "../package-ratings.ts";
import { packagePlace } from "../package-url.ts";
import { elementOf, type Element3 } from "./element.ts";

/** More elements about vulnerabilities than any real document has; what is beyond is missing. */
const mostElements = 150_000;

/**
 * SPDX 3.0 in JSON-LD, its Security profile: vulnerabilities, what VEX relationships state of them, and packages
 * that are only said to have them. Elements refer to each other in any order, so they are put together at the end.
 */
export const spdx3: Format = {
  id: "spdx-3",
  title: "SPDX 3 (JSON-LD)",
  syntax: "json",
  items: [{ path: ["@graph", "*"] }],
  recognise: (sample) => isContext(fieldsOf(sample)?.["@context"]),
  open(frame) {
    if (!isRecord(frame) || !isContext(frame["@context"]) || !Array.isArray(frame["@graph"])) {
      throw new Error("it is no graph of SPDX 3");
    }
    const graph = new Graph();
    return {
      item(value) {
        if (!isRecord(value)) throw new Error("an element of the graph is no object");
        return graph.add(elementOf(value));
      },
      end: () => {
        const made = graph.madeAt();
        const name = graph.name;
        return {
          drafts: graph.drafts(),
          complete: false,
          missing: graph.full
            ? `it has more than ${mostElements} elements about vulnerabilities: the rest was not read`
            : "a bill of materials: vulnerabilities that it does not name may not have been looked for",
          ...(name === undefined ? {} : { subject: name }),
          ...(made === undefined ? {} : { madeAt: made }),
        };
      },
    };
  },
};

function isContext(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.some(
    (one) => typeof one === "string" && /^https?:\/\/spdx\.(?:org|github\.io)\/.*3[./-]/.test(one),
  );
}

interface Vulnerability {
  readonly names: readonly string[];
  readonly text: string | undefined;
  readonly links: readonly string[];
}

interface Statement {
  readonly vulnerability: string;
  readonly product: string;
  /** Undefined where a relationship only says that there is one. */
  readonly claim: Omit<Claim, "by"> | undefined;
  readonly by: string | undefined;
  readonly made: string | undefined;
}

const states: ReadonlyMap<string, Claim["status"]> = new Map([
  ["VexAffectedVulnAssessmentRelationship", "affected"],
  ["VexUnderInvestigationVulnAssessmentRelationship", "under-investigation"],
  ["VexFixedVulnAssessmentRelationship", "fixed"],
  ["VexNotAffectedVulnAssessmentRelationship", "not-affected"],
]);

class Graph {
  name: string | undefined;
  full = false;
  readonly #packages = packageIndex();
  readonly #vulnerabilities = new Map<string, Vulnerability>();
  readonly #ratings = new Map<string, Rating[]>();
  readonly #statements: Statement[] = [];
  /** Agents' names and creations' times, by their ids. */
  readonly #names = new Map<string, string>();
  readonly #times = new Map<string, string>();
  #count = 0;

  /** Hits of packages whose own references name an advisory. */
  add(element: Element3): readonly Draft[] {
    const { kind, id } = element;
    if (kind === "SpdxDocument") this.name ??= element.text("name");
    else if (kind === "CreationInfo") this.#keep(this.#times, id, element.text("created"));
    else if (/^(?:Person|Organization|SoftwareAgent|Agent)$/.test(kind)) {
      this.#keep(this.#names, id, element.text("name"));
    } else if (/Package$|^File$/.test(kind)) return this.#addPackage(element);
    else if (kind === "Vulnerability") this.#addVulnerability(element);
    else if (kind.endsWith("Relationship")) this.#addRelationship(element);
    return [];
  }

  #keep(into: Map<string, string>, id: string, value: string | undefined): void {
    if (value !== undefined && into.size < mostElements) into.set(id, value);
  }

  #room(): boolean {
    this.#count += 1;
    this.full ||= this.#count > mostElements;
    return !this.full;
  }

  #addPackage(element: Element3): readonly Draft[] {
    const purl = element.text("packageUrl") ?? element.identifiers(/^(?:packageUrl|purl)$/i)[0];
    const described = {
      ...(purl === undefined ? { name: element.text("name") } : {}),
      version: element.text("packageVersion"),
      purl,
    };
    this.#packages.add(element.id, described);
    const links = element.links(/^(?:securityAdvisory|securityFix)$/);
    const names = [...new Set(links.flatMap(namesIn))];
    return names.map((name) => ({
      kind: "dependency",
      ...namesOf([name]),
      severity: null,
      place: packagePlace(described),
      references: links.filter((link) => namesIn(link).includes(name)),
    }));
  }

  #addVulnerability(element: Element3): void {
    if (!this.#room()) return;
    const name = element.text("name");
    const names = [
      ...element.identifiers(/^(?:cve|securityOther|other)$/i),
      ...(name === undefined ? [] : namesIn(name).length > 0 ? namesIn(name) : [name]),
    ];
    this.#vulnerabilities.set(element.id, {
      names: names.length > 0 ? names : namesIn(element.id),
      text: element.text("description") ?? element.text("summary"),
      links: [...element.links(/./), ...element.locators()],
    });
  }

  #addRelationship(element: Element3): void {
    const { kind } = element;
    const [from = ""] = element.list("from");
    const to = element.list("to");
    if (element.text("relationshipType") === "hasAssociatedVulnerability") {
      for (const vulnerability of to) this.#state({ vulnerability, product: from }, element);
      return;
    }
    const state = states.get(kind);
    const scored = /^Cvss.*VulnAssessmentRelationship$/.test(kind);
    if (scored) {
      const ratings = this.#ratings.get(from) ?? [];
      if (ratings.length === 0) this.#ratings.set(from, ratings);
      if (this.#room()) {
        ratings.push({
          word: element.text("severity"),
          score: Number(element.text("score") ?? NaN),
          vector: element.text("vectorString"),
          method: /^CvssV(\d)/.exec(kind)?.[1] ?? "",
        });
      }
    }
    if (state === undefined && !scored) return;
    const said = ["impactStatement", "actionStatement", "statusNotes"].flatMap(
      (key) => element.text(key) ?? [],
    );
    const justification = element.text("justificationType");
    for (const product of to) {
      this.#state(
        { vulnerability: from, product },
        element,
        state && {
          status: state,
          ...(justification === undefined ? {} : { justification }),
          ...(said.length === 0 ? {} : { statement: said.join("; ") }),
        },
      );
    }
  }

  #state(
    pair: { readonly vulnerability: string; readonly product: string },
    element: Element3,
    claim?: Omit<Claim, "by">,
  ): void {
    if (!this.#room()) return;
    const [by] = element.list("suppliedBy");
    const made =
      element.text("modifiedTime") ?? element.text("publishedTime") ?? element.text("creationInfo");
    this.#statements.push({ ...pair, claim, by, made });
  }

  /** Of statements about the same two the latest counts; of two at one time the worse. */
  drafts(): readonly Draft[] {
    const latest = new Map<string, Statement>();
    for (const one of this.#statements) {
      const key = JSON.stringify([one.vulnerability, one.product]);
      const before = latest.get(key);
      if (!before || this.#supersedes(one, before)) latest.set(key, one);
    }
    const related = new Set([...latest.values()].map(({ vulnerability }) => vulnerability));
    const alone = [...this.#vulnerabilities.keys()].filter((id) => !related.has(id));
    return [
      ...[...latest.values()].map((one) => this.#draft(one)),
      // Nobody says of what it is a vulnerability: then of the document's subject.
      ...alone.map((vulnerability) =>
        this.#draft({
          vulnerability,
          product: this.name ?? "unnamed",
          claim: undefined,
          by: undefined,
          made: undefined,
        }),
      ),
    ];
  }

  #supersedes(one: Statement, before: Statement): boolean {
    if ((one.claim === undefined) !== (before.claim === undefined)) return one.claim !== undefined;
    const [at, then] = [this.#timeOf(one), this.#timeOf(before)];
    if (at !== then && !Number.isNaN(at) && !Number.isNaN(then)) return at > then;
    return isHit(one) && !isHit(before);
  }

  #timeOf({ made }: Statement): number {
    return Date.parse(this.#times.get(made ?? "") ?? made ?? "");
  }

  #draft({ vulnerability, product, claim, by }: Statement): Draft {
    const known = this.#vulnerabilities.get(vulnerability);
    const { rule, aliases } = namesOf(known?.names ?? [...namesIn(vulnerability), vulnerability]);
    const author = by === undefined ? undefined : (this.#names.get(by) ?? by);
    const found =
      this.#packages.get(product) ??
      (product.startsWith("pkg:") ? { purl: product } : { name: product });
    return {
      kind: "dependency",
      rule,
      aliases,
      ...rank((this.#ratings.get(vulnerability) ?? []).map(plain)),
      title: known?.text ?? rule,
      message: known?.text ?? "",
      place: packagePlace(found),
      references: known?.links ?? [],
      ...(claim === undefined
        ? {}
        : { claim: { ...claim, ...(author === undefined ? {} : { by: author }) } }),
    };
  }

  /** The latest of its creations. */
  madeAt(): string | undefined {
    return [...this.#times.values()].toSorted().at(-1);
  }
}

function plain({ score, ...rest }: Rating): Rating {
  return score === undefined || Number.isNaN(score) ? rest : { ...rest, score };
}

function isHit({ claim }: Statement): boolean {
  return (
    claim === undefined || claim.status === "affected" || claim.status === "under-investigation"
  );
}
