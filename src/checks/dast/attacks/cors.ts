import type { Json, Operation } from "../../probing/operation.ts";
import { buildRequest } from "../../probing/operation.ts";
import type { Lab } from "../lab.ts";
import type { SiteAttack } from "./attack.ts";
import { isListing } from "../../exposure.ts";

/** Origins that nobody can have allowed. */
export const cors: SiteAttack = {
  id: "cors",
  run: async (lab) => {
    const actor = lab.identities.at(0) ?? null;
    const pages = lab.surface.operations.filter(
      (one) => one.method === "GET" && !lab.prober.avoids(one),
    );
    for (const operation of pages.slice(0, 100)) {
      if (lab.has("cors-credentials", operation)) continue;
      const random = lab.random("cors", operation.template);
      const allowed = async (origin: string) => {
        const request = buildRequest(operation, [header("origin", origin)]);
        const answer = await lab.prober.send(request, actor);
        if (answer === null) return null;
        const given = answer.headers["access-control-allow-origin"];
        const credentials = answer.headers["access-control-allow-credentials"];
        return given === origin && credentials === "true" ? request : null;
      };
      const first = await allowed(`https://${random.word(12)}.example`);
      if (first === null) continue;
      const second = await allowed(`https://${random.word(12)}.example`);
      if (second === null) continue;
      lab.report(
        { operation, actor },
        {
          rule: "cors-credentials",
          technique: "origin",
          evidence: ["an unknown origin is allowed, with credentials", "and so is another one"],
          replay: first,
        },
      );
    }
  },
};

function header(name: string, value: Json) {
  return { parameter: { name, in: "header" as const }, value };
}

/** Every folder above a path that is known. */
export const listings: SiteAttack = {
  id: "directory-listing",
  run: async (lab) => {
    for (const path of foldersOf(lab).slice(0, 200)) {
      const operation = pageOf(path);
      if (lab.prober.avoids(operation)) continue;
      const once = await lab.ask(operation, [], null);
      if (once === null || !isListing(once.answer)) continue;
      const again = await lab.ask(operation, [], null);
      if (again === null || !isListing(again.answer)) continue;
      lab.report(
        { operation, actor: null },
        {
          rule: "directory-listing",
          evidence: ["the answer is a generated list of files", "and again when asked again"],
          replay: once.request,
        },
      );
    }
  },
};

function foldersOf(lab: Lab): readonly string[] {
  const folders = new Set<string>(["/static/", "/assets/", "/uploads/", "/files/", "/backup/"]);
  for (const path of lab.surface.paths) {
    const parts = (path.split(/[?#]/)[0] ?? "").split("/").slice(1, -1);
    for (let count = 1; count <= parts.length; count += 1) {
      folders.add(`/${parts.slice(0, count).join("/")}/`);
    }
  }
  return [...folders].sort();
}

export function pageOf(path: string): Operation {
  return {
    method: "GET",
    template: path,
    parameters: [],
    body: "none",
    source: "start",
    secured: null,
  };
}
