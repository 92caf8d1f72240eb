import type { Package } from "../package-index.ts";
import { Branch, FullName, type Product, Relationship } from "./schema.ts";

/** More than any advisory names; further products keep their ids for names. */
const mostProducts = 200_000;
/** A component of a component of … */
const deepest = 16;

type Known =
  | { readonly kind: "package"; readonly described: Package }
  | { readonly kind: "part"; readonly of: string; readonly on: string; readonly name: string };

export interface FoundProduct extends Package {
  /** The product that it is a part of, or stands on. */
  readonly scope?: string;
}

/** The product tree: what each id means, whichever of its three lists it stands in. */
export interface Products {
  branch(value: unknown): void;
  fullName(value: unknown): void;
  relationship(value: unknown): void;
  find(id: string): FoundProduct;
  readonly full: boolean;
}

export function productTree(): Products {
  const known = new Map<string, Known>();
  let full = false;
  const keep = (id: string | undefined, one: Known): void => {
    if (id === undefined || known.has(id)) return;
    if (known.size >= mostProducts) full = true;
    else known.set(id, one);
  };
  const nameOf = (id: string): string => {
    const one = known.get(id);
    if (!one) return id;
    return one.kind === "part" ? one.name : (one.described.name ?? one.described.purl ?? id);
  };
  return {
    branch(value) {
      const open: Above[] = [{ value, product: undefined, version: undefined }];
      for (let next = open.pop(); next; next = open.pop()) {
        const { category, name, product, branches } = Branch.parse(next.value);
        const productName = category === "product_name" ? name : next.product;
        const version = /^product_version(?:_range)?$/.test(category ?? "") ? name : next.version;
        if (product) {
          keep(product.product_id, {
            kind: "package",
            described: describe(product, productName, version),
          });
        }
        for (const inner of branches ?? [])
          open.push({ value: inner, product: productName, version });
      }
    },
    fullName(value) {
      const product = FullName.parse(value);
      keep(product.product_id, {
        kind: "package",
        described: describe(product, undefined, undefined),
      });
    },
    relationship(value) {
      const one = Relationship.parse(value);
      const {
        product_reference: of,
        relates_to_product_reference: on,
        full_product_name: name,
      } = one;
      if (of === undefined) return;
      const id = name?.product_id;
      keep(id, { kind: "part", of, on: on ?? "", name: name?.name ?? id ?? of });
    },
    find(id) {
      let here = id;
      let scope: string | undefined;
      for (let depth = 0; depth < deepest; depth += 1) {
        const one = known.get(here);
        if (!one) return { name: here, ...(scope === undefined ? {} : { scope }) };
        if (one.kind === "package")
          return { ...one.described, ...(scope === undefined ? {} : { scope }) };
        scope ??= nameOf(one.on);
        here = one.of;
      }
      // A circle of relationships says nothing more than the name that it was asked by.
      return { name: nameOf(id), ...(scope === undefined ? {} : { scope }) };
    },
    get full() {
      return full;
    },
  };
}

interface Above {
  readonly value: unknown;
  readonly product: string | undefined;
  readonly version: string | undefined;
}

/** A package URL says name and version best; else the branches do, and at last the product's own full name. */
function describe(
  { name, product_id, product_identification_helper: helper }: Product,
  productName: string | undefined,
  version: string | undefined,
): Package {
  const purl = helper?.purl ?? helper?.purls[0];
  if (purl !== undefined) return { purl };
  return productName === undefined ? { name: name ?? product_id } : { name: productName, version };
}
