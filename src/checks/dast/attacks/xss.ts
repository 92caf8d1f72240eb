import type { Exchange } from "../../exchange.ts";
import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import { readElements } from "../../probing/html.ts";
import type { Operation } from "../../probing/operation.ts";
import type { PointAttack, SiteAttack } from "./attack.ts";
import { isCode } from "./script-context.ts";

/** A value, and how a browser would show that it became markup or script. */
interface Way {
  readonly says: string;
  readonly of: (marker: string) => string;
  readonly shows: (html: string, marker: string) => boolean;
}

const element: Way["shows"] = (html, marker) =>
  readElements(html).some(({ name }) => name === marker);

const breakOut = (marker: string) =>
  `'"--></script></style></textarea></title></noscript><${marker} a=1>`;

const ways: readonly Way[] = [
  { says: "became an element", of: breakOut, shows: element },
  { says: "became an element", of: (marker) => `<${marker}>`, shows: element },
  ...['" {m}=1 z="', "' {m}=1 z='", " {m}=1 "].map((form): Way => ({
    says: "became an attribute of its own",
    of: (marker) => form.replace("{m}", marker),
    shows: (html, marker) => readElements(html).some(({ attributes }) => attributes.has(marker)),
  })),
  ...["';{m};'", '";{m};"', "{m}", "${{m}}", "'-{m}-'"].map((form): Way => ({
    says: "became script",
    of: (marker) => form.replace("{m}", marker),
    shows: (html, marker) =>
      readElements(html).some(
        ({ name, text, attributes }) =>
          (name === "script" && isCode(text, marker)) ||
          [...attributes].some(([key, value]) => key.startsWith("on") && isCode(value, marker)),
      ),
  })),
  {
    says: "became the address of a link, as script",
    of: (marker) => `javascript:${marker}`,
    shows: (html, marker) =>
      readElements(html).some(({ attributes }) =>
        ["href", "src", "action", "formaction", "data"].some((name) =>
          (attributes.get(name) ?? "").trim().startsWith(`javascript:${marker}`),
        ),
      ),
  },
];

export const xss: PointAttack = {
  id: "xss",
  run: async (point, lab) => {
    const planted = await plant(point, lab);
    if (planted === null) return [];
    const jsonp = await callback(point, lab);
    if (jsonp !== null) return [jsonp];
    const word = point.random.word(9);
    const plain = await lab.shoot(point, word);
    const shown = plain !== null && isMarkup(plain.answer) && plain.answer.body.includes(word);
    if (!shown && !planted.answer.body.includes(planted.marker)) return [];
    for (const way of ways) {
      const found = await twice<Shot>(async () => {
        const marker = markerOf(point);
        const shot = await lab.shoot(point, way.of(marker));
        if (shot === null || !isMarkup(shot.answer)) return null;
        if (!way.shows(shot.answer.body, marker)) return null;
        return { says: `what was sent ${way.says} of the page`, shot };
      });
      if (found !== null) {
        return [
          {
            rule: "xss-reflected",
            technique: way.says.split(" ").at(-1) ?? "element",
            evidence: [found.says[0], "and again with another name"],
            replay: found.shot.request,
          },
        ];
      }
    }
    return [];
  },
};

/** Letters only, and no element of HTML. */
function markerOf(point: Point): string {
  return `tl${point.random.word(10)}`;
}

const bare = (marker: string) => `<${marker} a=1>`;

/**
 * Leaves markers that say where they came from, whoever shows them later: one that gets out of anything, and
 * one without quotes, because the other may break the statement that would store it.
 */
async function plant(point: Point, lab: Lab): Promise<(Shot & { marker: string }) | null> {
  const { operation, parameter, actor } = point;
  let first: (Shot & { marker: string }) | null = null;
  for (const form of [breakOut, bare]) {
    const marker = markerOf(point);
    const shot = await lab.shoot(point, form(marker));
    if (shot === null) continue;
    lab.planted.set(marker, { operation, parameter, request: shot.request, actor, of: form });
    first ??= { ...shot, marker };
  }
  return first;
}

/** Looks through every page that can be read for markers that somebody else's request left. */
export const storedXss: SiteAttack = {
  id: "xss-stored",
  run: async (lab) => {
    const pages = lab.surface.operations.filter(
      (one) => one.method === "GET" && !lab.prober.avoids(one),
    );
    for (const page of pages.slice(0, 200)) {
      const actor = lab.identities.at(0) ?? null;
      const seen = await lab.ask(page, [], actor);
      if (seen === null || !isMarkup(seen.answer)) continue;
      for (const marker of markersIn(seen.answer, lab)) {
        const from = lab.planted.get(marker);
        if (from === undefined || lab.has("xss-stored", from.operation, from.parameter)) continue;
        const again = await replant(page, from, lab);
        if (again !== null) lab.report(from, again);
      }
    }
  },
};

function markersIn(answer: Exchange, lab: Lab): readonly string[] {
  const names = readElements(answer.body).map(({ name }) => name);
  return [...new Set(names)].filter((name) => lab.planted.has(name)).slice(0, 50);
}

async function replant(
  page: Operation,
  from: NonNullable<ReturnType<Lab["planted"]["get"]>>,
  lab: Lab,
): Promise<Evidence | null> {
  const point = lab.point(from.operation, from.parameter, from.actor, null);
  const marker = `tl${lab.random("again", ...lab.planted.keys()).word(10)}`;
  const shot = await lab.shoot(point, from.of(marker));
  if (shot === null) return null;
  const seen = await lab.ask(page, [], lab.identities.at(0) ?? null);
  if (seen === null || !isMarkup(seen.answer) || !element(seen.answer.body, marker)) return null;
  return {
    rule: "xss-stored",
    technique: "element",
    evidence: [
      `what was sent became an element of ${page.method} ${page.template}, asked without it`,
      "and again with another name",
    ],
    replay: shot.request,
  };
}

async function callback(point: Point, lab: Lab): Promise<Evidence | null> {
  if (!/^_?(callback|jsonp|cb)$/i.test(point.parameter.name)) return null;
  const found = await twice<Shot>(async () => {
    const marker = markerOf(point);
    const shot = await lab.shoot(point, `${marker}(1);${marker}`);
    if (shot === null) return null;
    const type = shot.answer.headers["content-type"] ?? "";
    const sniffed = !/nosniff/i.test(String(shot.answer.headers["x-content-type-options"] ?? ""));
    if (!/script/i.test(type) && !sniffed) return null;
    if (!shot.answer.body.trimStart().startsWith(`${marker}(1);${marker}(`)) return null;
    return { says: "the callback's name may be any script", shot };
  });
  return found === null
    ? null
    : {
        rule: "xss-jsonp",
        technique: "script",
        evidence: [found.says[0], "and another one"],
        replay: found.shot.request,
      };
}

/** Whether a browser would make a page of it. */
function isMarkup({ headers }: Exchange): boolean {
  const type = headers["content-type"];
  if (type !== undefined) return /html|xml|svg/i.test(type) && !/json/i.test(type);
  return !/nosniff/i.test(String(headers["x-content-type-options"] ?? ""));
}
