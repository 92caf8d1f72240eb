import type { Exchange } from "../../exchange.ts";
import { type Shot, twice } from "../lab.ts";
import { readElements } from "../../probing/html.ts";
import { textOf } from "../../probing/operation.ts";
import type { PointAttack } from "./attack.ts";

/** Line breaks that end a header and begin one of ours (CRLF). */
export const headerInjection: PointAttack = {
  id: "header-injection",
  run: async (point, lab) => {
    const value = textOf(point.parameter.value);
    for (const lineBreak of ["\r\n", "\n", "\r", "\u560a\u560d"]) {
      const found = await twice<Shot>(async (round) => {
        const name = `x-${point.random.word(10)}`;
        const shot = await lab.shoot(point, `${value}${lineBreak}${name}: 1`);
        if (shot?.answer.headers[name] === undefined) return null;
        const says = ["the answer has a header of ours", "and one of another name"];
        return { says: says[round] ?? "", shot };
      });
      if (found !== null) {
        return [
          {
            rule: "header-injection",
            technique: "header",
            evidence: found.says,
            replay: found.shot.request,
          },
        ];
      }
    }
    return [];
  },
};

const ways: readonly ((host: string, value: string) => string)[] = [
  (host) => `https://${host}/`,
  (host) => `//${host}/`,
  (host) => `/\\${host}/`,
  (host) => `https:${host}`,
  (host) => `/%09/${host}`,
  (host, value) => `https://${host}/${value}`,
];

/** Redirects to a host that does not exist; none is followed. */
export const openRedirect: PointAttack = {
  id: "open-redirect",
  run: async (point, lab) => {
    const value = textOf(point.parameter.value);
    for (const way of ways) {
      const found = await twice<Shot>(async () => {
        const host = `${point.random.word(12)}.example`;
        const shot = await lab.shoot(point, way(host, value));
        if (shot === null) return null;
        const by = redirectsTo(shot.answer, host, lab.prober.origin);
        return by === null ? null : { says: `${by} leads to a host that was given`, shot };
      });
      if (found !== null) {
        return [
          {
            rule: "open-redirect",
            technique: "redirect",
            evidence: [found.says[0], "and to another one"],
            replay: found.shot.request,
          },
        ];
      }
    }
    return [];
  },
};

function redirectsTo(answer: Exchange, host: string, origin: string): string | null {
  const leads = (address: string) =>
    URL.canParse(address, origin) && new URL(address, origin).hostname === host;
  const { location } = answer.headers;
  if (location !== undefined && answer.status >= 300 && answer.status < 400 && leads(location)) {
    return "Location";
  }
  if (!answer.body.includes(host)) return null;
  for (const { name, attributes, text } of readElements(answer.body)) {
    const refresh = /url=\s*['"]?([^'"\s]+)/i.exec(attributes.get("content") ?? "")?.[1];
    const isRefresh = /^refresh$/i.test(attributes.get("http-equiv") ?? "");
    if (name === "meta" && isRefresh && refresh !== undefined && leads(refresh)) return "a refresh";
    const script =
      /\blocation(?:\.href|\.assign|\.replace)?\s{0,5}[=(]\s{0,5}["']([^"']{1,500})["']/.exec(
        text,
      )?.[1];
    if (name === "script" && script !== undefined && leads(script)) return "a script";
  }
  return null;
}
