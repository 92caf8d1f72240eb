/**
 * A name as it is compared where somebody may be somebody else: without case, composition of characters, and what
 * stands behind a plus (`Maria+tests@shop.example` is maria@shop.example). A match is enough to refuse.
 */
export function plainName(name: string): string {
  return name
    .normalize("NFKC")
    .trim()
    .toLowerCase()
    .normalize("NFKC")
    .replace(/\+[^@]*(?=@)/, "");
}
