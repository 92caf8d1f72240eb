import { expect, it } from "vitest";
import { isProduct, type Product } from "./product.ts";

const hex = "a".repeat(64);
const shop: Product = { service: "shop", version: "1.4.2", digests: [`sha256:${hex}`] };

it("takes a product for the release by its digest, or by name and version", () => {
  for (const named of [
    `pkg:oci/shop@sha256%3A${hex}?repository_url=registry.example`,
    `pkg:oci/anything@sha256:${hex}`,
    "shop",
    "pkg:oci/shop",
    "pkg:oci/shop@1.4.2",
    "pkg:npm/%40acme/shop@1.4.2",
  ]) {
    expect(isProduct(named, shop), named).toBe(true);
  }
});

it("takes no other product for it: another digest, version or name, nor one that looks alike", () => {
  for (const named of [
    `pkg:oci/shop@sha256%3A${"b".repeat(64)}`,
    "pkg:oci/shop@1.4.1",
    "pkg:oci/basket",
    "pkg:oci/shop-admin@1.4.2",
    "sh\u043Ep",
    "every product",
    "%E0%A4%A",
    "",
  ]) {
    expect(isProduct(named, shop), named).toBe(false);
  }
});
