import type { Node } from "../../probing/node.ts";
import type { Json, RawRequest } from "../../probing/operation.ts";
import type { FuzzOperation } from "../describe/operation.ts";
import type { Family } from "../reproduce/reproduction.ts";
import type { Draft } from "./draft.ts";
import { bodyCases } from "./body-cases.ts";
import { fieldCases } from "./field-cases.ts";
import { parameterCases } from "./parameter-cases.ts";
import type { SeedFile } from "./seed-files.ts";
import { transportCases } from "./transport-cases.ts";
import { uploadCases } from "./upload-cases.ts";

/** One way of asking wrongly. What it makes of a draft depends on nothing else. */
export interface PlannedCase {
  readonly family: Family;
  /** `body.price`, `query.limit`, `body`, `path` … */
  readonly place: string;
  readonly what: string;
  /** The field or parameter with another value, for cases that change several places at once. */
  readonly change?: (draft: Draft) => Draft;
  readonly request: (draft: Draft) => RawRequest;
  /** The body as a value, where what is sent is JSON whose right- or wrongness can be told. */
  readonly body?: (draft: Draft) => Json;
}

/** Everything that is planned for one operation: finite, and the same for the same description. */
export function plannedCases(
  root: Node,
  operation: FuzzOperation,
  files: readonly SeedFile[],
): readonly PlannedCase[] {
  return [
    ...parameterCases(root, operation),
    ...fieldCases(root, operation),
    ...bodyCases(operation),
    ...uploadCases(operation, files),
    ...transportCases(operation),
  ];
}
