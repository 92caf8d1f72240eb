import { type Format, fieldsOf, isRecord } from "../format.ts";
import { draftsOf } from "./drafts.ts";
import { productTree } from "./products.ts";
import { Frame, Vulnerability } from "./schema.ts";

/**
 * CSAF 2.0 and 2.1 (OASIS): security advisories and VEX. One observation or claim for each vulnerability, product
 * and status; a component of a product stands for itself, with the product as its scope.
 */
export const csaf: Format = {
  id: "csaf",
  title: "CSAF 2.0, 2.1",
  syntax: "json",
  items: [
    { path: ["product_tree", "full_product_names", "*"] },
    { path: ["product_tree", "relationships", "*"] },
    { path: ["vulnerabilities", "*"], pass: 2 },
  ],
  recognise(sample) {
    const document = fieldsOf(sample)?.["document"];
    return isRecord(document) && typeof document["csaf_version"] === "string";
  },
  open(value) {
    const frame = Frame.parse(value);
    const { csaf_version: version, tracking, publisher } = frame.document;
    if (version !== "2.0" && version !== "2.1") {
      throw new Error(
        `this is CSAF ${version ?? "without a version"}; versions 2.0 and 2.1 are read`,
      );
    }
    const products = productTree();
    // A branch holds all that is below it: of a vendor with many products more than an item may be.
    for (const branch of frame.product_tree?.branches ?? []) products.branch(branch);
    const groups = new Map(
      (frame.product_tree?.product_groups ?? []).map(({ group_id, product_ids }) => [
        group_id ?? "",
        product_ids,
      ]),
    );
    return {
      item(one, { item }) {
        if (item === 2) return draftsOf(Vulnerability.parse(one), { products, groups, frame });
        if (item === 0) products.fullName(one);
        else products.relationship(one);
        return [];
      },
      end() {
        const engine = tracking?.generator?.engine;
        const subject = [publisher?.name, tracking?.id].filter(Boolean).join(" ");
        const made = tracking?.current_release_date;
        return {
          complete: false,
          missing: products.full
            ? "it names more products than are kept: the others bear their ids for names"
            : "statements about vulnerabilities, not a scan: what it does not name is not gone for that",
          ...(engine?.name === undefined
            ? {}
            : { tool: { name: engine.name, version: engine.version ?? "unknown" } }),
          ...(subject === "" ? {} : { subject }),
          ...(made === undefined ? {} : { madeAt: made }),
        };
      },
    };
  },
};
