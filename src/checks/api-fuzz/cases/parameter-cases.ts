import type { Node } from "../../probing/node.ts";
import type { Json } from "../../probing/operation.ts";
import type { FuzzOperation, FuzzParameter } from "../describe/operation.ts";
import { flatten } from "../values/combine.ts";
import { awkwardValues, hasRaw, writeJson } from "./awkward.ts";
import { type Draft, write } from "./draft.ts";
import type { PlannedCase } from "./planned.ts";

const longestInPath = 4_000;

/** Parameters of path, query, header and cookie with values that they should not have. */
export function parameterCases(root: Node, operation: FuzzOperation): readonly PlannedCase[] {
  return operation.parameters.flatMap((parameter) => {
    const place = `${parameter.in}.${parameter.name}`;
    const values = awkwardValues(flatten(root, parameter.schema)).flatMap((one) => {
      const value = wireValue(one.value);
      // An address has its own limits, which are tried elsewhere.
      if (typeof value === "string" && value.length > longestInPath) return [];
      if (parameter.in === "path" && (value === "" || value === null)) return [];
      const change = (draft: Draft) => withParameter(draft, parameter, value);
      return [
        {
          family: one.family,
          what: one.what,
          place,
          change,
          request: (draft: Draft) => write(change(draft)),
        },
      ];
    });
    return parameter.in === "path" ? values : [...values, ...without(parameter, place)];
  });
}

/** What is raw in JSON is its digits in an address. */
function wireValue(value: Json): Json {
  if (!hasRaw(value)) return value;
  const text = writeJson(value);
  return text.startsWith('"') ? "\ufffd" : text;
}

function without(parameter: FuzzParameter, place: string): readonly PlannedCase[] {
  const leave = (draft: Draft): Draft => ({
    ...draft,
    parameters: draft.parameters.filter((one) => one.parameter !== parameter),
  });
  const absent: PlannedCase = {
    family: "structure",
    what: "left out",
    place,
    change: leave,
    request: (draft) => write(leave(draft)),
  };
  if (parameter.in !== "query") return [absent];
  const name = encodeURIComponent(parameter.name.toWellFormed());
  const query = (what: string, text: string): PlannedCase => ({
    family: "structure",
    what,
    place,
    request: (draft) => write(leave(draft), { query: text }),
  });
  return [
    absent,
    query("given twice", `${name}=1&${name}=tidelock`),
    query("given as a list", `${name}[]=1&${name}[]=2`),
    query("given as an object", `${name}[a]=1&${name}[b][c]=2`),
    query("without a value", name),
    query("with bytes that are no UTF-8", `${name}=%ff%fe%c0%80`),
    query("with a percent sign that encodes nothing", `${name}=%zz%`),
  ];
}

export function withParameter(draft: Draft, parameter: FuzzParameter, value: Json): Draft {
  const others = draft.parameters.filter(
    (one) => one.parameter.name !== parameter.name || one.parameter.in !== parameter.in,
  );
  return { ...draft, parameters: [...others, { parameter, value }] };
}
