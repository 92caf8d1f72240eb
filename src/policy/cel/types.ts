/**
 * The types of rules: a subset of CEL's (langdef.md, "Values"). Every expression has one before it is ever
 * evaluated; there is no `dyn`. A text that can only be one of a few knows them (`only`), so that a slip of the
 * pen in a literal is an error and not a rule that never fires.
 */
export type CelType =
  | { readonly kind: "bool" | "double" | "timestamp" | "duration" | "null" }
  /** `counts`: never below zero. */
  | { readonly kind: "int"; readonly counts?: boolean }
  | { readonly kind: "string"; readonly only?: readonly string[]; readonly literal?: boolean }
  /** `most`: how many the bound on an expression's cost reckons with. */
  | { readonly kind: "list"; readonly of: CelType; readonly most: number }
  | {
      readonly kind: "map";
      readonly of: CelType;
      readonly keys: CelType & { readonly kind: "string" };
      readonly most: number;
    }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, CelType> }
  | { readonly kind: "nullable"; readonly of: CelType };

export const bool: CelType = { kind: "bool" };
export const int: CelType = { kind: "int" };
export const count: CelType = { kind: "int", counts: true };
export const double: CelType = { kind: "double" };
export const timestamp: CelType = { kind: "timestamp" };
export const duration: CelType = { kind: "duration" };

/** As people read it in a message. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case "nullable":
      return `${typeText(type.of)} or null`;
    case "list":
      return `list of ${typeText(type.of)}`;
    case "map":
      return `map of ${typeText(type.of)}`;
    default:
      return type.kind;
  }
}

/** Without its null. */
export function strip(type: CelType): CelType {
  return type.kind === "nullable" ? strip(type.of) : type;
}

/** Whether two values can be told apart or found equal: one plain kind on both sides. */
export function comparable(a: CelType, b: CelType): boolean {
  const [left, right] = [strip(a), strip(b)];
  if (left.kind === "list" && right.kind === "list") {
    // `[]` is of whatever type is wanted.
    if (left.most === 0 || right.most === 0) return true;
    return isScalar(left.of) && comparable(left.of, right.of);
  }
  return left.kind === right.kind && isScalar(left);
}

export function isScalar(type: CelType): boolean {
  return type.kind !== "list" && type.kind !== "map" && type.kind !== "object";
}
